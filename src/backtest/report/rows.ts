/** Orders and fills of a run as rows, for CSV and JSON alike. Times in UTC, amounts exact. */

import { formatAverage, formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { iso } from '../../domain/moment.js';
import { formatMoney } from '../../domain/money.js';
import { FINAL_ORDER_STATES, type Fill } from '../../domain/order.js';
import { csvLine, csvText } from '../../domain/plain-text.js';
import { notional, settleOf, VALUE, valuedAt } from '../../domain/value.js';
import type { OrderSeen } from '../measure/backtest-measure.js';

export const FILL_COLUMNS = [
  ...(['time', 'tradeId', 'orderId', 'symbol', 'strategy', 'purpose', 'side', 'quantity', 'price'] as const),
  ...(['value', 'fee', 'feeAsset', 'feeAmount', 'liquidity'] as const),
] as const;

export const ORDER_COLUMNS = [
  ...(['time', 'orderId', 'symbol', 'strategy', 'purpose', 'side', 'type', 'quantity', 'limit'] as const),
  ...(['stop', 'reduceOnly', 'state', 'filled', 'averagePrice', 'ended', 'reason'] as const),
] as const;

export type FillRow = Readonly<Record<(typeof FILL_COLUMNS)[number], string>>;
export type OrderRow = Readonly<Record<(typeof ORDER_COLUMNS)[number], string>>;

export function fillRow(
  instruments: readonly Instrument[],
  fill: Fill,
  order: OrderSeen | undefined,
): FillRow | null {
  const {
    tradeId,
    clientId: orderId,
    side,
    quantityLots,
    priceTicks,
    fee,
    feeIn,
    liquidity,
    rate = 1,
  } = fill;
  const instrument = instruments[fill.instrument];
  if (instrument === undefined) return null;
  const { symbol, tickSize, lotSize } = instrument;
  const { strategy = '', purpose = '' } = order?.intent ?? {};
  return {
    ...{ time: iso(fill.marketMs), tradeId, orderId, symbol, strategy, purpose, side },
    quantity: formatDecimal(quantityLots, lotSize),
    price: formatDecimal(priceTicks, tickSize),
    value: formatMoney(notional(valuedAt(instrument, rate), quantityLots, priceTicks)),
    fee: formatMoney(fee),
    feeAsset: feeIn?.asset ?? settleOf(instrument),
    feeAmount: feeIn?.amount ?? formatMoney(fee),
    liquidity,
  };
}

export function orderRow(instruments: readonly Instrument[], order: OrderSeen): OrderRow | null {
  const { intent, atMs, state, reason, endedMs, quantityLots, filledLots, filledTickLots } = order;
  const { clientId: orderId, strategy, purpose, side, type, limitTicks, stopTicks, reduceOnly } = intent;
  const instrument = instruments[intent.instrument];
  if (instrument === undefined) return null;
  const { symbol, tickSize, lotSize } = instrument;
  const price = (ticks: number | null): string => (ticks === null ? '' : formatDecimal(ticks, tickSize));
  return {
    ...{ time: iso(atMs), orderId, symbol, strategy, purpose, side, type },
    quantity: formatDecimal(quantityLots, lotSize),
    ...{ limit: price(limitTicks), stop: price(stopTicks), reduceOnly: String(reduceOnly), state },
    filled: formatDecimal(filledLots, lotSize),
    averagePrice:
      filledLots === 0
        ? ''
        : formatAverage(VALUE[instrument.kind].meanTicks(filledTickLots, filledLots), tickSize),
    ended: FINAL_ORDER_STATES.has(state) ? iso(endedMs) : '',
    reason,
  };
}

/** `averagePrice` becomes `average_price`. */
export const headLine = (columns: readonly string[]): string =>
  csvLine(columns.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)));

/** Names and reasons, which people write, stay text in a spreadsheet. */
export function rowLine<Column extends string>(
  columns: readonly Column[],
  row: Readonly<Record<Column, string>>,
): string {
  const written = (name: Column): string =>
    name === 'strategy' || name === 'reason' ? csvText(row[name]) : row[name];
  return csvLine(columns.map(written));
}
