/** A reading of the engine for status and metrics: plain values in the engine's integers. */
import { placesOf } from '../domain/book-steps.js';
import { type OthersCoins, othersLots } from '../domain/cash-and-coins.js';
import { formatDecimal } from '../domain/decimal.js';
import type { ExitPlan, StopGapCause, StopGaps, StopMover } from '../domain/exits.js';
import type { GoLiveEnded, GoLiveGrant } from '../domain/go-live-terms.js';
import type { InstrumentId } from '../domain/instrument.js';
import { decidingHalt, type Halt, type Mode } from '../domain/mode.js';
import { formatUnits, type Units } from '../domain/money.js';
import type { OrderIntent, OrderState } from '../domain/order.js';
import type { OrderCapabilities } from '../domain/order-bounds.js';
import type { SignalStanding } from '../domain/signal.js';
import { isOwned } from '../domain/value.js';
import type { VenueBreaker } from '../domain/venue.js';
import { type RiskReading, riskReadings } from '../limits/registry.js';
import { accountView } from './account-view.js';
import { othersCoins } from './apply-cash.js';
import { averageCost, averageTicks, cashUnits, heldAt, moneyOf, stepsAt } from './books.js';
import type { InstrumentContract } from './config.js';
import {
  allProgress,
  type Core,
  capabilitiesAt,
  exitRules,
  isSideBySide,
  liveOrders,
  progressAt,
} from './core.js';
import { isDust, isDustOf } from './flow/dust.js';
import { isAtBreakEven, timeExitMs } from './flow/exits.js';
import { type ContractPhase, contractPhase } from './flow/expiry.js';
import { isConfirmed, stopsFor, wantedStop } from './flow/wanted-stop.js';
import { restingTargets } from './orders/linked-orders.js';
import { type HeldBackView, heldBackViews, type QuoteView, quoteViews } from './quote-views.js';
import type { Difference } from './record.js';
import {
  type CloseAllState,
  type Holding,
  haltsNow,
  holdingsOf,
  newestHalt,
  openLots,
  type PositionEntry,
  type SettingsState,
  type SignalEntry,
  type StrategyTrack,
  type TradeEntry,
  type TripTotals,
  type UnvaluedFee,
} from './state.js';
import type { Regime } from './strategies/market-meters.js';
import { isEnabled } from './strategies/on-bar.js';
import { restingSignals, standingOf } from './strategies/show-signal.js';
import { warmupMinutes } from './strategies/strategy.js';
import { nextReviewMs, regimeAt } from './strategies/tracker.js';
import { waitingNow } from './strategies/waiting-entries.js';
import { feesAwaitedSum } from './sync/reconcile-cash.js';
import { ownerOf } from './trades/trade.js';
import type { WaitingEntry } from './waiting-entry.js';

/**
 * `confirmed`: one stop for the whole position rests at the venue. `passed`: it rests, and the market is beyond its
 * price.
 * `closing`: no stop can protect the position, and it is being closed at the market. `dust`: below the venue's
 * smallest order.
 */
export type Protection = 'confirmed' | 'pending' | 'missing' | 'passed' | 'closing' | 'dust';

export interface PositionView {
  readonly instrument: InstrumentId;
  readonly quantityLots: number;
  /** Average price in ticks, not rounded. */
  readonly averageTicks: number;
  readonly cost: number;
  /** Bid for a long, ask for a short position. Null: no quote yet. */
  readonly markTicks: number | null;
  readonly unrealised: number;
  readonly realised: number;
  /** Where its protective stop is or belongs. */
  readonly stopTicks: number;
  readonly protection: Protection;
  /** For how long no stop is known to rest for the whole position; one that is being cancelled may. Null: one does. */
  readonly withoutStopMs: number | null;
  /** Of the oldest trade. */
  readonly strategy: string;
  readonly trade: TradeView | null;
  /** Where several strategies may trade the instrument: what each of them holds, oldest first. Empty: it is whole. */
  readonly parts: readonly PartView[];
}

