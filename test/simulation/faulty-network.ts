/** The network between a trader and the paper venue: loses, delays, doubles and reorders. Knows nothing of trading. */
import type { InstrumentId } from '../../src/domain/instrument.js';
import { plainUnits } from '../../src/domain/money.js';
import { type Fill, isBounded, type OrderIntent } from '../../src/domain/order.js';
import type {
  CashListed,
  CashMovement,
  ReplaceOutcome,
  SendOutcome,
  VenueOrder,
  VenuePosition,
} from '../../src/domain/venue.js';
import type { Approved } from '../../src/limits/gate.js';
import type { PaperVenue } from '../../src/venue/paper/paper-venue.js';
import type { VenuePort, VenueStreamEvent } from '../../src/venue/port.js';
import type { Bank } from './bank.js';
import type { Injected } from './injected.js';
import type { Random } from './random.js';
import { type FaultRates, NO_FAULTS, type Scenario } from './scenario.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { VirtualTime } from './virtual-time.js';

/** An answer may be a step behind another that left with it. */
const JITTER_MS_MAX = 2;
/** Of the exchanges of one order for another, while there are faults. */
const HALF_WAY_RATE = 0.2;
/** Of the lists of cash movements, in some runs. */
const UNREAD_RATE = 0.4;
/** An exchange takes no order that left longer ago. */
const RECEIVE_WINDOW_MS = 5_000;
const NO_STOPS = { code: '-2010', text: 'This symbol takes no stop orders.' };
const TOO_LATE = { code: '-1021', text: 'Timestamp for this request is outside of the recvWindow.' };

interface Receiver {
  readonly process: SimulatedProcess;
  hear(event: VenueStreamEvent): void;
}

export class FaultyNetwork {
  faults: FaultRates;
  connected = true;
  #closed = false;
  /** Of stops that never fire, by client id. */
  readonly #askedTicks = new Map<string, number>();
  /** What becomes of stops, and until when. */
  #stops: { readonly manner: 'refused' | 'lost'; readonly untilMs: number } | null = null;
  /** Stops that were lost: while these are, nobody says that they are. */
  readonly #unheard = new Set<string>();
  #receiver: Receiver | null = null;
  /** What the list of positions does not have yet. */
  #unlisted: { readonly instrument: InstrumentId; readonly lots: number; readonly untilMs: number }[] = [];

  constructor(
    private readonly venue: PaperVenue,
    private readonly scenario: Scenario,
    private readonly time: VirtualTime,
    private readonly random: Random,
    private readonly injected: Injected,
    /** An order is handed to the venue: the last moment before it is out of our hands. */
    private readonly onSent: (clientId: string) => void,
    private readonly bank: Bank,
    /** Of no list of the venue. */
    private readonly hidden: ReadonlySet<string>,
  ) {
    this.faults = scenario.faults;
    venue.onEvent((event) => {
      if (event.kind === 'fill') this.#listLate(event.fill);
      if (event.kind === 'fill' && this.hidden.has(event.fill.clientId)) return;
      this.#stream(event.kind === 'order' ? { ...event, order: this.#shown(event.order) } : event);
      if (event.kind === 'fill') this.#streamOrder(event.fill.clientId, event.fill.instrument);
    });
  }

