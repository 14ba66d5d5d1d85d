import { secretVariable } from '../../desk/secret-variable.js';
import type { PreflightCheck } from './preflight-check.js';

const VARIABLE = 'BINANCE_AUDITOR_API_KEY';

/** Beside `fermata up` the auditor may take the trader's key; in a container of its own it has none but this. */
export const auditorKey: PreflightCheck = {
  key: 'auditor-key',
  title: 'Auditor can read the account',
  look: ({ env }) => {
    const expected = `${VARIABLE} and its secret: a read-only key, so that the account is watched from outside`;
    if (secretVariable(env, VARIABLE) !== null)
      return { verdict: 'pass', observed: 'by a key of its own', expected };
    const isAlone = env.FERMATA_SEPARATE === '1' && !env.FERMATA_RUNTIME;
    return isAlone
      ? { verdict: 'warn', observed: `${VARIABLE} is not set: the auditor can’t run`, expected }
      : { verdict: 'pass', observed: 'by the trader’s key', expected };
  },
};
