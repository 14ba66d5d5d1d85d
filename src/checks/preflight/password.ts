import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretVariable } from '../../desk/secret-variable.js';
import { verifyPassword } from '../../home/password.js';
import { homePaths, SECRET_FILES } from '../../home/runtime.js';
import type { PreflightCheck } from './preflight-check.js';

/** The value in a copied example file, and what people type first. */
const KNOWN = ['your-secure-password', 'changeme', 'change-me', 'password', 'admin', 'fermata', 'secret'];
const LENGTH_MIN = 12;

/** Signing in can't be switched off here; this checks that a person has chosen a password, and a good one. */
export const password: PreflightCheck = {
  key: 'password',
  title: 'Password changed',
  look: async ({ home, env }) => {
    const expected = `DASHBOARD_PASSWORD was set by a person: ${LENGTH_MIN} characters or more, none of the usual ones`;
    const warn = (observed: string) => ({ verdict: 'warn', observed, expected }) as const;
    const given = secretVariable(env, 'DASHBOARD_PASSWORD');
    if (given !== null && given.length < LENGTH_MIN) return warn('DASHBOARD_PASSWORD is short');
    const { secrets } = homePaths(home);
    const hashFile = join(secrets, SECRET_FILES.operatorPasswordHash);
    if (!given && existsSync(join(secrets, SECRET_FILES.operatorPassword)))
      return warn('the password is the generated one, in plain text in a file');
    if (!given && !existsSync(hashFile)) return warn('no password was set yet');
    const isKnown = given ? KNOWN.includes(given) : await oneOf(KNOWN, readFileSync(hashFile, 'utf8').trim());
    if (isKnown) return warn('it is one of the usual passwords');
    return { verdict: 'pass', observed: 'set by a person', expected };
  },
};

async function oneOf(words: readonly string[], hash: string): Promise<boolean> {
  for (const word of words) if (await verifyPassword(word, hash)) return true;
  return false;
}
