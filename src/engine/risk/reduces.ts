/** An order that is to reduce must: opposite side, not more than is held, and long only where the venue can't short. */
import type { RiskLimit } from './check.js';

export const reducesLimit: RiskLimit = ({ intent, positionLots, capabilities }) => {
  if (!(Number.isSafeInteger(intent.quantityLots) && intent.quantityLots > 0)) {
    return { limit: 'order', reason: `an order of ${intent.quantityLots} lots can't be placed` };
  }
  if (intent.purpose === 'entry') {
    if (intent.side === 'buy' || capabilities.shorting) return null;
    return { limit: 'shorting', reason: 'this venue can only sell what is held' };
  }
  const closingSide = positionLots > 0 ? 'sell' : 'buy';
  if (positionLots !== 0 && intent.side === closingSide && intent.quantityLots <= Math.abs(positionLots)) {
    return null;
  }
  return {
    limit: 'reduces',
    reason: `a ${intent.side} of ${intent.quantityLots} lots does not reduce a position of ${positionLots} lots`,
  };
};
