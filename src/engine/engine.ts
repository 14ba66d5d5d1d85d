/**
 * The deterministic core: `process(event) -> effects`, synchronous, without clock, randomness or promises.
 * Durable state changes only through records, and a replay applies the same records with the same function.
 */
import type { InstrumentId } from '../domain/instrument.js';
import type { QuoteColumns } from '../domain/quote-columns.js';
import type { WaitingReason } from '../limits/limit.js';
import { applyRecord } from './apply-record.js';
import { feePerLot } from './books.js';
import { othersLotsAt } from './commands/claim-coins.js';
import { runCommand } from './commands/run-command.js';
import type { EngineConfig } from './config.js';
import { type Core, createCore, setTime } from './core.js';
import type { Effect } from './effect.js';
import type { BarEvent, EngineEvent, Stamp } from './event.js';
import { begin, whyNotBegin } from './flow/begin.js';
import { isTradable } from './flow/dust.js';
import { finishEvent } from './flow/finish-event.js';
import { onFault, onVenueHealth } from './flow/on-fault.js';
import { onTick } from './flow/on-tick.js';
import { nextDueKnownMs, nextWakeKnownMs, passesQuotes, passesTick } from './flow/passing.js';
import { type AwaitedPrices, awaitedPrices, onQuote } from './flow/quote.js';
import { onVenueBreaker } from './halts.js';
import { takeFill } from './orders/on-fill.js';
import { onOrderAnswer, onOrderUpdate } from './orders/order-events.js';
import type { EngineRecord } from './record.js';
import { stateHash } from './state-hash.js';
import { showFills, showTrade, takeFillsToShow } from './strategies/between-bars.js';
import { lastQuoteOf, onBar } from './strategies/on-bar.js';
import { showEditedSignals } from './strategies/show-signal.js';
import type { StrategyLine } from './strategies/strategy.js';
import type { StrategySlot } from './strategies/strategy-slot.js';
import { sendChanges, sendReversals } from './strategies/waiting-entries.js';
import { onSnapshot } from './sync/reconcile.js';
import { takeCorrection, takeMovement } from './sync/reconcile-cash.js';
import { snapshotFailed } from './sync/request-snapshot.js';
import { type EngineView, readView } from './view.js';
import { whyNotTrading } from './why-not-trading.js';

export type BeginOutcome =
  | { readonly ok: true; readonly effects: readonly Effect[] }
  /** Nothing was recorded; `message` says what to do. */
  | { readonly ok: false; readonly message: string };

