/**
 * The desk's own engine, strategies and limits on paper, stepped only by prices: no clock, no randomness, no
 * waiting. The same prices yield the same orders, fills and halts, on every machine and at every restart of
 * the run.
 */
import { createHash } from 'node:crypto';
import type { MarketBar, MarketEvent, QuoteEvent as MarketQuote } from '../../contracts/market-feed.js';
import type { Desk } from '../../desk/schema.js';
import type { HandedAction } from '../../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { Halt } from '../../domain/mode.js';
import { parseMoney } from '../../domain/money.js';
import type { OrderIntent } from '../../domain/order.js';
import { NO_TICK, type QuoteColumns, TICK_DUE, TICK_TAKEN } from '../../domain/quote-columns.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import type { EngineConfig } from '../../engine/config.js';
import type { Effect } from '../../engine/effect.js';
import { createEngine, type Engine } from '../../engine/engine.js';
import type { BarEvent, QuoteEvent, TickEvent } from '../../engine/event.js';
import type { EngineRecord } from '../../engine/record.js';
import type { StrategySlot } from '../../engine/strategies/strategy-slot.js';
import type { EngineView } from '../../engine/view.js';
import type { Approved } from '../../limits/gate.js';
import { buildCalendars, buildHoldingCosts, engineConfig } from '../../trader/engine-config.js';
import {
  type CommandRequest,
  type HostJournal,
  Runner,
  type Unstamped,
  type VenueLink,
} from '../../trader/running/runner.js';
import { amendEvent, eventOf, replaceEvent, sentEvent } from '../../trader/running/venue-calls.js';
import { PAPER_CAPABILITIES } from '../../venue/paper/capabilities.js';
import { SteppedPaperVenue, type SteppedVenueOptions } from '../../venue/paper/stepped-venue.js';
import type { VenueStreamEvent } from '../../venue/port.js';
import { asAtVenue } from '../../venue/registry.js';
import { VirtualTime } from './virtual-time.js';

/** As in the running trader: at least one tick a second. */
const TICK_MS = 1000;

/** The run writes its own journal in `onRecord`, which throws if it can't; so every record is durable at once. */
const WRITTEN_AT_ONCE: HostJournal = {
  append: () => undefined,
  afterDurable: (safe) => safe(),
  onFault: () => undefined,
};

const NOTHING: readonly Effect[] = [];

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface InstanceParts {
  readonly engine: Engine;
  readonly link: SteppedLink;
  readonly time: VirtualTime;
  readonly arming: ArmingRule;
  /** By instrument. */
  readonly calendars: readonly SessionCalendar[];
  readonly onRecord: (record: EngineRecord, wallMs: number) => void;
  readonly takesNoShortcut: boolean;
}

/** Called with a bar that was passed, and its place. */
type ShownBar = (bar: BarEvent, place: number) => void;

/**
 * Prices of two minutes of bars: looked at before the others, since where orders are many hardly ever more than these pass
 * at once.
 */
const FEW = 10;

export class TradingInstance {
  readonly #parts: InstanceParts;
  readonly #host: Runner;
  /** Nearly all events are of these two kinds. The engine retains none, so each kind reuses one object. */
  readonly #quote = emptyQuote();
  readonly #tickEvent: Writable<TickEvent> = { kind: 'tick', wallMs: 0, marketMs: 0, monotonicMs: 0 };
  #tickedMs = Number.NEGATIVE_INFINITY;
  /** Market time at which the next market opens or closes. */
  #boundaryMs: number;
  #happened = 0;
  /** Of the bar that was passed last, or of the tick after it. */
  #unanswered = NOTHING;

