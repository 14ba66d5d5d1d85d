/** Converts the engine's integers to the decimal text that people and other programs read. */
import type {
  CoinsStatus,
  OrderStatus,
  PositionStatus,
  SignalStatus,
  StopGapStatus,
  StrategyStatus,
  TraderStatus,
  TradeStatus,
  WaitingEntryStatus,
} from '../../contracts/trader-status.js';
import type { LoadedDesk } from '../../desk/load.js';
import { formatDecimal } from '../../domain/decimal.js';
import { placed, trimmed } from '../../domain/figure-text.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { formatMoney, parseMoney, percentOfPpm } from '../../domain/money.js';
import { shownTicks } from '../../domain/order.js';
import { capabilityWords } from '../../domain/order-bounds.js';
import { waitingWords } from '../../domain/order-words.js';
import { momentWords, type SessionCalendar } from '../../domain/sessions/session-calendar.js';
import type { VenueContract } from '../../domain/venue.js';
import {
  type CoinsView,
  type EngineView,
  NOTHING_READ,
  type OrderView,
  type PositionView,
  type Protection,
  type SignalView,
  type StopGapView,
  type StrategyView,
  type TradeView,
} from '../../engine/view.js';
import type { WaitingEntry } from '../../engine/waiting-entry.js';
import type { WaitingReason } from '../../limits/limit.js';
import { fallPct } from '../../limits/loss-floors.js';
import { contractsStatus, exitsStatus } from './instrument-status.js';

/** The answer must fit a frame; the counts next to the lists are always complete. */
const ORDERS_SHOWN_MAX = 500;
const DIFFERENCES_SHOWN_MAX = 100;
/** From this starting balance on, two places are enough; below it (a desk in BTC) all eight are shown. */
const TWO_PLACES_FROM = parseMoney('1000');

/** The facts that stay the same while the trader runs. */
export interface StatusFacts {
  readonly desk: string;
  readonly fileConfigHash: string;
  readonly incarnation: string;
  readonly startedWallMs: number;
  readonly trading: TraderStatus['trading'];
  readonly account: TraderStatus['account'];
  readonly currency: string;
  readonly startingCash: number;
  readonly instruments: readonly Instrument[];
  /** Of each instrument, in the same order. */
  readonly calendars: readonly SessionCalendar[];
}

export interface StatusNow {
  readonly view: EngineView;
  readonly venueContracts: readonly VenueContract[];
  readonly notTrading: readonly WaitingReason[];
  readonly sequence: number;
  readonly marketData: TraderStatus['marketData'];
  readonly activity: TraderStatus['activity'];
  /** Market time since when an entry has been waiting. */
  readonly waitingSinceMs: (clientId: string) => number | null;
}

