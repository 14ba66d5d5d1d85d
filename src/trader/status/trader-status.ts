/** The engine's integers as the decimal text that people and other programs read. */
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatMoney, parseMoney } from '../../domain/money.js';
import type { EngineView, OrderView, PositionView, StrategyView } from '../../engine/view.js';
import type { WaitingReason } from '../../engine/why-not-trading.js';
import type { OrderStatus, PositionStatus, StrategyStatus, TraderStatus } from '../protocol.js';

/** The answer has to fit a frame; the counts beside the lists are always whole. */
const ORDERS_SHOWN_MAX = 500;
const DIFFERENCES_SHOWN_MAX = 100;
/** From this starting balance on, two places say everything; below it (a desk in BTC) all eight are shown. */
const TWO_PLACES_FROM = parseMoney('1000');

/** What stays the same while the trader runs. */
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
}

export interface StatusNow {
  readonly view: EngineView;
  readonly notTrading: readonly WaitingReason[];
  readonly sequence: number;
  readonly marketData: TraderStatus['marketData'];
  readonly activity: TraderStatus['activity'];
}

const PPM_PER_PERCENT = 10_000;

type Money = (units: number) => string;

export function traderStatus(facts: StatusFacts, now: StatusNow): TraderStatus {
  const { view } = now;
  const { instruments, startingCash, fileConfigHash, ...constants } = facts;
  const places = startingCash >= TWO_PLACES_FROM ? 2 : 8;
  const money: Money = (units) => formatMoney(Math.round(units), places);
  const { reconciliation } = view;
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
    dayPnl: money(view.equity - view.dayStartEquity),
    drawdownPct: drawdownPct(view),
    peakEquity: money(view.peak),
    positions: view.positions.map((position) => positionStatus(position, instruments, money)),
    orders: view.orders.slice(0, ORDERS_SHOWN_MAX).map((order) => orderStatus(order, instruments)),
    openPositions: view.positions.length,
    openOrders: view.orders.length,
    entriesWorking: view.entriesWorking,
    fills: view.fills,
    venueBreaker: {
      state: view.venueBreaker.state,
      sinceWallMs: view.venueBreaker.sinceMs,
      detail: view.venueBreaker.detail,
    },
    sizePct: view.sizeFactorPpm / PPM_PER_PERCENT,
    goLive: { required: facts.trading === 'live', granted: view.goLive },
    closeAll: view.closeAll,
    reconciliation: {
      ...reconciliation,
      differences: reconciliation.differences.slice(0, DIFFERENCES_SHOWN_MAX),
    },
    notTrading: now.notTrading,
    strategies: view.strategies.map((strategy) => strategyStatus(strategy, instruments, money)),
    risk: view.risk,
    configHash: view.configHash,
    settings: { version: view.settings.version, changed: view.settings.changed, fileConfigHash },
    activity: now.activity,
    rssBytes: process.memoryUsage.rss(),
  };
}

function drawdownPct({ peak, equity }: EngineView): string {
  return peak > 0 ? Math.max(0, ((peak - equity) / peak) * 100).toFixed(2) : '0.00';
}

function positionStatus(
  position: PositionView,
  instruments: readonly Instrument[],
  money: Money,
): PositionStatus {
  const instrument = required(instruments, position.instrument);
  const price = (ticks: number): string => formatDecimal(Math.round(ticks), instrument.tickSize);
  return {
    symbol: instrument.symbol,
    side: position.quantityLots > 0 ? 'long' : 'short',
    quantity: formatDecimal(Math.abs(position.quantityLots), instrument.lotSize),
    averagePrice: price(position.averageTicks),
    markPrice: position.markTicks === null ? null : price(position.markTicks),
    unrealised: money(position.unrealised),
    stopPrice: position.protection === 'missing' ? null : price(position.stopTicks),
    protection: position.protection,
    strategy: position.strategy,
  };
}

function orderStatus(order: OrderView, instruments: readonly Instrument[]): OrderStatus {
  const instrument = required(instruments, order.instrument);
  const priceTicks = order.limitTicks ?? order.stopTicks;
  return {
    clientId: order.clientId,
    symbol: instrument.symbol,
    side: order.side,
    type: order.type,
    purpose: order.purpose,
    state: order.state,
    quantity: formatDecimal(order.quantityLots, instrument.lotSize),
    filled: formatDecimal(order.filledLots, instrument.lotSize),
    price: priceTicks === null ? null : formatDecimal(priceTicks, instrument.tickSize),
    strategy: order.strategy,
  };
}

function strategyStatus(
  strategy: StrategyView,
  instruments: readonly Instrument[],
  money: Money,
): StrategyStatus {
  const { name, enabled, state, trades, wins, lossesInARow, regime, off, nextReviewMs } = strategy;
  const { symbol } = required(instruments, strategy.instrument);
  return {
    name,
    symbol,
    enabled,
    state,
    trades,
    wins,
    realised: money(strategy.realised),
    lossesInARow,
    regime,
    off: off === null ? null : { ...off, nextReviewMarketMs: nextReviewMs },
  };
}

function required(instruments: readonly Instrument[], id: number): Instrument {
  const instrument = instruments[id];
  if (instrument === undefined) throw new RangeError(`no instrument ${id} in this desk`);
  return instrument;
}