  constructor(parts: InstanceParts) {
    this.#parts = parts;
    this.#boundaryMs = this.#nextBoundaryMs();
    const { engine, link, time, arming } = parts;
    this.#host = new Runner({
      engine,
      link,
      journal: WRITTEN_AT_ONCE,
      clock: time,
      timers: { after: (delayMs, work) => time.schedule(delayMs, work) },
      pace: 'stepped',
      marketNowMs: () => time.marketMs,
      onRecord: (record, wallMs) => {
        this.#happened += 1;
        parts.onRecord(record, wallMs);
        arming.onRecord(record);
      },
      onBroken: (error) => {
        throw error;
      },
    });
  }

  /** Begins like the running trader. */
  begin(): void {
    this.#host.begin();
  }

  /** Shows the strategies past bars, which cause no order. */
  warmUp(bar: MarketBar): void {
    this.#host.take({
      kind: 'bar',
      ...bar,
      warmup: true,
      ...this.#host.stamp(),
      marketMs: bar.openMs + bar.spanMs,
    });
  }

  /** Orders under way arrive, and deadlines pass, before the event at this time. */
  advanceTo(marketMs: number): void {
    const { time } = this.#parts;
    // Prices pause while a market is closed; what the desk does at the close must not wait for the next
    // price.
    for (let atMs = this.#nextStopMs(); atMs <= marketMs; atMs = this.#nextStopMs()) {
      this.#chargeUntil(atMs);
      time.moveTo(atMs);
      this.#host.post({ kind: 'tick' });
      if (atMs === this.#boundaryMs) {
        this.#boundaryMs = this.#nextBoundaryMs();
        this.#happened += 1;
      }
      if (atMs === this.#parts.arming.dueMs) this.#arm();
    }
    this.#chargeUntil(marketMs);
    time.moveTo(marketMs);
    this.#tick();
  }

  #arm(): void {
    const { arming, engine, time } = this.#parts;
    const command = arming.commandFor(engine, time.marketMs);
    if (command !== null) this.command(command);
  }

  /** What was last in the way of its start. Empty: nothing. */
  get inTheWay(): string {
    return this.#parts.arming.inTheWay;
  }

  /** Books each charge at its own time, after the prices of that time. */
  #chargeUntil(marketMs: number): void {
    for (let atMs = this.#venue.nextChargeMs; atMs < marketMs; atMs = this.#venue.nextChargeMs) {
      this.#parts.time.moveTo(atMs);
      this.#venue.chargeUntil(atMs + 1);
    }
  }

  /** The next close or opening, or an earlier time at which a position must be closed or trading may start. */
  #nextStopMs(): number {
    const { engine, arming } = this.#parts;
    return Math.min(this.#boundaryMs, engine.nextDueMs(), arming.dueMs);
  }

  #nextBoundaryMs(): number {
    const { calendars, time } = this.#parts;
    return Math.min(...calendars.map((calendar) => calendar.phaseAt(time.marketMs).untilMs));
  }

  /** The venue matches before the engine sees the price, as a real one does. */
  onMarket(event: Extract<MarketEvent, { readonly marketMs: number }>): void {
    const { time } = this.#parts;
    this.#venue.onMarket(event);
    if (this.#parts.takesNoShortcut) this.#post(event);
    else if (event.kind === 'quote') this.#host.take(stamp(this.#quote, event, time.wallMs(), time.marketMs));
    else if (event.kind === 'trade') {
      const { instrument, priceTicks, quantityLots, taker } = event;
      this.#host.post({ kind: 'trade', instrument, priceTicks, quantityLots, taker });
    } else if (event.kind === 'bar') {
      const { instrument, openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } =
        event.bar;
      const wallMs = time.wallMs();
      this.#host.take({
        kind: 'bar',
        instrument,
        openMs,
        spanMs,
        openTicks,
        highTicks,
        lowTicks,
        closeTicks,
        volumeLots,
        warmup: false,
        late: event.late === true,
        wallMs,
        marketMs: time.marketMs,
        monotonicMs: wallMs,
      });
    }
    this.#arm();
  }

  /** Grows whenever something that waits for a price may begin or cease to wait. */
  get happened(): number {
    return this.#happened;
  }

  /** Inside a bar, before its next quote: the quote at which something that waits is reached. Null: nothing is. */
  onTheWay(next: MarketQuote, nowMs: number, momentMs: number): MarketQuote | null {
    return this.#venue.onTheWay(next, nowMs, this.#parts.engine.awaitedPrices, momentMs);
  }

  /** Market time at which something happens next whatever prices come. Infinity: nothing does. */
  nextMomentMs(): number {
    return Math.min(this.#parts.engine.nextDueMs(), this.#venue.nextMomentMs);
  }

  /** After the prices of this time, to which it has been advanced. */
  passMoment(marketMs: number): void {
    this.#chargeUntil(marketMs + 1);
    this.#venue.arriveBy(marketMs);
    this.#arm();
  }

  /**
   * How many of these quotes, from the first on, only change prices: nothing is due before them, no order may answer one,
   * and the engine would record nothing. They have been processed. The caller handles signals and corporate actions. A bar
   * among them at which something happens is the last, and so is the quote before a tick at which something does: `answer`
   * follows. `shown`: called with each other bar and its place. `alone`: the only one of them as it came, which may have a book.
   */
  passes(quotes: QuoteColumns, alone?: MarketQuote, shown?: ShownBar): number {
    const { from, until } = quotes;
    quotes.until = Math.min(until, from + FEW);
    const few = this.#passesUntil(quotes, alone, shown);
    if (few < FEW || from + few === until || this.#unanswered.length > 0) return few;
    quotes.from = from + few;
    quotes.until = until;
    const rest = this.#passesUntil(quotes, alone, shown);
    quotes.from = from;
    return few + rest;
  }

  #passesUntil(quotes: QuoteColumns, alone?: MarketQuote, shown?: ShownBar): number {
    const { time, arming, engine, takesNoShortcut } = this.#parts;
    if (takesNoShortcut || arming.isHalted) return 0;
    const { from, marketMs, wallMs, tick } = quotes;
    if ((marketMs[from] as number) < time.marketMs) return 0;
    const dueMs = Math.min(this.#boundaryMs, engine.nextDueMs());
    const untilMs = Math.min(this.#venue.nextChargeMs, time.freeUntilMs);
    const isAfter = (ms: number): boolean => ms >= dueMs || ms > untilMs;
    while (quotes.until > from && isAfter(marketMs[quotes.until - 1] as number)) quotes.until -= 1;
    if (quotes.until === from) return 0;
    this.#venue.narrow(quotes);
    let { marketMs: atMs } = time;
    let now = time.wallMs();
    let tickedMs = this.#tickedMs;
    for (let place = from; place < quotes.until; place += 1) {
      const quoteMs = marketMs[place] as number;
      now += time.passing(quoteMs - atMs);
      atMs = quoteMs;
      const isDue = now >= tickedMs + TICK_MS;
      if (isDue) tickedMs = now;
      wallMs[place] = now;
      tick[place] = isDue ? TICK_DUE : NO_TICK;
    }
    const passed = engine.passesQuotes(quotes, shown);
    this.#unanswered = engine.ofLast;
    const until = from + passed;
    const isTicked = until < quotes.until && tick[until] === TICK_TAKEN;
    const last = isTicked ? until : until - 1;
    if (last < from) return 0;
    for (let place = from; place <= last; place += 1)
      if (tick[place] !== NO_TICK) this.#tickedMs = wallMs[place] as number;
    this.#venue.pass(quotes, until, alone);
    time.passTo(marketMs[last] as number, wallMs[last] as number);
    return passed;
  }

  /** Carries out what has been caused by the bar that was passed last, or by the tick after it. */
  answer(ofWhat: 'bar' | 'tick'): void {
    const effects = this.#unanswered;
    this.#unanswered = NOTHING;
    if (effects.length > 0) this.#host.carryOut(effects);
    if (ofWhat === 'bar') this.#arm();
  }

  /** The general path, with an event of its own for each price. */
  #post(event: Extract<MarketEvent, { readonly marketMs: number }>): void {
    if (event.kind === 'bar') {
      this.#host.post({ kind: 'bar', ...event.bar, warmup: false, late: event.late === true });
      return;
    }
    const { marketMs: _marketMs, ...price } = event;
    this.#host.post(price);
  }

  /** A command from people or programs, as the trader's control socket receives it. */
  command(request: CommandRequest): void {
    void this.#host.command(request);
  }

  get marketMs(): number {
    return this.#parts.time.marketMs;
  }

  get #venue(): SteppedPaperVenue {
    return this.#parts.link.venue;
  }

  #tick(): void {
    const { engine, time, takesNoShortcut } = this.#parts;
    const monotonicMs = time.monotonicMs();
    const isDue = monotonicMs >= this.#tickedMs + TICK_MS;
    if (!isDue && monotonicMs < (engine.nextWakeMs() ?? Number.POSITIVE_INFINITY)) return;
    this.#tickedMs = monotonicMs;
    if (takesNoShortcut) {
      this.#host.post({ kind: 'tick' });
      return;
    }
    const tick = this.#tickEvent;
    tick.wallMs = monotonicMs;
    tick.marketMs = time.marketMs;
    tick.monotonicMs = monotonicMs;
    if (!engine.passesTick(tick)) this.#host.take(tick);
  }
}