export function traderStatus(facts: StatusFacts, now: StatusNow): TraderStatus {
  const { view } = now;
  const { instruments, calendars, startingCash, fileConfigHash, ...constants } = facts;
  const places = startingCash >= TWO_PLACES_FROM ? 2 : 8;
  const money = (units: number): string => formatMoney(Math.round(units), places);
  const instrumentOf = (id: InstrumentId): Instrument => required(instruments, id);
  const { reconciliation } = view;
  const contracts = contractsStatus({
    ...{ instruments, rolled: view.contracts, atVenue: now.venueContracts },
    marketMs: now.marketData.marketMs,
  });
  const open = view.positions.filter(isOpen);
  return {
    ...constants,
    mode: view.mode,
    reason: view.reason,
    halts: view.halts,
    haltId: view.haltId,
    sequence: now.sequence,
    pid: process.pid,
    marketData: now.marketData,
    equity: money(view.equity),
    cash: money(view.cash),
    dayStartEquity: money(view.dayStartEquity),
    lossesCountFrom: money(view.lossesFromEquity),
    returnCountsFrom: money(view.returnFromEquity),
    dayPnl: money(view.equity - view.dayStartEquity),
    drawdownPct: fallPct(view.peak, view.equity),
    peakEquity: money(view.peak),
    books: booksOf(view),
    positions: open.map((position) => positionStatus(position, instrumentOf(position.instrument), money)),
    stopGaps: view.stopGaps.map(stopGapStatus),
    coins: view.coins.map((coins) => coinsStatus(coins, instrumentOf(coins.instrument))),
    dust: view.dust.map(({ instrument, quantity, value }) => ({
      symbol: instrumentOf(instrument).symbol,
      quantity,
      value: money(value),
    })),
    orders: view.orders
      .slice(0, ORDERS_SHOWN_MAX)
      .map((order) => orderStatus(order, instrumentOf(order.instrument))),
    openPositions: open.length,
    openOrders: view.orders.length,
    entriesWorking: view.entriesWorking,
    ...(view.waiting.length === 0
      ? {}
      : {
          waitingEntries: view.waiting.map((entry) =>
            waitingStatus(entry, {
              instrument: instrumentOf(entry.instrument),
              calendar: calendars[entry.instrument],
              marketMs: view.marketMs,
              sinceMs: now.waitingSinceMs(entry.clientId),
            }),
          ),
        }),
    capabilities: instruments.map(({ id, symbol }) => {
      const can = required(view.capabilities, id);
      const targetsWait = can.linksOrders ? 'venue' : 'desk';
      return { symbol, targetsWait, ...capabilityWords(can) };
    }),
    fills: view.fills,
    venueBreaker: {
      state: view.venueBreaker.state,
      sinceWallMs: view.venueBreaker.sinceMs,
      detail: view.venueBreaker.detail,
    },
    venueIsUp: view.venueIsUp,
    sizePct: percentOfPpm(view.sizeFactorPpm),
    goLive: { required: facts.trading === 'live', granted: view.goLive, ended: view.goLiveEnded },
    closeAll: view.closeAll,
    reconciliation: {
      ...reconciliation,
      differences: reconciliation.differences.slice(0, DIFFERENCES_SHOWN_MAX),
    },
    notTrading: now.notTrading,
    strategies: view.strategies.map((strategy) =>
      strategyStatus(strategy, instrumentOf(strategy.instrument)),
    ),
    signals: {
      newest: view.signals.map((signal) => signalStatus(signal, instruments)),
      refused: [...view.signalsRefused].map(([limit, count]) => ({ limit, count })),
    },
    risk: view.risk,
    configHash: view.configHash,
    settings: { version: view.settings.version, changed: view.settings.changed, fileConfigHash },
    ...(contracts.length === 0 ? {} : { contracts }),
    activity: now.activity,
    rssBytes: process.memoryUsage.rss(),
  };
}

interface StartingFacts {
  readonly loaded: LoadedDesk;
  readonly incarnation: string;
  /** Sequence of the newest record, so followers don't conclude that the journal was set back. */
  readonly sequence: number;
  readonly startedWallMs: number;
  readonly nowMs: number;
  /** What the trader is doing, as the end of a sentence. */
  readonly doing: string;
}

/** Before the engine can report its own: that of one that has read nothing, without what nobody knows yet. */
export function startingStatus({ loaded, nowMs, doing, sequence, ...facts }: StartingFacts): TraderStatus {
  const { desk, configHash } = loaded;
  const reason = `the trader is starting: ${doing}`;
  const { venueIsUp: _, ...status } = traderStatus(
    {
      ...{ ...facts, desk: desk.desk, fileConfigHash: configHash, trading: desk.mode },
      ...{ account: { name: 'not chosen yet', resting: [] }, currency: desk.paper.currency },
      ...{ startingCash: TWO_PLACES_FROM, instruments: [], calendars: [] },
    },
    {
      view: { ...NOTHING_READ, reason, configHash },
      ...{ venueContracts: [], sequence, activity: [], waitingSinceMs: () => null },
      notTrading: [{ subject: 'desk', reason, waitsFor: 'the start to be finished' }],
      marketData: {
        ...{
          kind: 'simulated',
          identity: '',
          label: 'not chosen yet',
          simulated: true,
          speed: null,
          seed: null,
        },
        ...{ venue: null, files: [], marketMs: nowMs, state: 'waiting', lastQuoteAgeMs: null },
        ...{ lastPrices: [], heldBack: [] },
      },
    },
  );
  const { required, granted } = status.goLive;
  return { ...status, starting: true, goLive: { required, granted } };
}

