/** How many instruments may have a position, or an entry that can still become one, at the same time. */
import type { RiskLimit } from './check.js';

export const openPositionsLimit: RiskLimit = ({ intent, otherOpenPositions, risk }) => {
  if (intent.purpose !== 'entry') return null;
  if (otherOpenPositions < risk.maxConcurrentPositions) return null;
  return {
    limit: 'open-positions',
    reason: `${otherOpenPositions} positions or entries are open, ${risk.maxConcurrentPositions} are allowed`,
  };
};
