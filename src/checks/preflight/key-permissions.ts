import { judgePermissions } from '../../venue/binance/permissions.js';
import type { PreflightCheck } from './preflight-check.js';

/** A key that may withdraw is refused: whoever steals it takes everything. */
export const keyPermissions: PreflightCheck = {
  key: 'key-permissions',
  title: 'Key permissions',
  look: ({ exchange: { permissions } }) => {
    const expected = 'reading and spot trading; no withdrawal, nothing else';
    if (!permissions.ok) return { verdict: 'fail', observed: `not known: ${permissions.why}`, expected };
    const { problems, warnings } = judgePermissions(permissions.value, 'trade');
    if (problems.length > 0) return { verdict: 'fail', observed: problems.join('; '), expected };
    if (warnings.length > 0) return { verdict: 'warn', observed: warnings.join('; '), expected };
    return { verdict: 'pass', observed: 'reading and spot trading only', expected };
  },
};