  /** The venue as this process meets it. What is on its way to a process that died never reaches the next. */
  portFor(process: SimulatedProcess): VenuePort {
    const { venue } = this;
    const ask = <T>(work: () => Promise<T>): Promise<T> => this.#request(process, work);
    return {
      capabilities: venue.capabilities,
      instruments: venue.instruments,
      serverTime: () => ask(() => venue.serverTime()),
      balances: () =>
        ask(async () => {
          const { cash, currency } = await venue.balances();
          return { cash: plainUnits(BigInt(cash) + this.bank.cash), currency };
        }),
      cashMovements: (sinceMs) => ask(async () => this.#listed(this.bank.listedSince(sinceMs))),
      quantityLimits: () =>
        venue.instruments.map(({ id, minQuantityLots, maxQuantityLots, maxMarketLots, maxStops }) => ({
          instrument: id,
          minLots: minQuantityLots,
          maxLots: maxQuantityLots,
          maxMarketLots: maxMarketLots ?? null,
          ...(maxStops === undefined ? {} : { maxStops }),
        })),
      positions: () =>
        ask(async () => {
          const positions = this.#asListed(await venue.positions());
          return this.#isWrong()
            ? positions.map((position) => ({ ...position, quantityLots: 0 }))
            : positions;
        }),
      openOrders: () =>
        ask(async () => {
          const listed = await venue.openOrders();
          const orders = listed
            .filter(({ clientId }) => !this.hidden.has(clientId))
            .map((order) => this.#shown(order));
          return this.#isWrong() ? orders.slice(1) : orders;
        }),
      orderByClientId: (clientId, instrument) => {
        if (this.#unheard.has(clientId) && this.#takesNoStops) return this.#never(clientId);
        return ask(async () => {
          const order = await venue.orderByClientId(clientId, instrument);
          return order === null ? null : this.#shown(order);
        });
      },
      fillsSince: (sinceMs) =>
        ask(async () => {
          const fills = await venue.fillsSince(sinceMs);
          return fills.filter(({ clientId }) => !this.hidden.has(clientId));
        }),
      submit: (order) => this.#submit(process, order),
      cancel: (clientId, instrument) =>
        ask(async () => {
          const outcome = await venue.cancel(clientId, instrument);
          this.#streamOrder(clientId, instrument);
          return outcome;
        }),
      amendQuantity: (clientId, instrument, quantityLots) =>
        ask(async () => {
          const outcome = await venue.amendQuantity(clientId, instrument, quantityLots);
          this.#streamOrder(clientId, instrument);
          return outcome;
        }),
      replace: (clientId, order) => this.#replace(process, clientId, order),
      onEvent: (hear) => {
        this.#receiver = { process, hear };
      },
      close: async () => undefined,
    };
  }

  /** One list that can't be read hides no other. */
  #listed(movements: readonly CashMovement[]): CashListed {
    const { scenario, faults, random } = this;
    const isWhole = !scenario.unreadLists || faults === NO_FAULTS || !random.chance(UNREAD_RATE);
    if (isWhole) return { movements, unread: [] };
    this.injected.count('list not read');
    return { movements: movements.filter(({ kind }) => kind !== 'deposit'), unread: ['deposits: busy'] };
  }

  /** The venue refuses every order for a while. */
  maintenance(durationMs: number): void {
    this.injected.count('maintenance');
    this.#closed = true;
    this.time.after(durationMs, () => {
      this.#closed = false;
    });
  }

  open(): void {
    this.#closed = false;
    this.#stops = null;
  }

  takeNoStops(manner: 'refused' | 'lost', durationMs: number): void {
    this.injected.count(`stops ${manner}`);
    this.#stops = { manner, untilMs: this.time.nowMs + durationMs };
  }

  disconnect(durationMs: number): void {
    if (!this.connected) return;
    this.injected.count('disconnect');
    this.connected = false;
    this.tell({ kind: 'health', state: 'down', detail: 'connection lost' });
    this.time.after(durationMs, () => {
      this.connected = true;
      this.tell({ kind: 'health', state: 'up', detail: 'connected again' });
    });
  }

  /** The adapter's breaker opens, tries one request, and closes again. */
  tripBreaker(): void {
    this.injected.count('breaker');
    this.tell({ kind: 'breaker', state: 'open', detail: 'too many errors' });
    const later = (afterMs: number, state: 'halfOpen' | 'closed', detail: string) =>
      this.time.after(afterMs, () => this.tell({ kind: 'breaker', state, detail }));
    later(this.random.whole(500, 8_000), 'halfOpen', 'one request tries');
    later(this.random.whole(8_001, 12_000), 'closed', 'it answers');
  }

  /** The adapter itself says it: no wire between. */
  tell(event: VenueStreamEvent): void {
    this.#deliver(event, this.#receiver);
  }

  #submit(process: SimulatedProcess, order: Approved<OrderIntent>): Promise<SendOutcome> {
    this.onSent(order.clientId);
    if (this.#closed || this.#happens('refused')) {
      return this.#answer(process, { kind: 'rejected', code: '503', text: 'busy' });
    }
    const noStop = this.#noStop(order);
    if (noStop === 'lost') return this.#never(order.clientId);
    if (noStop === 'refused') return this.#answer(process, { kind: 'rejected', ...NO_STOPS });
    return this.#request(process, async (lateMs): Promise<SendOutcome> => {
      if (lateMs > RECEIVE_WINDOW_MS) return { kind: 'rejected', ...TOO_LATE };
      const outcome = await this.venue.submit(this.#stuck(order));
      if (outcome.kind === 'accepted') this.#streamOrder(order.clientId, order.instrument);
      return outcome;
    });
  }

