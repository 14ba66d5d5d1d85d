/** A venue in real time that answers late, wrongly or not at all, as a plan says. Every call is written down. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { Instrument, InstrumentId } from '../../src/domain/instrument.js';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import type { VenueCapabilities } from '../../src/domain/order-bounds.js';
import type {
  CancelOutcome,
  SendOutcome,
  VenueBalances,
  VenueOrder,
  VenuePosition,
} from '../../src/domain/venue.js';
import type { Approved } from '../../src/limits/gate.js';
import { type VenuePort, type VenueStreamEvent, VenueUnavailable } from '../../src/venue/port.js';
import { FaultyVenueBook } from './faulty-venue-book.js';
import { BANNED, type Fault, rejectionOf, type Treatment, treatmentOf } from './venue-faults.js';

export type VenueMethod =
  | 'submit'
  | 'cancel'
  | 'orderByClientId'
  | 'positions'
  | 'openOrders'
  | 'balances'
  | 'fillsSince'
  | 'serverTime';

export interface VenueCall {
  readonly method: VenueMethod;
  /** Counts the calls of this method, from 0. */
  readonly index: number;
  readonly clientId: string | null;
  readonly instrument: InstrumentId | null;
  readonly order: OrderIntent | null;
  readonly fault: Fault | null;
  /** `performance.now()`. */
  readonly sentAtMs: number;
  answeredAtMs: number | null;
}

export interface FaultyVenueOptions {
  /** Number of simulated instruments `C0/USDT` … unless `instruments` are given. */
  readonly count?: number;
  readonly instruments?: readonly Instrument[];
  /** From request to answer; the venue does it half-way. */
  readonly latencyMs?: number;
  /** Lots held at the beginning, by instrument id. */
  readonly positions?: readonly number[];
  readonly stopLocksBalance?: boolean;
  readonly shorting?: boolean;
  readonly priceTicks?: number;
  readonly cash?: number;
  /** The fault of each call; null: it works. */
  readonly faults?: (call: Omit<VenueCall, 'fault' | 'answeredAtMs'>) => Fault | null;
}

function simulatedInstruments(count: number): readonly Instrument[] {
  return Array.from({ length: count }, (_, id) =>
    buildInstrument(id, {
      symbol: `C${id}/USDT`,
      kind: 'spot',
      tickSize: '0.01',
      lotSize: '0.001',
      minNotional: '0',
      makerFeePpm: 0,
      takerFeePpm: 0,
    }),
  );
}

export class FaultyVenue implements VenuePort {
  readonly capabilities: VenueCapabilities;
  readonly instruments: readonly Instrument[];
  readonly calls: VenueCall[] = [];
  /** What is true at the venue. */
  readonly book: FaultyVenueBook;
  private readonly latencyMs: number;
  private listener: (event: VenueStreamEvent) => void = () => {};
  private readonly counts = new Map<VenueMethod, number>();
  private readonly closing = new AbortController();
  private bannedUntilMs = 0;

  constructor(private readonly options: FaultyVenueOptions) {
    // Every call under way listens for the venue's end.
    setMaxListeners(0, this.closing.signal);
    const { stopLocksBalance = false, shorting = false, positions = [], priceTicks = 10_000 } = options;
    this.instruments = options.instruments ?? simulatedInstruments(options.count ?? 1);
    this.latencyMs = options.latencyMs ?? 0;
    this.book = new FaultyVenueBook({
      instruments: this.instruments,
      positions,
      priceTicks,
      stopLocksBalance,
      shorting,
    });
    this.capabilities = {
      name: 'faulty',
      simulated: true,
      shorting,
      stopLocksBalance,
      reduceOnly: shorting,
      amends: false,
      replaces: false,
      linksOrders: false,
    };
  }

  /** Calls of one method, in the order in which they were made. */
  callsOf(method: VenueMethod): readonly VenueCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** The market reaches a resting order: it is filled, and the stream says so half the latency later. */
  async fillResting(clientId: string): Promise<void> {
    const fill = this.book.execute(clientId);
    if (fill) await this.tell(fill, 1);
  }

  serverTime(): Promise<number> {
    return this.read('serverTime', () => Date.now());
  }

  balances(): Promise<VenueBalances> {
    return this.read('balances', () => ({ cash: this.options.cash ?? 0, currency: 'USDT' }));
  }

  positions(): Promise<readonly VenuePosition[]> {
    return this.read('positions', () =>
      [...this.book.positions].map(([instrument, quantityLots]) => ({ instrument, quantityLots })),
    );
  }