/** One strategy's holding in a position, with its own stop. */
interface PartView extends TradeView {
  readonly strategy: string;
  readonly quantityLots: number;
  /** Of its own lots. Left out: the position's average counts for all, as on spot. */
  readonly averageTicks?: number;
  readonly stopTicks: number;
  readonly protection: Protection;
}

/** An open trade. Amounts in money units. */
export interface TradeView {
  readonly id: string;
  readonly openedMs: number;
  readonly fees: number;
  /** Realised result after all fees so far, plus the unrealised result of the rest. */
  readonly result: number;
  /** What its first stop would have lost. Null: some of it was bought without a stop. */
  readonly risk: number | null;
  /** R multiple: `result` divided by `risk`. */
  readonly r: number | null;
  /** What closes it apart from its stop. Null: nothing. */
  readonly exits: ExitsView | null;
}

export interface ExitsView {
  readonly plan: ExitPlan;
  /** Targets that the market has reached. */
  readonly reached: number;
  /** The next target rests at the venue, linked with the stop. False: the core holds it. */
  readonly rests: boolean;
  readonly movedBy: StopMover | null;
  readonly atBreakEven: boolean;
  /** Market time. Null: no time exit. */
  readonly timeExitMs: number | null;
}

export interface StopGapView extends StopGaps {
  readonly why: StopGapCause;
}

export interface OrderView extends OrderIntent {
  readonly state: OrderState;
  readonly venueId: string | null;
  readonly filledLots: number;
  readonly reason: string;
}

export interface StrategyView {
  readonly name: string;
  readonly instrument: InstrumentId;
  readonly enabled: boolean;
  /** What it waits for, in plain words. */
  readonly state: string;
  readonly barsSeen: number;
  readonly warmupBars: number;
  /** The minutes that those bars span. */
  readonly warmupMinutes: number;
  readonly trades: number;
  readonly wins: number;
  /** After fees, money units. */
  readonly realised: number;
  readonly lossesInARow: number;
  /** Regime of its instrument. */
  readonly regime: Regime;
  /** Null: it is on, or the desk file has it off. */
  readonly off: StrategyTrack['off'];
  /** Market time at which the tracker reviews it. Null: it does not. */
  readonly nextReviewMs: number | null;
}

/** The desk's balance of one currency by its own books; decimal text with every place. */
interface BalanceView {
  readonly asset: string;
  readonly amount: string;
}

/** Dust: a holding that can't be sold on its own, including remainders below a lot. */
interface DustView {
  readonly instrument: InstrumentId;
  /** Decimal text with every place. */
  readonly quantity: string;
  /** At the last price, or at cost if there is none; money units. */
  readonly value: number;
}

export interface CoinsView extends OthersCoins {
  readonly instrument: InstrumentId;
}

/** One signal with its revisions and its present state. */
export interface SignalView extends SignalEntry {
  readonly source: string;
  readonly id: string;
  readonly standing: SignalStanding;
}

export interface ContractView extends InstrumentContract {
  readonly phase: ContractPhase;
}