/** With every place: readers add these amounts up, and round the sum. */
const exact = (units: number): string => placed(trimmed(formatMoney(Math.round(units))), null);

const UNVALUED_SHOWN_MAX = 100;

function booksOf(view: EngineView): TraderStatus['books'] {
  const { balances, capitalMoved, feesElsewhere, feesAwaited, cashUnexplained, unvaluedFees } = view;
  return {
    balances,
    capitalMoved: formatMoney(capitalMoved),
    feesElsewhere: formatMoney(feesElsewhere),
    feesAwaited: formatMoney(feesAwaited),
    cashUnexplained: cashUnexplained === null ? null : formatMoney(cashUnexplained),
    unvaluedFees: unvaluedFees.slice(0, UNVALUED_SHOWN_MAX).map(({ asset, amount }) => ({ asset, amount })),
  };
}

function required<One>(ofInstruments: readonly One[], id: InstrumentId): One {
  const found = ofInstruments[id];
  if (found === undefined) throw new RangeError(`no instrument ${id} in this desk`);
  return found;
}

interface WaitingAt {
  readonly instrument: Instrument;
  readonly calendar: SessionCalendar | undefined;
  readonly marketMs: number;
  readonly sinceMs: number | null;
}

function waitingStatus(
  entry: WaitingEntry,
  { instrument: { symbol, tickSize }, calendar, marketMs, sinceMs }: WaitingAt,
): WaitingEntryStatus {
  const { clientId, side, type, strategy, fromMs, protectTicks } = entry;
  const price = (ticks: number): string => formatDecimal(ticks, tickSize);
  const from =
    fromMs === null || calendar === undefined ? '' : `, from ${momentWords(calendar, fromMs, marketMs)} on`;
  const waits = waitingWords(entry, price) + from;
  return { clientId, symbol, side, type, strategy, waits, stop: price(protectTicks), sinceMs };
}

/** A live order, in the decimal text that people and other programs read. */
function orderStatus(order: OrderView, instrument: Instrument): OrderStatus {
  const priceTicks = shownTicks(order);
  const text = (ticks: number) => formatDecimal(ticks, instrument.tickSize);
  const { type, limitTicks } = order;
  return {
    clientId: order.clientId,
    symbol: instrument.symbol,
    side: order.side,
    type: order.type,
    purpose: order.purpose,
    state: order.state,
    quantity: formatDecimal(order.quantityLots, instrument.lotSize),
    filled: formatDecimal(order.filledLots, instrument.lotSize),
    price: priceTicks === null ? null : text(priceTicks),
    ...(type === 'stop' && limitTicks !== null ? { worstPrice: text(limitTicks) } : {}),
    strategy: order.strategy,
  };
}

/** A strategy: what it earned, what it waits for, and who switched it off. */
function strategyStatus(strategy: StrategyView, { symbol }: Instrument): StrategyStatus {
  const { name, enabled, state, trades, wins, lossesInARow, regime, off, nextReviewMs } = strategy;
  return {
    name,
    symbol,
    enabled,
    state,
    trades,
    wins,
    realised: exact(strategy.realised),
    lossesInARow,
    regime,
    off: off === null ? null : { ...off, nextReviewMarketMs: nextReviewMs },
  };
}

