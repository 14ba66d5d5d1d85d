/** The parameters of one order, read as strictly as the exchange reads them. */
import { randomBytes } from 'node:crypto';
import { bookSide } from '../exchange/book.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Market } from '../exchange/market.js';
import {
  hasLimit,
  hasTrigger,
  type OrderKind,
  type OrderRequest,
  type OrderSide,
  type SelfTradeMode,
  type TimeInForce,
} from '../exchange/order.js';
import { defaultResponse } from '../exchange/order-json.js';
import type { TradedSymbol } from '../exchange/symbols.js';
import { onGrid, smaller, times } from '../units.js';
import type { Parameters } from './parameters.js';
import { emptyBook, invalidValue, notForSymbol, Refusal, thinBook } from './refusal.js';

const KINDS: readonly OrderKind[] = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
];
const MODES: readonly (SelfTradeMode | 'TRANSFER')[] = [
  'NONE',
  'EXPIRE_MAKER',
  'EXPIRE_TAKER',
  'EXPIRE_BOTH',
  'DECREMENT',
  'TRANSFER',
];
const STRATEGY_TYPE_MIN = 1_000_000;

export function generatedId(): string {
  return randomBytes(16).toString('base64url').slice(0, 22);
}

export function readSymbol(exchange: Exchange, parameters: Parameters): Market {
  return exchange.market(parameters.required('symbol'));
}

/** Reads one order: symbol and mode may come from the list that it is part of. */
export function readOrder(
  exchange: Exchange,
  market: Market,
  parameters: Parameters,
  mode: SelfTradeMode = readMode(market.symbol, parameters),
): OrderRequest {
  const { symbol } = market;
  const side = readSide(parameters);
  const kind = readKind(parameters, symbol);
  const limited = hasLimit(kind);
  refuseUnsupported(parameters);
  if (!limited) parameters.refuse('price');
  if (!hasTrigger(kind)) for (const name of ['stopPrice', 'trailingDelta']) parameters.refuse(name);
  if (kind !== 'MARKET') parameters.refuse('quoteOrderQty');
  const quoteQuantity = parameters.amount('quoteOrderQty') ?? 0n;
  if (quoteQuantity > 0n) parameters.refuse('quantity');
  const quantity =
    quoteQuantity > 0n
      ? affordable(exchange, market, side, quoteQuantity)
      : parameters.requiredAmount('quantity');
  return {
    symbol,
    side,
    kind,
    quoteQuantity,
    quantity,
    timeInForce: readTimeInForce(parameters, kind),
    price: limited ? parameters.requiredAmount('price') : 0n,
    ...readTrigger(parameters, kind),
    clientOrderId: readClientId(parameters, 'newClientOrderId'),
    selfTradeMode: mode,
    strategyId: parameters.integer('strategyId'),
    strategyType: readStrategyType(parameters),
  };
}

function readSide(parameters: Parameters): OrderSide {
  const side = parameters.required('side');
  if (side !== 'BUY' && side !== 'SELL') throw new Refusal(-1117, 'Invalid side.');
  return side;
}

function readKind(parameters: Parameters, symbol: TradedSymbol): OrderKind {
  const text = parameters.required('type');
  const kind = KINDS.find((one) => one === text);
  if (kind === undefined) throw new Refusal(-1116, 'Invalid orderType.');
  if (kind === 'STOP_LOSS' && !symbol.stopLossMarket) throw notForSymbol('Stop loss orders are');
  if (kind === 'TAKE_PROFIT' && !symbol.stopLossMarket) throw notForSymbol('Take profit orders are');
  return kind;
}

/** Both are switched off for every symbol, as `exchangeInfo` says. */
function refuseUnsupported(parameters: Parameters): void {
  if ((parameters.amount('icebergQty') ?? 0n) > 0n) throw notForSymbol('Iceberg orders are');
  for (const name of ['pegPriceType', 'pegOffsetType', 'pegOffsetValue']) {
    if (parameters.optional(name) !== null) throw notForSymbol('Pegged orders are');
  }
}

function readTrigger(
  parameters: Parameters,
  kind: OrderKind,
): Pick<OrderRequest, 'stopPrice' | 'trailingDelta'> {
  if (!hasTrigger(kind)) return { stopPrice: 0n, trailingDelta: null };
  const trailingDelta = parameters.integer('trailingDelta');
  const stopPrice =
    trailingDelta === null ? parameters.requiredAmount('stopPrice') : parameters.amount('stopPrice');
  return { stopPrice: stopPrice ?? 0n, trailingDelta };
}

function readTimeInForce(parameters: Parameters, kind: OrderKind): TimeInForce {
  if (!hasLimit(kind) || kind === 'LIMIT_MAKER') {
    parameters.refuse('timeInForce');
    return 'GTC';
  }
  const text = parameters.required('timeInForce');
  if (text !== 'GTC' && text !== 'IOC' && text !== 'FOK') throw new Refusal(-1115, 'Invalid timeInForce.');
  return text;
}

export function readMode(symbol: TradedSymbol, parameters: Parameters): SelfTradeMode {
  const name = 'selfTradePreventionMode';
  const mode = parameters.oneOf(name, MODES, () => invalidValue(name)) ?? symbol.selfTradeDefault;
  const allowed = symbol.selfTradeModes.find((one) => one === mode);
  if (allowed === undefined)
    throw new Refusal(-1013, 'This symbol does not allow the specified self-trade prevention mode.');
  return allowed;
}

function readStrategyType(parameters: Parameters): number | null {
  const type = parameters.integer('strategyType');
  if (type !== null && type < STRATEGY_TYPE_MIN)
    throw new Refusal(-1134, '`strategyType` was less than 1000000.');
  return type;
}

export function readClientId(parameters: Parameters, name: string): string {
  const id = parameters.optional(name);
  if (id === null) return generatedId();
  if (!/^[a-zA-Z0-9-_]{1,36}$/.test(id)) {
    throw new Refusal(
      -1100,
      `Illegal characters found in parameter '${name}'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.`,
    );
  }
  return id;
}

export function readResponse(parameters: Parameters, kind: OrderKind): string {
  const name = 'newOrderRespType';
  const kinds = ['ACK', 'RESULT', 'FULL'];
  return parameters.oneOf(name, kinds, () => invalidValue(name)) ?? defaultResponse(kind);
}

/** How much of the base an amount of quote currency buys or sells now, in whole lots. */
function affordable(exchange: Exchange, market: Market, side: OrderSide, quote: bigint): bigint {
  const levels = bookSide(exchange, market, side === 'BUY' ? 'SELL' : 'BUY');
  if (levels.length === 0) throw emptyBook();
  let left = quote;
  let quantity = 0n;
  for (const [price, offered] of levels) {
    const spend = smaller(left, times(price, offered));
    quantity += (spend * 100_000_000n) / price;
    left -= spend;
  }
  const lots = onGrid(quantity, market.symbol.stepSize);
  if (left > 0n && lots < market.symbol.minQty) throw thinBook('LOT_SIZE');
  return lots;
}