function emptyQuote(): Writable<QuoteEvent> {
  return {
    ...{ kind: 'quote', instrument: 0, bidTicks: 0, askTicks: 0, bidLots: 0, askLots: 0 },
    ...{ wallMs: 0, marketMs: 0, monotonicMs: 0 },
  };
}

/** `marketMs`: not that of a quote that comes late, since a run's time never goes back. */
function stamp(
  quote: Writable<QuoteEvent>,
  event: MarketQuote,
  wallMs: number,
  marketMs: number,
): QuoteEvent {
  quote.instrument = event.instrument;
  quote.bidTicks = event.bidTicks;
  quote.askTicks = event.askTicks;
  quote.bidLots = event.bidLots;
  quote.askLots = event.askLots;
  quote.wallMs = wallMs;
  quote.marketMs = marketMs;
  quote.monotonicMs = wallMs;
  return quote;
}

/** The most that wall time advances between two recorded prices. */
const GAP_MS_MAX = 1000;
/**
 * A pause in a recording is no silent feed. Wall time advances with the prices of every instrument, so one that pauses, or
 * has fewer bars than another, would soon be called stale, and halt the desk that holds it.
 */
const NEVER_STALE = Number.POSITIVE_INFINITY;
const INCARNATION_LENGTH = 6;

