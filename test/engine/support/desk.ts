/** A desk under test: the real engine, and a hand that plays venue and clock. */
import type { TraderStatus } from '../../../src/contracts/trader-status.js';
import type { Fill, OrderIntent } from '../../../src/domain/order.js';
import type {
  CashMovement,
  ClosedInstrument,
  FixedOrders,
  QuantityLimits,
  VenueOrder,
} from '../../../src/domain/venue.js';
import type { EngineConfig } from '../../../src/engine/config.js';
import type { CommandOutcome, Effect } from '../../../src/engine/effect.js';
import { createEngine, type Engine } from '../../../src/engine/engine.js';
import type { Command, EngineEvent, Stamp } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Unstamped } from '../../../src/trader/running/runner.js';
import { type StatusFacts, type StatusNow, traderStatus } from '../../../src/trader/status/build-status.js';
import { venueOrderOf } from '../../support/venue-order.js';
import { deskConfig } from './desk-config.js';

export const START_MS = Date.UTC(2026, 0, 5, 12);

export class DeskUnderTest {
  readonly engine: Engine;
  readonly config: EngineConfig;
  readonly records: EngineRecord[] = [];
  /** Everything that the last event gave. */
  effects: readonly Effect[] = [];
  wallMs = START_MS;
  marketMs = START_MS;
  monotonicMs = 1_000;
  #trades = 0;
  #commands = 0;

  constructor(changes: Partial<EngineConfig> = {}, count = 2, journal: readonly EngineRecord[] = []) {
    this.config = deskConfig(changes, count);
    this.engine = createEngine(this.config);
    for (const record of journal) {
      this.engine.apply(record);
      this.records.push(record);
    }
  }

  begin(): this {
    const begun = this.engine.begin(this.stamp());
    if (!begun.ok) throw new Error(begun.message);
    this.#keep(begun.effects);
    return this;
  }

  /** Begun, priced, reconciled with an empty venue, and armed. */
  active(): this {
    this.begin();
    for (const { id } of this.config.instruments) this.quote(id, 10_000);
    this.snapshot();
    const outcome = this.arm();
    if (!outcome.ok) throw new Error(outcome.message);
    return this;
  }

  stamp(): Stamp {
    return { wallMs: this.wallMs, marketMs: this.marketMs, monotonicMs: this.monotonicMs };
  }

  happen(event: Unstamped): readonly Effect[] {
    this.#keep(this.engine.process({ ...event, ...this.stamp() } as EngineEvent));
    return this.effects;
  }

  quote(instrument: number, bidTicks: number): readonly Effect[] {
    return this.happen({ kind: 'quote', instrument, bidTicks, askTicks: bidTicks + 2 });
  }

  /** Lets time pass, without a tick. */
  wait(ms: number): void {
    this.wallMs += ms;
    this.marketMs += ms;
    this.monotonicMs += ms;
  }

  /** Lets time pass, then ticks. */
  pass(ms: number): readonly Effect[] {
    this.wait(ms);
    return this.happen({ kind: 'tick' });
  }

  command(command: Command): CommandOutcome {
    this.#commands += 1;
    const commandId = `c${this.#commands}`;
    this.happen({ kind: 'command', commandId, by: 'operator', reason: 'test', command });
    const reply = this.effects.find((effect) => effect.kind === 'reply');
    if (reply === undefined) throw new Error('no reply');
    return reply.outcome;
  }

  arm(authority: 'rule' | 'person' | 'two-people' = 'rule'): CommandOutcome {
    const haltId = this.engine.view.haltId ?? '';
    return this.command({ name: 'arm', haltId, configHash: 'hash', authority });
  }

  /** Answers the newest snapshot request; by default with exactly what we believe. */
  snapshot(
    changes: {
      /** The newest one where left out. */
      requestId?: number;
      positions?: readonly number[];
      openOrders?: readonly VenueOrder[];
      fills?: readonly Fill[];
      cash?: number | bigint | null;
      movements?: readonly CashMovement[];
      movementsUnread?: readonly string[];
      movementsUnfinished?: boolean;
      quantityLimits?: readonly QuantityLimits[];
      asOfMs?: number;
      accountId?: string;
      closedInstruments?: readonly ClosedInstrument[];
      fixedOrders?: readonly FixedOrders[];
    } = {},
  ): readonly Effect[] {
    const { view } = this.engine;
    const ours = this.config.instruments.map(
      ({ id }) => view.positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0,
    );
    const lots = changes.positions ?? ours;
    return this.happen({
      kind: 'venue.snapshot',
      snapshot: {
        requestId: changes.requestId ?? this.#newestRequest(),
        positions: lots.map((quantityLots, instrument) => ({ instrument, quantityLots })),
        openOrders: changes.openOrders ?? view.orders.map((order) => venueOrder(order, order.filledLots)),
        fills: changes.fills ?? [],
        cash: changes.cash ?? null,
        movements: changes.movements ?? [],
        movementsUnread: changes.movementsUnread ?? [],
        ...(changes.movementsUnfinished === true ? { movementsUnfinished: true } : {}),
        ...(changes.quantityLimits === undefined ? {} : { quantityLimits: changes.quantityLimits }),
        ...(changes.accountId === undefined ? {} : { accountId: changes.accountId }),
        ...(changes.asOfMs === undefined ? {} : { asOfMs: changes.asOfMs }),
        ...(changes.fixedOrders === undefined ? {} : { fixedOrders: changes.fixedOrders }),
        closedInstruments: changes.closedInstruments ?? [],
      },
    });
  }

  accept(order: OrderIntent): readonly Effect[] {
    return this.happen({ kind: 'order.accepted', clientId: order.clientId, venueId: `v-${order.clientId}` });
  }

