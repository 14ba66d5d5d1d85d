/** What each mode lets through. */
import type { OrderPurpose } from '../../domain/order.js';
import type { RiskLimit } from './check.js';

export const modeLimit: RiskLimit = ({ intent, mode, closing }) => {
  const allowed: readonly OrderPurpose[] =
    mode === 'ACTIVE'
      ? ['entry', 'exit', 'close', 'protective']
      : mode === 'REDUCING'
        ? ['exit', 'close', 'protective']
        : closing
          ? ['close', 'protective']
          : ['protective'];
  if (allowed.includes(intent.purpose)) return null;
  return { limit: 'mode', reason: `the desk is ${mode}: no ${intent.purpose} order leaves it` };
};
