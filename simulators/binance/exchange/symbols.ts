/** The symbols that can be traded on the simulator, with the venue's own filters. */
import { formatUnits, onGrid, units } from '../units.js';
import type { SelfTradeMode } from './order.js';

export interface TradedSymbol {
  readonly name: string;
  readonly base: string;
  readonly quote: string;
  tickSize: bigint;
  stepSize: bigint;
  readonly minQty: bigint;
  maxQty: bigint;
  /** The limit for market orders. */
  marketMaxQty: bigint;
  readonly minNotional: bigint;
  readonly startPrice: bigint;
  /** Whether a stop may become a market order; if not, it can only become a limit order. */
  readonly stopLossMarket: boolean;
  readonly selfTradeDefault: SelfTradeMode;
  readonly selfTradeModes: readonly SelfTradeMode[];
  readonly amendAllowed: boolean;
  readonly cancelReplaceAllowed: boolean;
  status: 'TRADING' | 'BREAK' | 'HALT';
}

export interface SymbolOptions {
  readonly base: string;
  readonly quote?: string;
  readonly price: string;
  readonly tickSize?: string;
  readonly stepSize?: string;
  readonly minQty?: string;
  readonly maxQty?: string;
  readonly marketMaxQty?: string;
  readonly minNotional?: string;
  readonly stopLossMarket?: boolean;
  readonly selfTradeModes?: readonly SelfTradeMode[];
  readonly amendAllowed?: boolean;
  readonly cancelReplaceAllowed?: boolean;
}

export function tradedSymbol(options: SymbolOptions): TradedSymbol {
  const quote = options.quote ?? 'USDT';
  const stepSize = units(options.stepSize ?? '0.0001');
  const tickSize = units(options.tickSize ?? '0.01');
  const maxQty = units(options.maxQty ?? '9000000');
  return {
    name: `${options.base}${quote}`,
    base: options.base,
    quote,
    tickSize,
    stepSize,
    minQty: options.minQty === undefined ? stepSize : units(options.minQty),
    maxQty: onGrid(maxQty, stepSize),
    marketMaxQty: options.marketMaxQty === undefined ? onGrid(maxQty, stepSize) : units(options.marketMaxQty),
    minNotional: units(options.minNotional ?? '5'),
    startPrice: units(options.price),
    stopLossMarket: options.stopLossMarket ?? true,
    selfTradeDefault: options.selfTradeModes?.[0] ?? 'EXPIRE_MAKER',
    selfTradeModes: options.selfTradeModes ?? ['EXPIRE_MAKER', 'EXPIRE_TAKER', 'EXPIRE_BOTH', 'DECREMENT'],
    amendAllowed: options.amendAllowed ?? true,
    cancelReplaceAllowed: options.cancelReplaceAllowed ?? true,
    status: 'TRADING',
  };
}

export const DEFAULT_SYMBOLS: readonly SymbolOptions[] = [
  { base: 'BTC', price: '60000', tickSize: '0.01', stepSize: '0.00001', marketMaxQty: '120' },
  { base: 'ETH', price: '3000', tickSize: '0.01', stepSize: '0.0001', marketMaxQty: '2400' },
  { base: 'BNB', price: '600', tickSize: '0.01', stepSize: '0.001', marketMaxQty: '6000' },
  {
    base: 'SOL',
    price: '150',
    tickSize: '0.01',
    stepSize: '0.001',
    marketMaxQty: '20000',
    stopLossMarket: false,
  },
];

const PERCENT_UP = 5n;

/** Prices outside these bounds are refused: five times the market price, and one fifth of it. */
export function percentPriceBounds(price: bigint): { readonly low: bigint; readonly high: bigint } {
  return { low: price / PERCENT_UP, high: price * PERCENT_UP };
}

/** Fees have up to eight places; the venue rounds nothing else. */
export function symbolInfo(symbol: TradedSymbol): object {
  const orderTypes = ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'];
  if (symbol.stopLossMarket) orderTypes.push('STOP_LOSS', 'TAKE_PROFIT');
  return {
    symbol: symbol.name,
    status: symbol.status,
    baseAsset: symbol.base,
    baseAssetPrecision: 8,
    quoteAsset: symbol.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes,
    icebergAllowed: false,
    ocoAllowed: true,
    otoAllowed: true,
    opoAllowed: false,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: symbol.cancelReplaceAllowed,
    amendAllowed: symbol.amendAllowed,
    pegInstructionsAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: symbolFilters(symbol),
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: symbol.selfTradeDefault,
    allowedSelfTradePreventionModes: symbol.selfTradeModes,
  };
}

export function symbolFilters(symbol: TradedSymbol): object[] {
  return [
    {
      filterType: 'PRICE_FILTER',
      minPrice: formatUnits(symbol.tickSize),
      maxPrice: '10000000.00000000',
      tickSize: formatUnits(symbol.tickSize),
    },
    {
      filterType: 'LOT_SIZE',
      minQty: formatUnits(symbol.minQty),
      maxQty: formatUnits(symbol.maxQty),
      stepSize: formatUnits(symbol.stepSize),
    },
    {
      filterType: 'MARKET_LOT_SIZE',
      minQty: '0.00000000',
      maxQty: formatUnits(symbol.marketMaxQty),
      stepSize: '0.00000000',
    },
    {
      filterType: 'PERCENT_PRICE_BY_SIDE',
      bidMultiplierUp: '5',
      bidMultiplierDown: '0.2',
      askMultiplierUp: '5',
      askMultiplierDown: '0.2',
      avgPriceMins: AVERAGE_MINUTES,
    },
    {
      filterType: 'NOTIONAL',
      minNotional: formatUnits(symbol.minNotional),
      applyMinToMarket: true,
      maxNotional: '9000000.00000000',
      applyMaxToMarket: false,
      avgPriceMins: AVERAGE_MINUTES,
    },
    { filterType: 'MAX_NUM_ORDERS', maxNumOrders: MAX_OPEN_ORDERS },
    { filterType: 'MAX_NUM_ALGO_ORDERS', maxNumAlgoOrders: MAX_STOP_ORDERS },
    { filterType: 'MAX_NUM_ORDER_LISTS', maxNumOrderLists: MAX_ORDER_LISTS },
    { filterType: 'MAX_NUM_ORDER_AMENDS', maxNumOrderAmends: MAX_AMENDS },
    {
      filterType: 'TRAILING_DELTA',
      minTrailingAboveDelta: TRAILING_DELTA.min,
      maxTrailingAboveDelta: TRAILING_DELTA.max,
      minTrailingBelowDelta: TRAILING_DELTA.min,
      maxTrailingBelowDelta: TRAILING_DELTA.max,
    },
  ];
}

export const MAX_OPEN_ORDERS = 200;
export const MAX_STOP_ORDERS = 5;
export const MAX_ORDER_LISTS = 20;
export const MAX_AMENDS = 10;
export const MAX_NOTIONAL = units('9000000');
/** Market orders are checked at the average price over this many minutes of trades. */
export const AVERAGE_MINUTES = 5;
/** Hundredths of a percent. */
export const TRAILING_DELTA = { min: 10, max: 2000 };
