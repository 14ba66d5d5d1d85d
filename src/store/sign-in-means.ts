/** What people sign in with, as stored: one-time links, and passkeys. */
import { MINUTE_MS } from '../domain/civil-date.js';
import { plainText } from '../domain/plain-text.js';
import type { Runtime } from '../home/runtime.js';
import { forgedRow, newToken, type OnForged, type RowMaker, signInMaker, tokenHash } from './access-rows.js';
import { appendAudit } from './audit.js';
import { inTransaction, openPool, type Pool } from './pool.js';

/** Of a link: 256 random bits, stored as a hash with a code of the process that made it, used once. */
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

/** People's passkeys. Each row carries a code of the web role that wrote it; any other row counts as absent. */
export const PASSKEYS_OF_A_PERSON_MAX = 20;

export interface Passkey {
  /** The credential's id, base64url. */
  readonly id: string;
  readonly person: string;
  /** The owner's name for it. */
  readonly name: string;
  /** COSE algorithm number. */
  readonly algorithm: number;
  /** DER of a SubjectPublicKeyInfo, base64url. */
  readonly publicKey: string;
  /** The host name for which it is valid. */
  readonly rpId: string;
  readonly counter: number;
  readonly createdMs: number;
  /** Null: not used yet. */
  readonly usedMs: number | null;
}

type NewPasskey = Omit<Passkey, 'usedMs'>;

/** Who removes a passkey, and by which channel. */
interface Remover {
  readonly person: string;
  readonly via: 'web' | 'cli';
}

interface PasskeyRow {
  readonly credential_id: string;
  readonly person: string;
  readonly name: string;
  readonly algorithm: number;
  readonly public_key: string;
  readonly rp_id: string;
  readonly counter: string;
  readonly mac: string;
  readonly created: Date;
  readonly used: Date | null;
}

export class PasskeyTable {
  constructor(
    private readonly pool: Pool,
    private readonly desk: string,
    private readonly maker: RowMaker,
    /** Whether this credential id was revoked outside Postgres. */
    private readonly isEnded: (id: string) => boolean,
    private readonly onForged: OnForged,
  ) {}

  /** Oldest first. */
  async of(person: string): Promise<readonly Passkey[]> {
    const { rows } = await this.pool.query<PasskeyRow>(
      'select * from passkey where desk = $1 and person = $2 order by created',
      [this.desk, person],
    );
    return rows.flatMap((row) => this.#believed(row));
  }

  /** Null if there is no valid one. */
  async find(id: string): Promise<Passkey | null> {
    const { rows } = await this.pool.query<PasskeyRow>(
      'select * from passkey where desk = $1 and credential_id = $2',
      [this.desk, id],
    );
    return rows.flatMap((row) => this.#believed(row))[0] ?? null;
  }

  /** False if this credential is registered already. */
  add(passkey: NewPasskey): Promise<boolean> {
    const { id, person, name, algorithm, publicKey, rpId, counter, createdMs } = passkey;
    return inTransaction(this.pool, async (client) => {
      const mac = this.maker.codeOf(person, this.#saidBy(passkey));
      const { rowCount } = await client.query(
        `insert into passkey
           (desk, credential_id, person, name, algorithm, public_key, rp_id, counter, mac, created)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
        [this.desk, id, person, name, algorithm, publicKey, rpId, counter, mac, new Date(createdMs)],
      );
      if (rowCount !== 1) return false;
      await appendAudit(client, {
        ...{ desk: this.desk, person, via: 'web', action: 'passkey.add', outcome: 'registered' },
        parameters: { id, name, rpId },
      });
      return true;
    });
  }

  /**
   * Stores the counter of a signature. False if another use has stored the same or a later counter meanwhile,
   * or if the passkey was removed or revoked after it was found.
   */
  async used(id: string, counter: number, atMs: number): Promise<boolean> {
    const { rows } = await this.pool.query<PasskeyRow>(
      `update passkey set counter = $3, used = $4
        where desk = $1 and credential_id = $2 and (counter < $3 or (counter = 0 and $3 = 0))
        returning *`,
      [this.desk, id, counter, new Date(atMs)],
    );
    return rows.flatMap((row) => this.#believed(row)).length === 1;
  }

  /** False if this person has no such passkey. */
  remove(id: string, person: string, by: Remover): Promise<boolean> {
    return inTransaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        'delete from passkey where desk = $1 and credential_id = $2 and person = $3',
        [this.desk, id, person],
      );
      if (rowCount !== 1) return false;
      await appendAudit(client, {
        ...{ desk: this.desk, ...by, action: 'passkey.remove', outcome: 'removed' },
        parameters: { id, person },
      });
      return true;
    });
  }

  #saidBy({ id, algorithm, publicKey, rpId, createdMs }: Omit<NewPasskey, 'counter' | 'name'>) {
    return ['fermata passkey 1', this.desk, id, String(algorithm), publicKey, rpId, String(createdMs)];
  }

  #believed(row: PasskeyRow): readonly Passkey[] {
    // The code doesn't cover the name: a Postgres writer may have put terminal control characters there.
    const passkey: Passkey = {
      ...{ id: row.credential_id, person: row.person, name: plainText(row.name), algorithm: row.algorithm },
      ...{ publicKey: row.public_key, rpId: row.rp_id, counter: Number(row.counter) },
      ...{ createdMs: row.created.getTime(), usedMs: row.used?.getTime() ?? null },
    };
    const said = this.#saidBy(passkey);
    const standing = this.maker.standingOf(row.mac, passkey.person, said);
    if (standing === 'forged') this.onForged(forgedRow('passkey', passkey.person, said));
    return standing === 'made' && !this.isEnded(passkey.id) ? [passkey] : [];
  }
}