export interface EngineView {
  /** Newest first. */
  readonly signals: readonly SignalView[];
  /** How many signals were refused since the journal began, by what refused them. */
  readonly signalsRefused: ReadonlyMap<string, number>;
  /** Coins in the account that are not the desk's. Instruments without any are left out. */
  readonly coins: readonly CoinsView[];
  readonly begun: boolean;
  readonly mode: Mode;
  /** One sentence on what keeps the desk from trading: the reason of the halt that is hardest to lift. */
  readonly reason: string;
  readonly halts: readonly Halt[];
  readonly haltId: string | null;
  readonly wallMs: number;
  readonly marketMs: number;
  readonly equity: number;
  /** Cash in the desk's currency, in money units; `balances` has every place. */
  readonly cash: number;
  readonly balances: readonly BalanceView[];
  /** Fees that nobody can value yet; no entries until they can be valued. */
  readonly unvaluedFees: readonly UnvaluedFee[];
  /** Net capital paid in since the journal began, in money units; not a result. */
  readonly capitalMoved: Units;
  /** Value of the fees paid from assets kept for them, in money units: subtracted from equity, not from cash. */
  readonly feesElsewhere: number;
  /** What fees booked as expected are, of fills so new that the venue may still tell them, in money units. */
  readonly feesAwaited: number;
  /** The venue's own id of the account. Null: the venue has not reported it. */
  readonly accountId: string | null;
  /**
   * Cash that the venue has beyond our books (negative: short of them) and nobody has explained, in money
   * units. Null: cash agrees.
   */
  readonly cashUnexplained: Units | null;
  readonly unrealised: number;
  readonly dayStartEquity: number;
  /** The daily loss counts from here. */
  readonly lossesFromEquity: number;
  /** The day's return, in percent, counts from here. */
  readonly returnFromEquity: number;
  readonly peak: number;
  readonly quotes: readonly QuoteView[];
  /** Implausible quotes currently held back. */
  readonly heldBack: readonly HeldBackView[];
  /** Stop gaps since the journal began, by cause. */
  readonly stopGaps: readonly StopGapView[];
  /** Milliseconds since the newest quote of any instrument. */
  readonly lastQuoteAgeMs: number | null;
  /** Positions of whole lots, dust included. */
  readonly positions: readonly PositionView[];
  readonly dust: readonly DustView[];
  /** Live orders. */
  readonly orders: readonly OrderView[];
  /** By instrument: what the venue can do in it, as the core uses it. */
  readonly capabilities: readonly OrderCapabilities[];
  /** Entries that wait in the core, oldest first. */
  readonly waiting: readonly WaitingEntry[];
  /** Live entry orders, and entries that wait in the core. 0 proves a stop. */
  readonly entriesWorking: number;
  readonly fills: number;
  readonly closeAll: CloseAllState;
  readonly reconciliation: {
    readonly state: 'pending' | 'clean' | 'differences' | 'failed';
    readonly atWallMs: number | null;
    readonly differences: readonly Difference[];
  };
  readonly strategies: readonly StrategyView[];
  /** Hash of the configuration that the desk trades by, changed settings included. */
  readonly configHash: string;
  readonly settings: SettingsState;
  /** Instruments that are rolled from month to month. */
  readonly contracts: readonly ContractView[];
  /** Null: no go-live is in force. */
  readonly goLive: GoLiveGrant | null;
  readonly goLiveEnded: GoLiveEnded | null;
  readonly risk: readonly RiskReading[];
  readonly venueBreaker: VenueBreaker;
  /** False from when its adapter says that it is down until it says that it is back. */
  readonly venueIsUp: boolean;
  /** Size factor: parts per million of the full position size. */
  readonly sizeFactorPpm: number;
}

/** Before the engine has read anything. */
export const NOTHING_READ: EngineView = {
  ...{ begun: false, mode: 'HALTED', reason: 'the engine has not begun', halts: [], haltId: null },
  ...{ wallMs: 0, marketMs: 0, accountId: null, configHash: '', risk: [], strategies: [], contracts: [] },
  ...{
    equity: 0,
    cash: 0,
    unrealised: 0,
    dayStartEquity: 0,
    lossesFromEquity: 0,
    returnFromEquity: 0,
    peak: 0,
  },
  ...{
    balances: [],
    unvaluedFees: [],
    capitalMoved: 0n,
    feesElsewhere: 0,
    feesAwaited: 0,
    cashUnexplained: null,
  },
  ...{ signals: [], signalsRefused: new Map(), coins: [], quotes: [], heldBack: [], lastQuoteAgeMs: null },
  ...{ positions: [], dust: [], stopGaps: [], orders: [], capabilities: [], waiting: [] },
  ...{ entriesWorking: 0, fills: 0, closeAll: 'idle', goLive: null, goLiveEnded: null },
  reconciliation: { state: 'pending', atWallMs: null, differences: [] },
  settings: { version: 0, changed: {}, fileValues: {} },
  venueBreaker: { state: 'closed', sinceMs: null, detail: '' },
  venueIsUp: true,
  sizeFactorPpm: 1_000_000,
};

