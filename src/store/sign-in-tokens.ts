/**
 * One-time sign-in links: 256 random bits, stored as a hash with a code of the process that made it, valid
 * for minutes, used once.
 */
import { MINUTE_MS } from '../domain/civil-date.js';
import type { Runtime } from '../home/runtime.js';
import { forgedRow, newToken, type OnForged, type RowMaker, signInMaker, tokenHash } from './access-rows.js';
import { openPool, type Pool } from './pool.js';

export const SIGN_IN_TOKEN_MINUTES = 15;

const saidBy = (hash: string, expires: Date): readonly string[] => [
  'fermata sign-in link 1',
  hash,
  String(expires.getTime()),
];

export async function createSignInToken(
  pool: Pick<Pool, 'query'>,
  maker: RowMaker,
  person: string,
  minutes = SIGN_IN_TOKEN_MINUTES,
): Promise<string> {
  const token = newToken();
  const hash = tokenHash(token);
  const expires = new Date(Date.now() + minutes * MINUTE_MS);
  const mac = maker.codeOf(person, saidBy(hash, expires));
  await pool.query("delete from sign_in_token where expires < now() - interval '1 day'");
  await pool.query('insert into sign_in_token (token_hash, person, expires, mac) values ($1, $2, $3, $4)', [
    hash,
    person,
    expires,
    mac,
  ]);
  return token;
}

/** Returns the link's person, exactly once; null if the link is unknown, forged, used or too old. */
export async function consumeSignInToken(
  pool: Pool,
  maker: RowMaker,
  token: string,
  onForged: OnForged,
): Promise<string | null> {
  const hash = tokenHash(token);
  const used = await pool.query<{ person: string; expires: Date; mac: string | null }>(
    `update sign_in_token set used = now()
      where token_hash = $1 and used is null and expires > now() returning person, expires, mac`,
    [hash],
  );
  const [row] = used.rows;
  if (row === undefined) return null;
  const said = saidBy(hash, row.expires);
  const standing = maker.standingOf(row.mac, row.person, said);
  if (standing === 'forged') onForged(forgedRow('sign-in link', row.person, said));
  return standing === 'made' ? row.person : null;
}

/** Invalidates this person's unused links. */
export async function withdrawSignInTokens(pool: Pick<Pool, 'query'>, person: string): Promise<void> {
  await pool.query('delete from sign_in_token where person = $1 and used is null', [person]);
}

/** The built-in account's person; the link signs in as this person by default. */
const OPERATOR = 'operator';

/**
 * The dashboard's address (`base`) with a one-time token, valid for 15 minutes. The token is in the fragment,
 * which browsers neither send to a server nor put into a referrer. Rejects while Postgres is down.
 */
export async function createSignInLink(runtime: Runtime, base: string, person = OPERATOR): Promise<string> {
  const pool = openPool(runtime, 'sign-in-link');
  try {
    return `${base}#token=${await createSignInToken(pool, signInMaker(runtime.home), person)}`;
  } finally {
    await pool.end();
  }
}
