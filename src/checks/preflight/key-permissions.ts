import { tradedVenue } from '../../venue/registry.js';
import type { PreflightCheck } from './preflight-check.js';

/** A key that may withdraw is refused: whoever steals it takes everything. */
export const keyPermissions: PreflightCheck = {
  key: 'key-permissions',
  title: 'Key permissions',
  look: ({ desk, exchange: { permissions } }) => {
    const { expected, found } = tradedVenue(desk.venue.name).live.permissions;
    if (!permissions.ok) return { verdict: 'fail', observed: `not known: ${permissions.why}`, expected };
    const { problems, warnings } = permissions.value;
    if (problems.length > 0) return { verdict: 'fail', observed: problems.join('; '), expected };
    if (warnings.length > 0) return { verdict: 'warn', observed: warnings.join('; '), expected };
    return { verdict: 'pass', observed: found, expected };
  },
};
