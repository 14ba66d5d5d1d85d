import { signInMaker } from '../home/row-makers.js';
import type { Runtime } from '../home/runtime.js';
import { openPool } from '../store/pool.js';
import { createSignInToken } from '../store/sign-in-tokens.js';

/** The built-in account's person, as whom the link signs in by default. */
const OPERATOR = 'operator';

/**
 * The dashboard's address (`base`) with a one-time token, valid for 15 minutes. It is in the fragment, which browsers
 * neither send to a server nor put into a referrer. Rejects while Postgres is down.
 */
export async function createSignInLink(runtime: Runtime, base: string, person = OPERATOR): Promise<string> {
  const pool = openPool(runtime, 'sign-in-link');
  try {
    return `${base}#token=${await createSignInToken(pool, signInMaker(runtime.home), person)}`;
  } finally {
    await pool.end();
  }
}