export function readView(core: Core): EngineView {
  const { state, market, sync } = core;
  const orders = core.config.instruments.flatMap(({ id }) => orderViews(core, id));
  const halts = haltsNow(state);
  return {
    begun: core.begun,
    mode: core.begun ? state.mode : 'HALTED',
    reason:
      decidingHalt(halts)?.reason ??
      (core.begun ? 'everything is checked and armed' : 'the engine has not begun'),
    halts,
    haltId: newestHalt(state)?.haltId ?? null,
    wallMs: core.wallMs,
    marketMs: core.marketMs,
    equity: market.equity,
    cash: Number(cashUnits(state)),
    balances: balanceViews(core),
    unvaluedFees: state.unvaluedFees,
    capitalMoved: state.capitalMoved,
    feesElsewhere: Math.round(moneyOf(state.feesElsewhere, state.steps[0] ?? NO_STEPS)),
    feesAwaited: feesAwaitedSum(core),
    accountId: state.config?.accountId ?? null,
    cashUnexplained: sync.cash.unexplained,
    unrealised: state.positions.reduce(
      (sum, position) => sum + market.unrealised(heldAt(state, position)),
      0,
    ),
    dayStartEquity: state.day?.firstEquity ?? market.equity,
    lossesFromEquity: state.day?.startEquity ?? market.equity,
    returnFromEquity: state.day?.returnEquity ?? market.equity,
    peak: Math.max(core.limits.peak, state.peak),
    quotes: quoteViews(core),
    heldBack: heldBackViews(core),
    stopGaps: [...state.stopGaps].map(([why, gaps]) => ({ why, ...gaps })),
    lastQuoteAgeMs:
      market.freshestMonotonicMs < 0 ? null : Math.max(0, core.monotonicMs - market.freshestMonotonicMs),
    coins: core.config.instruments.flatMap(({ id, symbol }) => {
      const coins = othersCoins(state, symbol);
      return othersLots(coins) === 0 ? [] : [{ instrument: id, ...coins }];
    }),
    positions: positionViews(core),
    dust: dustViews(core),
    orders,
    capabilities: core.instruments.map(({ id }) => ({ ...capabilitiesAt(core, id), ...exitRules(core, id) })),
    waiting: [...state.waiting.values()].map((entry) => waitingNow(core, entry)),
    entriesWorking: orders.filter(({ purpose }) => purpose === 'entry').length + state.waiting.size,
    fills: state.counters.fills,
    closeAll: state.closeAll,
    reconciliation: { state: sync.state, atWallMs: sync.atWallMs, differences: state.lastDifferences },
    strategies: strategyViews(core),
    signals: signalViews(core),
    signalsRefused: state.signalsRefused,
    configHash: core.config.configHash,
    settings: state.settings,
    contracts: (core.config.contracts ?? []).flatMap((contract) =>
      contract === null ? [] : [{ ...contract, phase: contractPhase(contract, core.marketMs) }],
    ),
    goLive: state.goLive,
    goLiveEnded: state.goLiveEnded,
    risk: riskReadings(accountView(core), core.config.risk),
    venueBreaker: core.venueBreaker,
    venueIsUp: core.venueDownSinceMs === null,
    sizeFactorPpm: state.sizeFactorPpm,
  };
}

/**
 * Cash, coins held (including what is below a lot), and what was taken from assets kept for fees, as a negative
 * amount.
 */