export interface InstanceSetting {
  readonly id: string;
  readonly desk: Desk;
  readonly configHash: string;
  readonly instruments: readonly Instrument[];
  readonly live: boolean;
  /** As the feed says it. Left out: none. */
  readonly quotesFromBars?: readonly InstrumentId[];
  readonly showsBooks?: boolean;
  /** By instrument: the months of a recording that goes over rolls. Left out: it stands for no month. */
  readonly contracts?: EngineConfig['contracts'];
  /** Market time of the first price. */
  readonly beginMs: number;
  /** Wall time at the start. */
  readonly wallMs: number;
  readonly onRecord: (record: EngineRecord, wallMs: number) => void;
  /** Arms only once every instrument has a price, as former versions did. Left out: at the latest after a minute. */
  readonly waitsForAll?: boolean;
  /** The desk's strategies, if they are built already. They were shown nothing yet. */
  readonly slots?: StrategySlot[];
  /** How orders are filled, if differently from the running paper venue. */
  readonly fills?: SteppedVenueOptions['fills'];
  /** For comparison tests: every price is an event of its own, and nothing is skipped. */
  readonly takesNoShortcut?: boolean;
}

export interface OpenedInstance {
  readonly instance: TradingInstance;
  readonly engine: Engine;
  readonly venue: SteppedPaperVenue;
}

/** The desk's configuration for a run. */
export const instanceConfig = ({
  id,
  desk,
  configHash,
  instruments,
}: Pick<InstanceSetting, 'id' | 'desk' | 'configHash' | 'instruments'>): EngineConfig =>
  engineConfig(
    { ...desk, resume: { ...desk.resume, startup: 'auto' } },
    configHash,
    incarnationOf(id),
    instruments,
    PAPER_CAPABILITIES,
  );