export interface Engine {
  /** For the journal's replay, before `begin`. Throws RangeError if a record contradicts those before it. */
  apply(record: EngineRecord): void;
  /** After the replay: why `begin` would refuse, for a host that must know before it opens the venue. Null: it would not. */
  whyNotBegin(): string | null;
  /** Called once, after the replay: the desk is HALTED and a snapshot of the venue is requested. */
  begin(stamp: Stamp): BeginOutcome;
  /** Effects in the order in which they must be carried out. The array is only valid until the next call. */
  process(event: EngineEvent): readonly Effect[];
  /** Monotonic time by which a `tick` is needed. Null: none is needed (one a second does no harm). */
  nextWakeMs(): number | null;
  /**
   * For hosts where only prices move the time, as in a backtest: true if that tick would change and send
   * nothing except the time, which is then set. The equity curve gets no point for that minute. The running
   * trader never calls it.
   */
  passesTick(stamp: Stamp): boolean;
  /**
   * The same for quotes, one after the other: how many of them, from the first on, would only mark positions, which is
   * then done; with the ticks that are due before them. The one after them must still be processed. A bar among them is
   * processed, and so may be a tick that changes something. If that has effects, it is the last one, and they are in
   * `ofLast`; else `shown` is called with the bar and its place.
   */
  passesQuotes(quotes: QuoteColumns, shown?: (bar: BarEvent, place: number) => void): number;
  /** To be carried out once the host has followed the engine to that bar or tick. Empty: it had none. Valid until the next call. */
  readonly ofLast: readonly Effect[];
  /**
   * Market time of the next `tick` at which the desk closes something by time alone, whatever prices come: before its
   * session or its contract ends, or because a trade's time is up. Later than the last tick. Infinity: none.
   */
  nextDueMs(): number;
  /** A fresh reading of the whole engine. */
  readonly view: EngineView;
  /** SHA-256, hex, of the durable state. Equal to that of a replay of all records so far. */
  stateHash(): string;
  whyNotTrading(): readonly WaitingReason[];
  /**
   * The indicator values of an instrument's strategies after the bar that began at `openMs`. Only strategies whose
   * newest bar is that one are included.
   */
  strategyLines(
    instrument: InstrumentId,
    openMs: number,
  ): readonly (StrategyLine & { readonly strategy: string })[];
  /**
   * Prices at which the desk itself acts: the next target of each trade that no resting order holds, and entries that
   * wait for a price; and when it acts at the next quote, whatever that is. Null: there is none.
   */
  readonly awaitedPrices: (instrument: InstrumentId) => AwaitedPrices | null;
  /** The last believed quote, as strategies are shown it. Null: there is none. */
  quoteAt(instrument: InstrumentId): { readonly bidTicks: number; readonly askTicks: number } | null;
  /** What a lot of the open trades in an instrument cost on average, in money units. Null: there is none. */
  feePerLot(instrument: InstrumentId): number | null;
  /** Whether the venue would take an order for this many lots at the last price. True without a price. */
  isTradable(instrument: InstrumentId, lots: number): boolean;
  /** The same for the account's total at the venue, less the coins that are not the desk's. */
  isDesksTradable(instrument: InstrumentId, lots: number): boolean;
  /** Names of the strategies that listen to trades. */
  readonly tradeListeners: readonly string[];
}

const NOTHING: readonly Effect[] = [];

/**
 * Throws RangeError for a configuration that validation of the desk file should have refused. `slots`: see `createCore`.
 */
export function createEngine(config: EngineConfig, slots?: StrategySlot[]): Engine {
  const core = createCore(config, slots);
  let ofLast = NOTHING;
  return {
    apply: (record) => {
      if (core.begun) throw new RangeError('a record can only be replayed before the engine has begun');
      applyRecord(core.state, record);
    },
    whyNotBegin: () => whyNotBegin(core),
    begin: (stamp) => beginOnce(core, stamp),
    process: (event) => process(core, event),
    nextWakeMs: () => nextWakeKnownMs(core),
    passesTick: (stamp) => passesTick(core, stamp),
    passesQuotes: (quotes, shown) => {
      ofLast = NOTHING;
      return passesQuotes(core, quotes, (event, place) => {
        ofLast = process(core, event);
        if (ofLast.length > 0) return false;
        if (event.kind === 'bar') shown?.(event, place);
        return true;
      });
    },
    get ofLast() {
      return ofLast;
    },
    nextDueMs: () => nextDueKnownMs(core),
    get view() {
      return readView(core);
    },
    stateHash: () => stateHash(core.state),
    whyNotTrading: () => whyNotTrading(core),
    strategyLines: (at, openMs) =>
      (core.slotsAt.trading[at] ?? [])
        .filter(({ lastOpenMs }) => lastOpenMs === openMs)
        .flatMap(({ name, strategy }) =>
          (strategy.lines?.() ?? []).map((line) => ({ strategy: name, ...line })),
        ),
    get tradeListeners() {
      const listening = core.slots.filter(({ strategy }) => strategy.onTrade !== undefined);
      return [...new Set(listening.map(({ name }) => name))];
    },
    awaitedPrices: (at) => awaitedPrices(core, at),
    quoteAt: (at) => lastQuoteOf(core, at),
    feePerLot: (instrument) => feePerLot(core.state, instrument),
    isTradable: (instrument, lots) => isTradable(core, instrument, lots),
    isDesksTradable: (at, lots) =>
      isTradable(core, at, lots - othersLotsAt(core, core.config.instruments[at]?.symbol ?? '')),
  };
}

