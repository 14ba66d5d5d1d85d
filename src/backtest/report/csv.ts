/** Orders and fills of a run as CSV, oldest first. Times in UTC, amounts exact. */
import { csvLine, csvText } from '../../domain/csv.js';
import { formatAverage, formatDecimal } from '../../domain/decimal.js';
import { iso } from '../../domain/moment.js';
import { formatMoney } from '../../domain/money.js';
import { notional, settleOf } from '../../domain/value.js';
import type { BacktestMeasure } from '../measure/backtest-measure.js';

export function* fillLines({ fills, orders, instruments }: BacktestMeasure): Generator<string> {
  yield csvLine([
    ...[
      'time',
      'trade_id',
      'order_id',
      'symbol',
      'strategy',
      'purpose',
      'side',
      'quantity',
      'price',
      'value',
    ],
    ...['fee', 'fee_asset', 'fee_amount', 'liquidity'],
  ]);
  for (const fill of fills) {
    const { tradeId, clientId, side, quantityLots, priceTicks, fee, feeIn, liquidity, marketMs } = fill;
    const instrument = instruments[fill.instrument];
    if (instrument === undefined) continue;
    const { symbol, tickSize, lotSize } = instrument;
    const intent = orders.get(clientId)?.intent;
    yield csvLine([
      ...[
        iso(marketMs),
        tradeId,
        clientId,
        symbol,
        csvText(intent?.strategy ?? ''),
        intent?.purpose ?? '',
        side,
      ],
      ...[formatDecimal(quantityLots, lotSize), formatDecimal(priceTicks, tickSize)],
      formatMoney(notional(instrument, quantityLots, priceTicks)),
      ...[
        formatMoney(fee),
        feeIn?.asset ?? settleOf(instrument),
        feeIn?.amount ?? formatMoney(fee),
        liquidity,
      ],
    ]);
  }
}

export function* orderLines({ orders, instruments }: BacktestMeasure): Generator<string> {
  yield csvLine([
    ...['time', 'order_id', 'symbol', 'strategy', 'purpose', 'side', 'type', 'quantity', 'limit', 'stop'],
    ...['reduce_only', 'state', 'filled', 'average_price', 'ended', 'reason'],
  ]);
  for (const order of orders.values()) {
    const { intent, atMs, state, reason, endedMs, quantityLots, filledLots, filledTickLots } = order;
    const instrument = instruments[intent.instrument];
    if (instrument === undefined) continue;
    const { symbol, tickSize, lotSize } = instrument;
    const price = (ticks: number | null): string => (ticks === null ? '' : formatDecimal(ticks, tickSize));
    const average = filledLots === 0 ? '' : formatAverage(filledTickLots / filledLots, tickSize);
    yield csvLine([
      ...[
        iso(atMs),
        intent.clientId,
        symbol,
        csvText(intent.strategy),
        intent.purpose,
        intent.side,
        intent.type,
      ],
      ...[formatDecimal(quantityLots, lotSize), price(intent.limitTicks), price(intent.stopTicks)],
      ...[String(intent.reduceOnly), state, formatDecimal(filledLots, lotSize), average, iso(endedMs)],
      csvText(reason),
    ]);
  }
}