/** Builds the desk's engine and its own paper venue on one time, which prices advance. Begins nothing. */
export function openInstance(setting: InstanceSetting): OpenedInstance {
  const { desk, id, instruments, configHash, live, beginMs, wallMs, onRecord } = setting;
  const time = new VirtualTime(beginMs, wallMs, live ? Number.POSITIVE_INFINITY : GAP_MS_MAX);
  const { takesNoShortcut = false, quotesFromBars = [], showsBooks = false } = setting;
  const { risk, ...given } = instanceConfig(setting);
  const config = {
    ...{ ...given, takesNoShortcut, quotesFromBars },
    ...(setting.contracts === undefined ? {} : { contracts: setting.contracts }),
    waitsForVolume: showsBooks || setting.fills?.volumePartPpm !== undefined,
    risk: live ? risk : { ...risk, staleDataSeconds: NEVER_STALE },
  };
  const calendars = buildCalendars(desk);
  let halts = 0;
  const drawHaltId = () => {
    halts += 1;
    return digest(`${id}/halt-${halts}`).slice(0, 32);
  };
  const engine = createEngine({ ...config, drawHaltId }, setting.slots);
  const venue = new SteppedPaperVenue({
    instruments: asAtVenue(instruments, desk.venue.name),
    paper: desk.paper,
    cash: parseMoney(desk.paper.balance),
    bookId: incarnationOf(id),
    schedule: (delayMs, work) => time.schedule(delayMs, work),
    marketNowMs: () => time.marketMs,
    calendars,
    holdingCosts: buildHoldingCosts(desk),
    onEvent: (event) => link.onVenue(event),
    ...(setting.fills === undefined ? {} : { fills: setting.fills }),
  });
  const link = new SteppedLink(venue);
  const { dayStartMs } = config;
  const { waitsForAll = false } = setting;
  const arming = new ArmingRule({ configHash, instruments, dayStartMs, waitsForAll });
  const instance = new TradingInstance({
    ...{ engine, link, time, arming, calendars, onRecord, takesNoShortcut },
  });
  return { instance, engine, venue };
}