  #noStop({ type }: OrderIntent): 'refused' | 'lost' | null {
    return type === 'stop' && this.#takesNoStops ? (this.#stops?.manner ?? null) : null;
  }

  get #takesNoStops(): boolean {
    return this.#stops !== null && this.time.nowMs < this.#stops.untilMs;
  }

  #never<T>(clientId: string): Promise<T> {
    this.#unheard.add(clientId);
    return new Promise(() => undefined);
  }

  /** Now and then a stop rests where the market will not come; the venue shows it where it was asked for. */
  #stuck(order: Approved<OrderIntent>): Approved<OrderIntent> {
    const { stopTicks, clientId, instrument, quantityLots, side } = order;
    if (isBounded(order)) return order;
    const { stuckStops, instruments } = this.scenario;
    if (stopTicks === null || this.faults === NO_FAULTS || !this.random.chance(stuckStops)) return order;
    const { moneyPerTickLot, minNotional } = instruments[instrument]!;
    const away = side === 'sell' ? Math.round(stopTicks / 2) : stopTicks * 2;
    if (quantityLots * away * moneyPerTickLot < minNotional) return order;
    this.injected.count('stop that never fires');
    this.#askedTicks.set(clientId, stopTicks);
    return { ...order, stopTicks: away };
  }

  #shown(order: VenueOrder): VenueOrder {
    const stopTicks = this.#askedTicks.get(order.clientId);
    return stopTicks === undefined ? order : { ...order, stopTicks };
  }

  #replace(
    process: SimulatedProcess,
    clientId: string,
    order: Approved<OrderIntent>,
  ): Promise<ReplaceOutcome> {
    this.onSent(order.clientId);
    const answer = (kind: 'rejected' | 'cancelledOnly'): ReplaceOutcome => ({
      kind,
      code: '503',
      text: 'busy',
    });
    if (this.#closed) return this.#answer(process, answer('rejected'));
    const noStop = this.#noStop(order);
    if (noStop === 'lost') return this.#never(order.clientId);
    if (noStop === 'refused') return this.#answer(process, { kind: 'rejected', ...NO_STOPS });
    return this.#request(process, async (lateMs): Promise<ReplaceOutcome> => {
      if (lateMs > RECEIVE_WINDOW_MS) return { kind: 'rejected', ...TOO_LATE };
      if (this.#isRefusedHalfWay()) {
        const { kind } = await this.venue.cancel(clientId, order.instrument);
        this.#streamOrder(clientId, order.instrument);
        return answer(kind === 'cancelled' ? 'cancelledOnly' : 'rejected');
      }
      const outcome = await this.venue.replace(clientId, order);
      this.#streamOrder(clientId, order.instrument);
      if (outcome.kind === 'replaced') this.#streamOrder(order.clientId, order.instrument);
      return outcome;
    });
  }

  /** The old order is gone, and the new one is not taken. */
  #isRefusedHalfWay(): boolean {
    if (this.faults === NO_FAULTS || !this.random.chance(HALF_WAY_RATE)) return false;
    this.injected.count('refused half way');
    return true;
  }

  /** A lost request or answer is an error at once, late, or silence. */
  #request<T>(process: SimulatedProcess, work: (lateMs: number) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const told = this.random.chance(0.5);
      const fail = () =>
        this.time.after(this.#wayMs(), () => process.deliver(() => reject(new Error('connection reset'))));
      if (!this.connected || this.#happens('requestLost')) {
        if (told) fail();
        return;
      }
      const lateMs = this.#lateness('requestLate');
      if (lateMs > 0 && told) fail();
      this.time.after(this.scenario.latencyMs / 2 + lateMs, () => {
        work(lateMs).then((answer) => {
          if (this.#happens('answerLost')) {
            if (told && lateMs === 0) fail();
            return;
          }
          this.time.after(this.#wayMs(), () => process.deliver(() => resolve(answer)));
        }, reject);
      });
    });
  }

  #answer<T>(process: SimulatedProcess, answer: T): Promise<T> {
    return new Promise((resolve) => {
      this.time.after(this.#wayMs(), () => process.deliver(() => resolve(answer)));
    });
  }

  #wayMs(): number {
    return this.scenario.latencyMs / 2 + this.random.whole(0, JITTER_MS_MAX);
  }

  /** An exchange also tells of orders that were taken, filled or cancelled. */
  #streamOrder(clientId: string, instrument: InstrumentId): void {
    void this.venue.orderByClientId(clientId, instrument).then((order) => {
      if (order !== null) this.#stream({ kind: 'order', order: this.#shown(order) });
    });
  }

  #stream(event: VenueStreamEvent): void {
    if (!this.connected || this.#happens('streamLost')) return;
    const receiver = this.#receiver;
    const delayMs = this.scenario.latencyMs / 2 + this.#lateness('streamLate');
    this.time.after(delayMs, () => this.#deliver(event, receiver));
    if (!this.#happens('streamDoubled')) return;
    this.time.after(delayMs + this.random.whole(0, 500), () => this.#deliver(event, receiver));
  }

  #deliver(event: VenueStreamEvent, receiver: Receiver | null): void {
    receiver?.process.deliver(() => receiver.hear(event));
  }

  #lateness(fault: 'requestLate' | 'streamLate'): number {
    return this.#happens(fault) ? this.random.whole(1, this.faults.lateMs) : 0;
  }

  #listLate({ instrument, side, quantityLots }: Fill): void {
    const { positionsLateMs } = this.scenario;
    if (positionsLateMs === 0) return;
    const untilMs = this.time.nowMs + this.random.whole(0, positionsLateMs);
    this.#unlisted.push({ instrument, lots: side === 'buy' ? quantityLots : -quantityLots, untilMs });
  }

  /** As a venue whose list of fills is ahead of its positions; in the order of the fills. */
  #asListed(positions: readonly VenuePosition[]): readonly VenuePosition[] {
    const newest = this.#unlisted.findLastIndex(({ untilMs }) => untilMs <= this.time.nowMs);
    this.#unlisted = this.#unlisted.slice(newest + 1);
    if (this.#unlisted.length === 0) return positions;
    this.injected.count('position listed late');
    return this.scenario.instruments.map(({ id }) => {
      const now = positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0;
      const late = this.#unlisted.filter(({ instrument }) => instrument === id);
      return { instrument: id, quantityLots: late.reduce((lots, fill) => lots - fill.lots, now) };
    });
  }

  #isWrong(): boolean {
    return this.#happens('snapshotWrong');
  }

  #happens(fault: Exclude<keyof FaultRates, 'lateMs'>): boolean {
    const rate = this.faults[fault];
    if (rate === 0 || !this.random.chance(rate)) return false;
    this.injected.count(fault);
    return true;
  }
}