  openOrders(): Promise<readonly VenueOrder[]> {
    return this.read('openOrders', () => this.book.openOrders());
  }

  orderByClientId(clientId: string, instrument: InstrumentId): Promise<VenueOrder | null> {
    const found = (): VenueOrder | null => {
      const order = this.book.orders.get(clientId);
      return order && order.instrument === instrument ? { ...order } : null;
    };
    return this.read('orderByClientId', found, clientId, instrument);
  }

  fillsSince(sinceMs: number): Promise<readonly Fill[]> {
    return this.read('fillsSince', () => this.book.fills.filter((fill) => fill.marketMs >= sinceMs));
  }

  async submit(order: Approved<OrderIntent>): Promise<SendOutcome> {
    const call = this.begin('submit', order.clientId, order.instrument, order);
    const treatment = await this.reach(call);
    const placed = treatment.applied ? this.book.place(order) : null;
    if (placed?.ok && placed.fill) void this.tell(placed.fill, call.fault?.kind === 'doubled' ? 2 : 1);
    await this.answer(call, treatment);
    if (treatment.answer === 'none') return { kind: 'unknown', cause: treatment.cause };
    if (treatment.answer === 'rejected') return { kind: 'rejected', ...rejectionOf(call.fault) };
    if (!placed) return { kind: 'unknown', cause: 'no answer' };
    return placed.ok
      ? { kind: 'accepted', venueId: placed.venueId }
      : { kind: 'rejected', code: placed.code, text: placed.text };
  }

  async cancel(clientId: string, instrument: InstrumentId): Promise<CancelOutcome> {
    const call = this.begin('cancel', clientId, instrument, null);
    const treatment = await this.reach(call);
    const cancelled = treatment.applied && this.book.cancel(clientId);
    await this.answer(call, treatment);
    if (treatment.answer === 'none') return { kind: 'unknown', cause: treatment.cause };
    // A venue that refuses a cancel without having lost the order says so in a way that settles nothing.
    if (treatment.answer === 'rejected') return { kind: 'unknown', cause: rejectionOf(call.fault).text };
    return cancelled
      ? { kind: 'cancelled' }
      : { kind: 'notOpen', code: '-2011', text: 'Unknown order sent.' };
  }

  onEvent(listener: (event: VenueStreamEvent) => void): void {
    this.listener = listener;
  }

  close(): Promise<void> {
    this.closing.abort();
    return Promise.resolve();
  }

  private async read<T>(
    method: VenueMethod,
    value: () => T,
    clientId: string | null = null,
    instrument: InstrumentId | null = null,
  ): Promise<T> {
    const call = this.begin(method, clientId, instrument, null);
    const treatment = await this.reach(call);
    const told = value();
    await this.answer(call, treatment);
    if (treatment.answer !== 'true')
      throw new VenueUnavailable(treatment.cause || rejectionOf(call.fault).text);
    return told;
  }

  private begin(
    method: VenueMethod,
    clientId: string | null,
    instrument: InstrumentId | null,
    order: OrderIntent | null,
  ): VenueCall {
    const index = this.counts.get(method) ?? 0;
    this.counts.set(method, index + 1);
    const asked = { method, index, clientId, instrument, order, sentAtMs: performance.now() };
    const call = { ...asked, fault: this.options.faults?.(asked) ?? null, answeredAtMs: null };
    this.calls.push(call);
    return call;
  }

  /** The way there: resolves when the venue has the request. */
  private async reach(call: VenueCall): Promise<Treatment> {
    await this.wait(this.latencyMs / 2);
    if (performance.now() < this.bannedUntilMs) return BANNED;
    if (call.fault?.kind === 'ban') this.bannedUntilMs = performance.now() + call.fault.forMs;
    return treatmentOf(call.fault);
  }

  private async answer(call: VenueCall, treatment: Treatment): Promise<void> {
    await this.wait(this.latencyMs / 2 + treatment.extraMs);
    call.answeredAtMs = performance.now();
  }

  private async tell(fill: Fill, times: number): Promise<void> {
    await this.wait(this.latencyMs / 2);
    if (this.closing.signal.aborted) return;
    for (let time = 0; time < times; time += 1) this.listener({ kind: 'fill', fill });
  }

  /** Ends early when the venue is closed, so that nothing keeps a test alive. */
  private async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.closing.signal }).catch(() => {});
  }
}
