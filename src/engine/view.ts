/** A reading of the engine for status and metrics: plain values, in the engine's integers. */
import type { GoLiveGrant } from '../domain/go-live.js';
import type { InstrumentId } from '../domain/instrument.js';
import type { Halt, Mode } from '../domain/mode.js';
import type { OrderIntent, OrderState } from '../domain/order.js';
import type { VenueBreaker } from './breakers/venue-breaker.js';
import { type Core, liveOrders } from './core.js';
import { liveStops } from './flow/flatten.js';
import { isConfirmed, wantedStop } from './flow/protect.js';
import type { Difference } from './record.js';
import { type RiskReading, riskReadings } from './risk/readings.js';
import { type CloseAllState, newestDeskHalt, type SettingsState, type StrategyTrack } from './state.js';
import { isEnabled } from './strategies/on-bar.js';
import type { Regime } from './strategies/regime.js';
import { nextReviewMs, regimeAt } from './strategies/tracker.js';

export interface PositionView {
  readonly instrument: InstrumentId;
  readonly quantityLots: number;
  /** Average price in ticks, not rounded. */
  readonly averageTicks: number;
  readonly cost: number;
  /** Bid of a long, ask of a short position; null before the first quote. */
  readonly markTicks: number | null;
  readonly unrealised: number;
  readonly realised: number;
  /** Where its protective stop is, or belongs. */
  readonly stopTicks: number;
  readonly protection: 'confirmed' | 'pending' | 'missing';
  readonly strategy: string;
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
  readonly trades: number;
  readonly wins: number;
  /** After fees, money units. */
  readonly realised: number;
  readonly lossesInARow: number;
  /** Of its instrument. */
  readonly regime: Regime;
  /** Null while it is on, or off since the desk file says so. */
  readonly off: StrategyTrack['off'];
  /** Market time at which the tracker looks at it again; null: it doesn't. */
  readonly nextReviewMs: number | null;
}

export interface QuoteView {
  readonly instrument: InstrumentId;
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly ageMs: number;
}

export interface EngineView {
  readonly begun: boolean;
  readonly mode: Mode;
  /** One sentence: why the mode is what it is. */
  readonly reason: string;
  readonly halts: readonly Halt[];
  readonly haltId: string | null;
  readonly wallMs: number;
  readonly marketMs: number;
  readonly equity: number;
  readonly cash: number;
  readonly unrealised: number;
  readonly dayStartEquity: number;
  readonly peak: number;
  readonly quotes: readonly QuoteView[];
  /** Wall milliseconds since the newest quote of any instrument. */
  readonly lastQuoteAgeMs: number | null;
  /** Open positions only. */
  readonly positions: readonly PositionView[];
  /** Orders that are not final. */
  readonly orders: readonly OrderView[];
  /** Entry orders that are not final: 0 proves a stop. */
  readonly entriesWorking: number;
  readonly fills: number;
  readonly closeAll: CloseAllState;
  readonly reconciliation: {
    readonly state: 'pending' | 'clean' | 'differences' | 'failed';
    readonly atWallMs: number | null;
    readonly differences: readonly Difference[];
  };
  readonly strategies: readonly StrategyView[];
  /** With what was changed since the start: the hash of what the desk trades by. */
  readonly configHash: string;
  readonly settings: SettingsState;
  /** Null: no go-live is in force. */
  readonly goLive: GoLiveGrant | null;
  readonly risk: readonly RiskReading[];
  readonly venueBreaker: VenueBreaker;
  /** Parts per million of the desk file's position size that are used now. */
  readonly sizeFactorPpm: number;
}

export function readView(core: Core): EngineView {
  const { state, market, sync } = core;
  const newest = newestDeskHalt(state);
  const orders = core.config.instruments.flatMap(({ id }) => orderViews(core, id));
  return {
    begun: core.begun,
    mode: core.begun ? state.mode : 'HALTED',
    reason: newest?.reason ?? (core.begun ? 'everything is checked and armed' : 'the engine has not begun'),
    halts: state.halts,
    haltId: newest?.haltId ?? null,
    wallMs: core.wallMs,
    marketMs: core.marketMs,
    equity: market.equity,
    cash: state.cash,
    unrealised: state.positions.reduce((sum, position) => sum + market.unrealised(position), 0),
    dayStartEquity: state.day?.startEquity ?? market.equity,
    peak: Math.max(core.limits.peak, state.peak),
    quotes: quoteViews(core),
    lastQuoteAgeMs: market.freshestWallMs < 0 ? null : Math.max(0, core.wallMs - market.freshestWallMs),
    positions: positionViews(core),
    orders,
    entriesWorking: orders.filter(({ purpose }) => purpose === 'entry').length,
    fills: state.counters.fills,
    closeAll: state.closeAll,
    reconciliation: { state: sync.state, atWallMs: sync.atWallMs, differences: state.lastDifferences },
    strategies: strategyViews(core),
    configHash: core.config.configHash,
    settings: state.settings,
    goLive: state.goLive,
    risk: riskReadings(core),
    venueBreaker: core.venueBreaker,
    sizeFactorPpm: state.sizeFactorPpm,
  };
}

function quoteViews({ config, market, wallMs }: Core): QuoteView[] {
  return config.instruments.flatMap(({ id }) => {
    const ageMs = market.quoteAgeMs(id, wallMs);
    if (ageMs === null) return [];
    const bidTicks = market.bidTicks[id] as number;
    return [{ instrument: id, bidTicks, askTicks: market.askTicks[id] as number, ageMs: Math.max(0, ageMs) }];
  });
}

function positionViews(core: Core): PositionView[] {
  const { market } = core;
  return core.state.positions
    .filter(({ quantityLots }) => quantityLots !== 0)
    .map((position) => {
      const at = position.instrument;
      const perTickLot = core.config.instruments[at]?.moneyPerTickLot ?? 1;
      const marks = position.quantityLots > 0 ? market.bidTicks : market.askTicks;
      return {
        instrument: at,
        quantityLots: position.quantityLots,
        averageTicks: position.cost / (position.quantityLots * perTickLot),
        cost: position.cost,
        markTicks: market.hasQuote(at) ? (marks[at] as number) : null,
        unrealised: market.unrealised(position),
        realised: position.realised,
        stopTicks: wantedStop(core, position).stopTicks,
        protection: protectionOf(core, at, Math.abs(position.quantityLots)),
        strategy: position.strategy,
      };
    });
}

function protectionOf(core: Core, at: InstrumentId, lots: number): PositionView['protection'] {
  const stops = liveStops(core, at);
  const covering = stops.find((stop) => stop.intent.quantityLots - stop.filledLots === lots);
  if (covering !== undefined && isConfirmed(covering)) return 'confirmed';
  return stops.length > 0 ? 'pending' : 'missing';
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
      trades: trips?.trades ?? 0,
      wins: trips?.wins ?? 0,
      realised: trips?.realised ?? 0,
      lossesInARow: track?.lossesInARow ?? 0,
      regime: regimeAt(core, slot),
      off: track?.off ?? null,
      nextReviewMs: nextReviewMs(core, slot.name),
    };
  });
}
