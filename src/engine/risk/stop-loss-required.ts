/** No entry without a stop on its losing side, near enough, at a venue that can hold it. */
import { ppmOfPercent } from '../../domain/money.js';
import type { RiskLimit } from './check.js';

const LIMIT = 'stop-loss-required';

export const stopLossRequiredLimit: RiskLimit = ({ intent, risk, capabilities }) => {
  if (intent.purpose !== 'entry') return null;
  if (capabilities.protectiveStops !== 'venue') {
    return { limit: LIMIT, reason: `${capabilities.name} can't hold a protective stop` };
  }
  const { protectTicks, limitTicks, side } = intent;
  if (protectTicks === null || limitTicks === null || !(protectTicks > 0)) {
    return { limit: LIMIT, reason: 'an entry needs a limit price and a stop-loss price' };
  }
  const distance = side === 'buy' ? limitTicks - protectTicks : protectTicks - limitTicks;
  if (!(distance > 0)) {
    return { limit: LIMIT, reason: 'the stop-loss is not on the losing side of the entry' };
  }
  if (distance * 1_000_000 <= limitTicks * ppmOfPercent(risk.stopLossPct)) return null;
  return { limit: LIMIT, reason: `the stop-loss is further away than ${risk.stopLossPct} %` };
};