/** The same at every start of a validation, so its order ids stay the same. */
export function incarnationOf(id: string): string {
  const number = BigInt(`0x${digest(id).slice(0, 16)}`);
  return number.toString(36).padStart(INCARNATION_LENGTH, '0').slice(-INCARNATION_LENGTH);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** After a refusal, the next attempt follows a minute of market time later. */
const RETRY_MARKET_MS = 60_000;

/** Prices of data that begin together come within this time; an instrument whose data begin later is not waited for. */
const FIRST_MINUTE_MS = 60_000;

interface ArmingRuleParts {
  readonly configHash: string;
  readonly instruments: readonly Pick<Instrument, 'id' | 'symbol'>[];
  readonly dayStartMs: (marketMs: number) => number;
  readonly waitsForAll: boolean;
}

/**
 * Arms the instance by the desk file's rule, like the resumption procedure; never if a person must decide.
 */
export class ArmingRule {
  readonly #parts: ArmingRuleParts;
  #halted = true;
  #begun = false;
  #tries = 0;
  #nextTryMs = Number.NEGATIVE_INFINITY;
  /** Market time at which the engine had its first price. Null: it has none. */
  #pricedMs: number | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #inTheWay = '';

  constructor(parts: ArmingRuleParts) {
    this.#parts = parts;
  }

  onRecord(record: EngineRecord): void {
    if (record.type === 'armed') {
      this.#halted = false;
      this.#begun = true;
      this.#dueMs = Number.POSITIVE_INFINITY;
    } else if (record.type === 'halt') this.#halted = true;
  }

  get isHalted(): boolean {
    return this.#halted;
  }

  /** What was last in the way of the start. Empty: nothing. */
  get inTheWay(): string {
    return this.#inTheWay;
  }

  /**
   * Market time at which prices that are missing are waited for no longer. It starts then before the prices of
   * that moment, so that strategies may enter at the first bar. Infinity: none is missing, or that is over.
   */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Null: nothing is halted, or something forbids arming for now. */
  commandFor(engine: Engine, marketMs: number): CommandRequest | null {
    if (marketMs >= this.#dueMs) this.#dueMs = Number.POSITIVE_INFINITY;
    if (!this.#halted || marketMs < this.#nextTryMs) return null;
    const { haltId, halts, quotes, reconciliation } = engine.view;
    if (quotes.length > 0) this.#pricedMs ??= marketMs;
    if (haltId === null || this.#waitsForPrices(quotes, marketMs)) return null;
    this.#nextTryMs = marketMs + RETRY_MARKET_MS;
    if (!this.#begun) this.#inTheWay = obstaclesOf(engine) || this.#inTheWay;
    if (reconciliation.state !== 'clean' || !halts.every((halt) => this.#mayLift(halt, marketMs)))
      return null;
    this.#tries += 1;
    const { configHash } = this.#parts;
    return {
      commandId: `arm-${this.#tries}`,
      by: 'rule',
      reason: 'the desk file lets the rule resume',
      command: { name: 'arm', haltId, configHash, authority: 'rule' },
    };
  }

  #waitsForPrices(quotes: EngineView['quotes'], marketMs: number): boolean {
    const { instruments, waitsForAll } = this.#parts;
    if (quotes.length >= instruments.length) {
      this.#dueMs = Number.POSITIVE_INFINITY;
      return false;
    }
    const priced = new Set(quotes.map(({ instrument }) => instrument));
    const without = instruments.filter(({ id }) => !priced.has(id));
    this.#inTheWay = `no price yet of ${without.map(({ symbol }) => symbol).join(', ')}`;
    if (waitsForAll || this.#pricedMs === null) return true;
    const untilMs = this.#pricedMs + FIRST_MINUTE_MS;
    if (marketMs >= untilMs) return false;
    this.#dueMs = untilMs;
    return true;
  }

  #mayLift({ resume, atMarketMs }: Halt, marketMs: number): boolean {
    if (resume === 'auto') return true;
    const { dayStartMs } = this.#parts;
    return resume === 'next-day' && dayStartMs(marketMs) > dayStartMs(atMarketMs);
  }
}

/** What the engine itself finds in the way of arming, besides its halts. */
function obstaclesOf(engine: Engine): string {
  const halts = engine.view.halts.map(({ mode, reason }) => `${mode}: ${reason}`);
  const reasons = engine
    .whyNotTrading()
    .filter(({ subject, reason }) => subject === 'desk' && !halts.includes(reason));
  return reasons.map(({ reason }) => reason).join('; ');
}

/** The host's link to a paper venue that answers at once. */
class SteppedLink implements VenueLink {
  readonly ordersUnderWay = 0;
  #post: (event: Unstamped) => void = () => undefined;

  /** The venue sends its stream to `onVenue`, so the venue can be built before the host. */
  constructor(readonly venue: SteppedPaperVenue) {}

  connect(post: (event: Unstamped) => void): void {
    this.#post = post;
  }

  onVenue(event: VenueStreamEvent): void {
    this.#post(eventOf(event));
  }

  submit(order: Approved<OrderIntent>): void {
    const { clientId } = order;
    this.#post(sentEvent(clientId, this.venue.submit(order)));
  }

  cancel(clientId: string, instrument: InstrumentId): void {
    const outcome = this.venue.cancel(clientId, instrument);
    if (outcome.kind === 'notOpen') {
      this.#post({ kind: 'order.cancelRejected', clientId, code: outcome.code, text: outcome.text });
    } else this.#post({ kind: 'order.cancelled', clientId });
  }

  amend(clientId: string, instrument: InstrumentId, quantityLots: number): void {
    const event = amendEvent(clientId, this.venue.amendQuantity(clientId, instrument, quantityLots));
    if (event === null) this.lookup(clientId);
    else this.#post(event);
  }

  replace(clientId: string, order: Approved<OrderIntent>): void {
    this.#post(replaceEvent(clientId, order.clientId, this.venue.replace(clientId, order)));
  }

  takeAction(handed: HandedAction): void {
    this.venue.takeAction(handed);
  }

  lookup(clientId: string): void {
    this.#post({ kind: 'order.lookup', clientId, found: this.venue.orderByClientId(clientId) });
  }

  snapshot(requestId: number, sinceTradeMs: number): void {
    this.#post({ kind: 'venue.snapshot', snapshot: this.venue.snapshot(requestId, sinceTradeMs) });
  }
}