  /** The venue says that the order has expired, with what was filled of it. */
  expire(clientId: string): readonly Effect[] {
    const order = this.engine.view.orders.find((one) => one.clientId === clientId);
    if (order === undefined) throw new Error(`no live order ${clientId}`);
    return this.happen({ kind: 'order.update', order: venueOrder(order, order.filledLots, 'expired') });
  }

  fill(order: OrderIntent, priceTicks: number, lots = order.quantityLots, fee = 0): readonly Effect[] {
    return this.happen({ kind: 'fill', fill: this.makeFill(order, priceTicks, lots, fee) });
  }

  makeFill(order: OrderIntent, priceTicks: number, lots = order.quantityLots, fee = 0): Fill {
    this.#trades += 1;
    return {
      tradeId: `t${this.#trades}`,
      clientId: order.clientId,
      instrument: order.instrument,
      side: order.side,
      quantityLots: lots,
      priceTicks,
      fee,
      liquidity: 'taker',
      marketMs: this.marketMs,
      simulated: true,
    };
  }

  /** A rising series of bars that makes the averages cross, and the entry that follows. */
  enter(instrument: number): OrderIntent {
    const closes = [10_000, 9_990, 9_980, 9_970, 9_960, 10_100];
    closes.forEach((close) => {
      this.bar(instrument, close);
    });
    const order = this.live('entry', instrument).at(-1);
    if (order === undefined) throw new Error('no entry was made');
    return order;
  }

  bar(instrument: number, close: number, warmup = false, volumeLots = 1): readonly Effect[] {
    this.marketMs += 60_000;
    this.wallMs += 100;
    this.monotonicMs += 100;
    this.quote(instrument, close);
    return this.happen({
      kind: 'bar',
      instrument,
      openMs: this.marketMs - 60_000,
      spanMs: 60_000,
      openTicks: close,
      highTicks: close + 20,
      lowTicks: close - 20,
      closeTicks: close,
      volumeLots,
      warmup,
    });
  }

  /** A long position with its confirmed stop. */
  hold(instrument: number): { readonly entry: OrderIntent; readonly stop: OrderIntent } {
    const { limitTicks } = this.enter(instrument);
    return this.fillEntry(instrument, limitTicks ?? 0);
  }

  /** The newest entry is taken and filled whole, and the stop that follows is taken, too. */
  fillEntry(
    instrument: number,
    priceTicks: number,
  ): { readonly entry: OrderIntent; readonly stop: OrderIntent } {
    const entry = this.live('entry', instrument).at(-1);
    if (entry === undefined) throw new Error('no entry was made');
    this.accept(entry);
    this.fill(entry, priceTicks);
    const stop = this.live('protective', instrument)[0];
    if (stop === undefined) throw new Error('no protective stop was placed');
    this.accept(stop);
    return { entry, stop };
  }

  live(purpose: OrderIntent['purpose'], instrument: number): OrderIntent[] {
    return this.engine.view.orders.filter(
      (order) => order.purpose === purpose && order.instrument === instrument,
    );
  }

  sent(kind: 'submit'): OrderIntent[];
  sent(kind: 'cancel' | 'lookup'): string[];
  sent(kind: 'submit' | 'cancel' | 'lookup'): (OrderIntent | string)[] {
    const sent: (OrderIntent | string)[] = [];
    for (const effect of this.effects) {
      if (effect.kind !== kind) continue;
      if (effect.kind === 'submit') sent.push(effect.order);
      else if (effect.kind === 'cancel' || effect.kind === 'lookup') sent.push(effect.clientId);
    }
    return sent;
  }

  recorded<T extends EngineRecord['type']>(type: T): Extract<EngineRecord, { readonly type: T }>[] {
    return this.records.filter(
      (record): record is Extract<EngineRecord, { readonly type: T }> => record.type === type,
    );
  }

  stateOf(order: OrderIntent): string | undefined {
    const states = this.recorded('order.state').filter(({ clientId }) => clientId === order.clientId);
    const live = this.engine.view.orders.find(({ clientId }) => clientId === order.clientId);
    return live?.state ?? states.at(-1)?.state;
  }

  lots(instrument: number): number {
    return (
      this.engine.view.positions.find((position) => position.instrument === instrument)?.quantityLots ?? 0
    );
  }

  /** What people and programs read of it. */
  status({
    calendars = [],
    startingCash = 1,
    waitingSinceMs = () => null,
  }: Partial<
    Pick<StatusFacts, 'calendars' | 'startingCash'> & Pick<StatusNow, 'waitingSinceMs'>
  > = {}): TraderStatus {
    return traderStatus(
      {
        ...{ desk: 'desk', fileConfigHash: '', incarnation: '', startedWallMs: 0, trading: 'paper' },
        ...{ account: null as never, currency: 'USDT', startingCash, calendars },
        instruments: this.config.instruments,
      },
      {
        ...{ view: this.engine.view, notTrading: [], venueContracts: [], sequence: 0, activity: [] },
        ...{ marketData: { marketMs: 0 } as never, waitingSinceMs },
      },
    );
  }

  #newestRequest(): number {
    const newest = this.#requests.at(-1);
    if (newest === undefined) throw new Error('no snapshot was asked for');
    return newest;
  }

  readonly #requests: number[] = [];

  #keep(effects: readonly Effect[]): void {
    this.effects = [...effects];
    for (const effect of effects) {
      if (effect.kind === 'record') this.records.push(effect.record);
      if (effect.kind === 'requestSnapshot') this.#requests.push(effect.requestId);
    }
  }
}

export function venueOrder(
  order: OrderIntent,
  filledLots = 0,
  state: VenueOrder['state'] = 'working',
): VenueOrder {
  return venueOrderOf(order, { venueId: `v-${order.clientId}`, state, filledLots });
}
