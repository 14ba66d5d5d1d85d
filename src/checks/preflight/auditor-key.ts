import { secretVariable } from '../../desk/secret-variable.js';
import { credentialNames } from '../../venue/environment.js';
import { tradedVenue } from '../../venue/registry.js';
import type { PreflightCheck } from './preflight-check.js';

/** Under `fermata up` the auditor may use the trader's key; in its own container it only has this one. */
export const auditorKey: PreflightCheck = {
  key: 'auditor-key',
  title: 'Auditor can read the account',
  look: ({ desk, env }) => {
    const [variable] = credentialNames(tradedVenue(desk.venue.name).live, 'auditor');
    if (variable === undefined) {
      const expected = 'a connection of its own, so that the account is watched from outside';
      return { verdict: 'pass', observed: 'by a connection of its own; the venue has no keys', expected };
    }
    const expected = `${variable} and its secret: a read-only key, so that the account is watched from outside`;
    if (secretVariable(env, variable) !== null)
      return { verdict: 'pass', observed: 'by a key of its own', expected };
    const isAlone = env.FERMATA_SEPARATE === '1' && !env.FERMATA_RUNTIME;
    return isAlone
      ? { verdict: 'warn', observed: `${variable} is not set: the auditor can’t run`, expected }
      : { verdict: 'pass', observed: 'by the trader’s key', expected };
  },
};