function balanceViews({ state }: Core): BalanceView[] {
  const totals = new Map(state.balances);
  for (const position of state.positions) {
    const { base, perLot } = stepsAt(state, position.instrument);
    const instrument = state.config?.instruments[position.instrument];
    const held = BigInt(position.quantityLots) * perLot + position.remainder;
    if (instrument !== undefined && isOwned(instrument) && held !== 0n)
      totals.set(base, (totals.get(base) ?? 0n) + held);
  }
  return [...totals].map(([asset, units]) => ({
    asset,
    amount: formatUnits(units, placesOf(state.scales, asset)),
  }));
}

const SIGNALS_SHOWN_MAX = 50;

const NO_STEPS = { perMoney: 1n };

function tripMoney({ state }: Core, { instrument, realised }: TripTotals): number {
  return Math.round(moneyOf(realised, stepsAt(state, instrument)));
}

function positionViews(core: Core): PositionView[] {
  const { market } = core;
  return core.state.positions
    .filter((position) => openLots(position) !== 0)
    .map((position) => {
      const at = position.instrument;
      const steps = stepsAt(core.state, at);
      const held = heldAt(core.state, position);
      const unrealised = market.unrealised(held);
      const marks = position.quantityLots > 0 ? market.bidTicks : market.askTicks;
      return {
        instrument: at,
        quantityLots: position.quantityLots,
        averageTicks: averageCost(core.state, position),
        cost: market.costNow(held),
        markTicks: market.hasQuote(at) ? (marks[at] as number) : null,
        unrealised,
        realised: Math.round(moneyOf(position.realised, steps)),
        stopTicks: nearestStop(core, position),
        protection: weakest(holdingsOf(position).map((holding) => protectionOf(core, holding))),
        withoutStopMs: withoutStopMs(core, at),
        strategy: ownerOf(holdingsOf(position)[0]),
        trade: tradeView(core, holdingsOf(position)[0] ?? position),
        parts: partViews(core, position),
      };
    });
}

/** The stop that the market would reach first; with trades on both sides, among those on the larger side. */
function nearestStop(core: Core, position: PositionEntry): number {
  const isLong = openLots(position) > 0;
  const held = holdingsOf(position).filter(({ quantityLots }) => quantityLots > 0 === isLong);
  const protectable = held.filter((holding) => !isDustOf(core, holding));
  const ticks = (protectable.length > 0 ? protectable : held).map(
    (holding) => wantedStop(core, holding).stopTicks,
  );
  return isLong ? Math.max(...ticks) : Math.min(...ticks);
}

const WEAKEST_FIRST = ['passed', 'closing', 'missing', 'pending', 'confirmed', 'dust'] as const;

function weakest(all: readonly Protection[]): Protection {
  return WEAKEST_FIRST.find((protection) => all.includes(protection)) ?? 'missing';
}

function partViews(core: Core, position: PositionEntry): PartView[] {
  if (position.parts.length === 0) return [];
  return holdingsOf(position).flatMap((holding) => {
    const trade = tradeView(core, holding);
    if (trade === null) return [];
    const { quantityLots } = holding;
    const { stopTicks } = wantedStop(core, holding);
    const protection = protectionOf(core, holding);
    const average = isSideBySide(core, holding.instrument)
      ? { averageTicks: averageTicks(core.state, holding) }
      : {};
    return [{ ...trade, strategy: ownerOf(holding), quantityLots, ...average, stopTicks, protection }];
  });
}

function dustViews(core: Core): DustView[] {
  const { state, market } = core;
  return state.positions.flatMap((position) => {
    const { instrument: at, quantityLots, remainder } = position;
    const instrument = state.config?.instruments[at];
    // Below zero if the fill of a sale arrived before that of its purchase: that is owed, not left over.
    if (instrument === undefined || (openLots(position) === 0 ? remainder <= 0n : !isDust(core, at)))
      return [];
    const { base, perLot } = stepsAt(state, at);
    const held = BigInt(quantityLots) * perLot + remainder;
    const quantity =
      remainder === 0n
        ? formatDecimal(quantityLots, instrument.lotSize)
        : formatUnits(held, placesOf(state.scales, base));
    const worth = heldAt(state, position);
    return [{ instrument: at, quantity, value: market.costNow(worth) + market.unrealised(worth) }];
  });
}

