/** Nothing is entered while what trading costs can't be told. */
import type { RiskLimit } from './check.js';

export const feeValueLimit: RiskLimit = ({ intent, openFees }) => {
  if (intent.purpose !== 'entry' || openFees === null) return null;
  return { limit: 'fee-value', reason: openFees };
};
