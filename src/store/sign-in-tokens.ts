/** One-time sign-in links: 256 random bits, kept as a hash, valid for minutes, used once. */
import type { Pool } from './pool.js';
import { newToken, tokenHash } from './token-hash.js';

export const SIGN_IN_TOKEN_MINUTES = 15;

export async function createSignInToken(
  pool: Pool,
  person: string,
  minutes = SIGN_IN_TOKEN_MINUTES,
): Promise<string> {
  const token = newToken();
  await pool.query("delete from sign_in_token where expires < now() - interval '1 day'");
  await pool.query(
    'insert into sign_in_token (token_hash, person, expires) values ($1, $2, now() + make_interval(mins => $3))',
    [tokenHash(token), person, minutes],
  );
  return token;
}

/** The person whose link it is, exactly once; null where it is unknown, used or too old. */
export async function consumeSignInToken(pool: Pool, token: string): Promise<string | null> {
  const used = await pool.query<{ person: string }>(
    `update sign_in_token set used = now()
      where token_hash = $1 and used is null and expires > now() returning person`,
    [tokenHash(token)],
  );
  return used.rows[0]?.person ?? null;
}

/** Links of this person that nobody has used yet sign nobody in any more. */
export async function withdrawSignInTokens(pool: Pick<Pool, 'query'>, person: string): Promise<void> {
  await pool.query('delete from sign_in_token where person = $1 and used is null', [person]);
}