function signalStatus(view: SignalView, instruments: readonly Instrument[]): SignalStatus {
  const { source, id, signal, standing, expiresMs, refused } = view;
  const instrument = signal === null ? undefined : instruments[signal.instrument];
  const price = (ticks: number): string => formatDecimal(ticks, instrument?.tickSize ?? '1');
  const priceOrNone = (ticks: number | null | undefined): string | null =>
    ticks == null ? null : price(ticks);
  return {
    ...{ source, id, standing, expiresMs, reason: refused?.reason ?? null },
    revision: signal?.revision ?? null,
    symbol: instrument?.symbol ?? null,
    action: signal?.action ?? null,
    entry: priceOrNone(signal?.entryTicks),
    stop: priceOrNone(signal?.stopTicks),
    targets: signal?.targetTicks.map(price) ?? [],
    issuedMs: signal?.issuedMs ?? null,
    text: signal?.text ?? '',
  };
}

/** Stop gaps of one cause, with the market time of the longest. */
function stopGapStatus({ marketMs, ...gaps }: StopGapView): StopGapStatus {
  return { ...gaps, atMarketMs: marketMs };
}

function coinsStatus(coins: CoinsView, { symbol, lotSize }: Instrument): CoinsStatus {
  const amount = (lots: number): string => formatDecimal(lots, lotSize);
  const { nobodys, foreign, toMove } = coins;
  return { symbol, nobodys: amount(nobodys), foreign: amount(foreign), toMove: amount(toMove) };
}

/** More than dust. */
type OpenPosition = PositionView & { readonly protection: PositionStatus['protection'] };

const isOpen = (position: PositionView): position is OpenPosition => position.protection !== 'dust';

function positionStatus(
  position: OpenPosition,
  instrument: Instrument,
  money: (units: number) => string,
): PositionStatus {
  const price = (ticks: number): string => formatDecimal(Math.round(ticks), instrument.tickSize);
  return {
    symbol: instrument.symbol,
    side: sideOf(position),
    quantity: formatDecimal(Math.abs(position.quantityLots), instrument.lotSize),
    averagePrice: price(position.averageTicks),
    markPrice: position.markTicks === null ? null : price(position.markTicks),
    unrealised: exact(position.unrealised),
    ...stopStatus(position, price),
    withoutStopMs: position.withoutStopMs,
    strategy: position.strategy,
    trade: position.trade === null ? null : tradeStatus(position.trade, instrument, money),
    ...(position.parts.length === 0
      ? {}
      : {
          parts: position.parts.map((part) => ({
            ...tradeStatus(part, instrument, money),
            strategy: part.strategy,
            quantity: formatDecimal(Math.abs(part.quantityLots), instrument.lotSize),
            ...(part.averageTicks === undefined
              ? {}
              : { side: sideOf(part), averagePrice: price(part.averageTicks) }),
            ...stopStatus(part, price),
          })),
        }),
  };
}

/** Opposite trades may net to nothing at the venue: the position then has the side of the oldest trade. */
function sideOf({
  quantityLots,
  parts = [],
}: { readonly quantityLots: number } & Partial<Pick<PositionView, 'parts'>>): PositionStatus['side'] {
  return (quantityLots === 0 ? (parts[0]?.quantityLots ?? 0) : quantityLots) > 0 ? 'long' : 'short';
}

const WITHOUT_STOP: readonly Protection[] = ['missing', 'closing', 'dust'];

function stopStatus<P extends Protection>(
  { protection, stopTicks }: { readonly protection: P; readonly stopTicks: number },
  price: (ticks: number) => string,
): { readonly stopPrice: string | null; readonly protection: P } {
  return { stopPrice: WITHOUT_STOP.includes(protection) ? null : price(stopTicks), protection };
}

function tradeStatus(
  trade: TradeView,
  instrument: Instrument,
  money: (units: number) => string,
): TradeStatus {
  const { id, openedMs, fees, result, risk, r, exits } = trade;
  return {
    id,
    openedMs,
    fees: money(fees),
    result: money(result),
    risk: risk === null ? null : money(risk),
    r: r === null ? null : r.toFixed(2),
    ...(exits === null ? {} : { exits: exitsStatus(exits, instrument) }),
  };
}
