/** Real money is risked only on a go-live that people approved. Orders that reduce a position always pass. */
import type { RiskLimit } from './check.js';

export const goLiveLimit: RiskLimit = ({ intent, needsGoLive }) => {
  if (intent.purpose !== 'entry' || needsGoLive === false) return null;
  return { limit: 'go-live', reason: 'no go-live that people approved is in force' };
};
