/** Refresh tokens are rotated at each use. A used one that comes back was stolen: its whole family is ended. */
import { randomUUID } from 'node:crypto';
import { inTransaction, type Pool, type PoolClient } from './pool.js';
import { newToken, tokenHash } from './token-hash.js';

export const REFRESH_TOKEN_DAYS = 7;

export interface RefreshToken {
  readonly token: string;
  readonly person: string;
  readonly expiresMs: number;
}

interface RefreshRow {
  readonly person: string;
  readonly family: string;
  readonly used: Date | null;
  readonly expired: boolean;
}

/** A new family: one sign-in on one device. */
export function issueRefreshToken(pool: Pool, person: string): Promise<RefreshToken> {
  return inTransaction(pool, async (client) => {
    await client.query("delete from refresh_token where expires < now() - interval '1 day'");
    return insertToken(client, person, randomUUID());
  });
}

/** The next token of the family; null where the old one is unknown, too old or used. */
export function rotateRefreshToken(pool: Pool, token: string): Promise<RefreshToken | null> {
  return inTransaction(pool, async (client) => {
    const found = await client.query<RefreshRow>(
      'select person, family, used, expires < now() as expired from refresh_token where token_hash = $1 for update',
      [tokenHash(token)],
    );
    const row = found.rows[0];
    if (!row || row.expired) return null;
    if (row.used !== null) {
      await client.query('delete from refresh_token where family = $1', [row.family]);
      return null;
    }
    await client.query('update refresh_token set used = now() where token_hash = $1', [tokenHash(token)]);
    return insertToken(client, row.person, row.family);
  });
}

/** Sign-out: no token of this one's family works any more. */
export async function revokeRefreshToken(pool: Pool, token: string): Promise<void> {
  await pool.query(
    'delete from refresh_token where family = (select family from refresh_token where token_hash = $1)',
    [tokenHash(token)],
  );
}

/** After a change of password. */
export async function revokeRefreshTokensOf(pool: Pool, person: string): Promise<void> {
  await pool.query('delete from refresh_token where person = $1', [person]);
}

async function insertToken(client: PoolClient, person: string, family: string): Promise<RefreshToken> {
  const token = newToken();
  const added = await client.query<{ expires: Date }>(
    `insert into refresh_token (token_hash, person, family, expires)
     values ($1, $2, $3, now() + make_interval(days => $4)) returning expires`,
    [tokenHash(token), person, family, REFRESH_TOKEN_DAYS],
  );
  return { token, person, expiresMs: added.rows[0]!.expires.getTime() };
}