function tradeView(core: Core, holding: Holding): TradeView | null {
  const { trade, instrument } = holding;
  if (trade === null) return null;
  const unrealised = core.market.unrealised(heldAt(core.state, holding));
  const steps = stepsAt(core.state, instrument);
  const money = (units: Units): number => Math.round(moneyOf(units, steps));
  const result = money(trade.result) + unrealised;
  const risk = trade.risk === null ? null : money(trade.risk);
  const { id, openedMs } = trade;
  const r = risk ? result / risk : null;
  return {
    id,
    openedMs,
    fees: money(trade.fees),
    result,
    risk,
    r,
    exits: exitsView(core, instrument, trade),
  };
}

function exitsView(core: Core, at: InstrumentId, trade: TradeEntry): ExitsView | null {
  const { exits } = trade;
  if (exits === undefined) return null;
  const { plan, reached, movedBy } = exits;
  const rests = restingTargets(core, at).some(isConfirmed);
  return {
    plan,
    reached,
    rests,
    movedBy,
    atBreakEven: isAtBreakEven(core, at, trade),
    timeExitMs: timeExitMs(exits),
  };
}

function protectionOf(core: Core, holding: Holding): Protection {
  const at = holding.instrument;
  const lots = Math.abs(holding.quantityLots);
  const { securing, overrunSinceMs } = progressAt(core, at);
  if (isDustOf(core, holding)) return 'dust';
  if (securing !== null) return 'closing';
  if (overrunSinceMs !== null) return 'passed';
  const stops = stopsFor(core, holding);
  if (stops.some((stop) => stop.intent.quantityLots - stop.filledLots === lots && isConfirmed(stop)))
    return 'confirmed';
  return stops.length > 0 ? 'pending' : 'missing';
}

function withoutStopMs(core: Core, at: InstrumentId): number | null {
  const begun = allProgress(progressAt(core, at)).flatMap(({ stopGap }) => stopGap?.sinceMs ?? []);
  return begun.length === 0 ? null : Math.max(0, Math.ceil(core.monotonicMs - Math.min(...begun)));
}

function orderViews(core: Core, at: InstrumentId): OrderView[] {
  return liveOrders(core, at).map(({ intent, state, venueId, filledLots, reason }) => ({
    ...intent,
    state,
    venueId,
    filledLots,
    reason,
  }));
}

/** The newest remembered signals, as many as people look at. */
function signalViews(core: Core): SignalView[] {
  if (core.state.signals.size === 0) return [];
  const newest = [...core.state.signals].slice(-SIGNALS_SHOWN_MAX).reverse();
  const resting = restingSignals(core);
  return newest.map(([key, entry]) => {
    const at = key.indexOf('/');
    return {
      ...{ source: key.slice(0, at), id: key.slice(at + 1) },
      ...entry,
      standing: standingOf(core, entry, resting),
    };
  });
}

function strategyViews(core: Core): StrategyView[] {
  return core.slots.map((slot) => {
    const track = core.state.tracks.get(slot.name);
    const trips = core.state.trips.get(`${slot.name}/${slot.instrument.id}`);
    return {
      name: slot.name,
      instrument: slot.instrument.id,
      enabled: isEnabled(core, slot),
      state: slot.strategy.state(),
      barsSeen: slot.barsSeen,
      warmupBars: slot.strategy.warmupBars,
      warmupMinutes: warmupMinutes(slot.strategy),
      trades: trips?.trades ?? 0,
      wins: trips?.wins ?? 0,
      realised: trips === undefined ? 0 : tripMoney(core, trips),
      lossesInARow: track?.lossesInARow ?? 0,
      regime: regimeAt(core, slot),
      off: track?.off ?? null,
      nextReviewMs: nextReviewMs(core, slot.name),
    };
  });
}
