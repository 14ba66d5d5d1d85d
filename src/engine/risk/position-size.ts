/** The largest position in one instrument, as a percentage of equity including unrealised results. */
import { formatMoney, percentOfPpm, worth } from '../../domain/money.js';
import type { RiskLimit } from './check.js';
import { FULL_SIZE_PPM, largestPosition } from './size-factor.js';

export const positionSizeLimit: RiskLimit = (check) => {
  const { intent, instrument, equity, risk } = check;
  if (intent.purpose !== 'entry') return null;
  const price = Math.max(intent.limitTicks ?? check.askTicks, check.bidTicks);
  const lots = Math.abs(check.positionLots) + check.restingEntryLots + intent.quantityLots;
  const value = worth(lots, price, instrument.moneyPerTickLot);
  const most = largestPosition(equity, risk.maxPositionSizePct, check.sizeFactorPpm);
  const orderPrice = intent.limitTicks ?? check.bidTicks;
  const orderValue = worth(intent.quantityLots, orderPrice, instrument.moneyPerTickLot);
  if (!(orderValue >= instrument.minNotional && intent.quantityLots >= instrument.minQuantityLots)) {
    return {
      limit: 'position-size',
      reason: `an order worth ${formatMoney(orderValue, 2)} ${instrument.quote} is below the venue's smallest`,
    };
  }
  if (value > 0 && value <= most && intent.quantityLots <= instrument.maxQuantityLots) return null;
  return {
    limit: 'position-size',
    reason:
      `the position would be worth ${formatMoney(value, 2)} ${instrument.quote}, ` +
      `${risk.maxPositionSizePct} % of equity${reduced(check.sizeFactorPpm)} allow ${formatMoney(most, 2)}`,
  };
};

const reduced = (sizeFactorPpm: number): string =>
  sizeFactorPpm === FULL_SIZE_PPM ? '' : `, of which ${percentOfPpm(sizeFactorPpm)} % is used,`;
