/** The largest position in one instrument, as a percentage of equity including unrealised results. */
import { formatMoney, percentOfPpm } from '../domain/money.js';
import { amountText, moneyText, notional } from '../domain/value.js';
import { entryTicks } from './exposure.js';
import { limit, PERCENT } from './limit.js';
import { FULL_SIZE_PPM, largestPosition, percentInUse } from './size-factor.js';

export const positionSizeLimit = limit({
  setting: {
    key: 'maxPositionSizePct',
    meaning: 'Largest position, percent of equity',
    reference:
      'Largest position, percent of equity: its quantity times its price. At most 100 if any instrument is bought for cash (spot, stock); contracts on margin may be worth more than the account.',
    leftOut: 'refused',
    ...PERCENT,
    max: 10_000,
    maxForCash: 100,
  },
  name: 'position-size',
  title: 'Largest position',
  judge: (check, maxPct) => {
    const { intent, instrument, equity } = check;
    const lots = Math.abs(check.positionLots) + check.restingEntryLots + intent.quantityLots;
    const value = notional(instrument, lots, entryTicks(check));
    const most = largestPosition(equity, maxPct, check.sizeFactorPpm);
    const orderPrice = intent.limitTicks ?? check.bidTicks;
    const orderValue = notional(instrument, intent.quantityLots, orderPrice);
    if (!(orderValue >= instrument.minNotional && intent.quantityLots >= instrument.minQuantityLots)) {
      return {
        limit: 'position-size',
        reason: `an order worth ${moneyText(instrument, orderValue)} is below the venue's smallest`,
      };
    }
    if (value > 0 && value <= most) return null;
    return {
      limit: 'position-size',
      reason:
        `the position would be worth ${moneyText(instrument, value)}, ` +
        `${maxPct} % of equity${reduced(check.sizeFactorPpm)} allows ${amountText(instrument, most)}`,
    };
  },
  reading: ({ equity, largestPosition: most, places, sizeFactorPpm }, value) => {
    const part = ((most / equity) * 100).toFixed(2);
    const now = most === 0 || equity <= 0 ? '0.00 %' : `${part} % (${formatMoney(Math.round(most), places)})`;
    return { value: `${percentInUse(value, sizeFactorPpm)} % of equity`, now };
  },
});

const reduced = (sizeFactorPpm: number): string =>
  sizeFactorPpm === FULL_SIZE_PPM ? '' : `, of which ${percentOfPpm(sizeFactorPpm)} % is used,`;