function beginOnce(core: Core, stamp: Stamp): BeginOutcome {
  if (core.begun) throw new RangeError('the engine has begun already');
  core.effects = [];
  core.knownDueMs = Number.NEGATIVE_INFINITY;
  const message = begin(core, stamp);
  if (message !== null) return { ok: false, message };
  finishEvent(core);
  return { ok: true, effects: core.effects };
}

function process(core: Core, event: EngineEvent): readonly Effect[] {
  if (event.kind === 'quote') {
    if (core.effects.length > 0) core.effects = [];
    if (!onQuote(core, event)) return NOTHING;
    core.calm = null;
    core.knownDueMs = Number.NEGATIVE_INFINITY;
    finishEvent(core);
    showCrossed(core);
    return core.effects;
  }
  core.effects = [];
  const { calm, knownDueMs } = core;
  core.calm = null;
  core.knownDueMs = Number.NEGATIVE_INFINITY;
  if (event.kind === 'trade') {
    if (showTrade(core, event)) finishEvent(core);
    showCrossed(core);
    return core.effects;
  }
  setTime(core, event);
  if (event.kind === 'command') {
    const outcome = runCommand(core, event);
    finishEvent(core);
    showCrossed(core);
    core.effects.push({ kind: 'reply', commandId: event.commandId, outcome });
    return core.effects;
  }
  handle(core, event);
  if (core.state.waiting.size > 0) {
    // A trade that has just closed is handled first: its loss may have halted the desk.
    finishEvent(core);
    sendReversals(core);
    sendChanges(core);
  }
  const fills = takeFillsToShow(core);
  if (fills.length > 0) {
    finishEvent(core);
    showFills(core, fills);
  }
  showEditedSignals(core);
  finishEvent(core);
  showCrossed(core);
  // Anything a strategy asks for at a bar has an effect at once.
  if (event.kind === 'bar' && core.effects.length === 0) {
    core.calm = calm;
    core.knownDueMs = knownDueMs;
  }
  return core.effects;
}

/** Exits may be crossed whenever instruments are advanced, and a strategy may answer with another exit. */
function showCrossed(core: Core): void {
  for (let fills = takeFillsToShow(core); fills.length > 0; fills = takeFillsToShow(core)) {
    showFills(core, fills);
    finishEvent(core);
  }
}

type OtherEvent = Exclude<EngineEvent, { readonly kind: 'quote' | 'trade' | 'command' }>;

function handle(core: Core, event: OtherEvent): void {
  switch (event.kind) {
    case 'bar':
      onBar(core, event);
      return;
    case 'tick':
      onTick(core);
      return;
    case 'fill':
      takeFill(core, event.fill);
      return;
    case 'order.update':
      onOrderUpdate(core, event.order);
      return;
    case 'order.accepted':
    case 'order.rejected':
    case 'order.sendUnknown':
    case 'order.lookup':
    case 'order.lookupFailed':
    case 'order.cancelled':
    case 'order.cancelRejected':
    case 'order.amended':
    case 'order.amendRejected':
    case 'order.replaced':
    case 'order.replaceRejected':
      onOrderAnswer(core, event);
      return;
    case 'venue.snapshot':
      onSnapshot(core, event.snapshot);
      return;
    case 'venue.snapshotFailed':
      snapshotFailed(core, event.requestId, event.cause);
      return;
    case 'venue.movement':
      takeMovement(core, event.movement);
      return;
    case 'venue.correction':
      takeCorrection(core, event.correction);
      return;
    case 'venue.health':
      onVenueHealth(core, event.state, event.detail);
      return;
    case 'venue.breaker':
      onVenueBreaker(core, event.state, event.detail);
      return;
    case 'clock.jump':
    case 'heartbeat.lost':
    case 'journal.fault':
    case 'feed.ended':
      onFault(core, event);
      return;
  }
}
