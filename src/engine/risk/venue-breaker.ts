/** Nothing is opened at a venue that did not answer, whatever the mode. */
import type { RiskLimit } from './check.js';

export const venueBreakerLimit: RiskLimit = ({ intent, venueBreaker }) => {
  if (intent.purpose !== 'entry' || venueBreaker === 'closed') return null;
  return { limit: 'venue-breaker', reason: "the venue's API breaker is open: no new trade until it answers" };
};
