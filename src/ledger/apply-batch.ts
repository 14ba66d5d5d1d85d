/**
 * Applies one batch of journal entries in one transaction: entries, projections and cursor change together or not at
 * all.
 */
import type { FollowedEntry } from '../contracts/control.js';
import { PAPER_ACCOUNT } from '../domain/account-name.js';
import { scalesFor } from '../domain/book-steps.js';
import type { EngineRecord, JournalEntry } from '../engine/record.js';
import { inTransaction, lockInTransaction, type Pool, type PoolClient, plainJson } from '../store/pool.js';
import { endsGroup, faultOfGroup, type GroupFault } from '../trader/journal/followed-group.js';
import { CHAIN_START } from '../trader/journal/format.js';
import { chainNext } from '../trader/journal/v1.js';
import { projectCopied, projectRecord } from './project/project-record.js';
import { LedgerMismatch, type Projection } from './project/projection.js';

type ConfigRecord = Extract<EngineRecord, { readonly type: 'config' }>;

/** The part of a journal's configurations that projections need. */
type Configuration = Pick<Projection, 'account' | 'instruments' | 'scales'>;

export interface LedgerDesk {
  readonly desk: string;
  /** Not real money (paper, a venue's simulator or testnet), or simulated or recorded prices. */
  readonly simulated: boolean;
}

/**
 * Applies `entries` (all of one incarnation, in order) and skips those that the ledger already holds.
 * An incomplete commit group at the end waits for the next batch, since it can't be verified yet.
 * Throws LedgerMismatch if they do not continue the ledger; then nothing was applied.
 */
export function applyBatch(
  pool: Pool,
  ledger: LedgerDesk,
  entries: readonly FollowedEntry[],
): Promise<LedgerCursor> {
  const incarnation = entries[0]?.incarnation ?? '';
  return inTransaction(pool, async (client) => {
    // A second ledger of the same desk waits here and then finds nothing new.
    await lockInTransaction(client, `ledger:${ledger.desk}`);
    const cursor = await readCursor(client, ledger.desk, incarnation, true);
    const whole = entries.slice(0, entries.findLastIndex(endsGroup) + 1);
    const fresh = whole.filter((entry) => entry.sequence > cursor.sequence);
    const next = checkContinues(cursor, incarnation, fresh);
    if (fresh.length === 0) return cursor;
    // Converted only now: the hash checked above is over the record as written.
    const plain = fresh.map((entry) => ({ ...entry, record: plainJson(entry.record) }));
    await insertEntries(client, ledger.desk, plain);
    const copied = await copiedThrough(client, ledger.desk, fresh);
    let configuration = await configurationBefore(client, ledger.desk, incarnation, fresh[0]?.sequence ?? 0);
    for (const entry of plain) {
      if (entry.record.type === 'config') configuration = configurationAfter(configuration, entry.record);
      const project = entry.sequence > copied ? projectRecord : projectCopied;
      await project(client, { ...ledger, ...configuration }, entry);
    }
    await saveCursor(client, ledger.desk, incarnation, configuration.account, next);
    return next;
  });
}

function checkContinues(
  cursor: LedgerCursor,
  incarnation: string,
  entries: readonly FollowedEntry[],
): LedgerCursor {
  let { sequence, chain } = cursor;
  let group: FollowedEntry[] = [];
  for (const entry of entries) {
    if (entry.incarnation !== incarnation)
      throw new LedgerMismatch('entries of two incarnations came in one stream');
    if (entry.sequence !== sequence + 1) {
      throw new LedgerMismatch(`expected journal entry ${sequence + 1}, and ${entry.sequence} came`);
    }
    sequence = entry.sequence;
    group.push(entry);
    if (!endsGroup(entry)) continue;
    checkHash(group, chain);
    chain = entry.chain;
    group = [];
  }
  return { sequence, chain };
}

/** Entries of format v1 each have their own hash; later ones are verified with their commit group. */
function checkHash([first, ...others]: readonly FollowedEntry[], chain: string): void {
  if (first === undefined) return;
  const fault =
    first.group === undefined ? faultOfEntry(first, chain) : faultOfGroup([first, ...others], chain);
  if (fault === null) return;
  throw new LedgerMismatch(`the hash of journal entry ${fault.sequence} does not fit: ${fault.why}`);
}

function faultOfEntry(entry: FollowedEntry, chain: string): GroupFault | null {
  if (chainNext(chain, JSON.stringify(entry.record)) === entry.chain) return null;
  return { sequence: entry.sequence, why: 'it is over another record, or after another one' };
}

async function insertEntries(
  client: PoolClient,
  desk: string,
  entries: readonly JournalEntry[],
): Promise<void> {
  await client.query(
    `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
     select $1, $2, * from unnest($3::bigint[], $4::timestamptz[], $5::text[], $6::jsonb[], $7::text[])`,
    [
      desk,
      entries[0]?.incarnation,
      entries.map((entry) => entry.sequence),
      entries.map((entry) => new Date(entry.wallMs).toISOString()),
      entries.map((entry) => entry.record.type),
      entries.map((entry) => JSON.stringify(entry.record)),
      entries.map((entry) => entry.chain),
    ],
  );
}

/**
 * A restored journal begins as a copy of an earlier one. Returns the last of `entries` that the ledger
 * already holds from that one. 0: none.
 */
async function copiedThrough(
  client: PoolClient,
  desk: string,
  entries: readonly FollowedEntry[],
): Promise<number> {
  const [{ incarnation, sequence } = { incarnation: '', sequence: 0 }] = entries;
  const found = await client.query<{ last: number }>(
    `select coalesce(max(mine.sequence), 0)::float8 as last
      from journal_entry mine join ledger_cursor other on other.desk = mine.desk and other.incarnation <> mine.incarnation
        join journal_entry held on held.desk = mine.desk and held.incarnation = other.incarnation
          and held.sequence = mine.sequence and held.wall = mine.wall and held.record = mine.record
      where mine.desk = $1 and mine.incarnation = $2 and mine.sequence >= $3`,
    [desk, incarnation, sequence],
  );
  return found.rows[0]?.last ?? 0;
}

function configurationAfter(
  { scales }: Pick<Configuration, 'scales'>,
  {
    instruments,
    account,
  }: Pick<ConfigRecord, 'instruments'> & { readonly account?: string | null | undefined },
): Configuration {
  return { instruments, account: account ?? PAPER_ACCOUNT, scales: scalesFor(instruments, scales) };
}

const UNCONFIGURED: Configuration = { instruments: [], account: PAPER_ACCOUNT, scales: new Map() };

/** The configuration in force before `sequence`; before the first one, it has no instruments. */
async function configurationBefore(
  client: PoolClient,
  desk: string,
  incarnation: string,
  sequence: number,
): Promise<Configuration> {
  // Each start has one, and most are alike.
  const found = await client.query<Pick<Configuration, 'instruments'> & { readonly account: string | null }>(
    `select record -> 'instruments' as instruments, record ->> 'account' as account from journal_entry
      where desk = $1 and incarnation = $2 and type = 'config' and sequence < $3
      group by 1, 2 order by max(sequence)`,
    [desk, incarnation, sequence],
  );
  return found.rows.reduce(configurationAfter, UNCONFIGURED);
}

/** The last entry of an incarnation that the ledger holds. */
interface LedgerCursor {
  readonly sequence: number;
  readonly chain: string;
}

interface CursorRow {
  readonly sequence: string;
  readonly chain: string;
}

export async function readCursor(
  pool: Pool | PoolClient,
  desk: string,
  incarnation: string,
  lock = false,
): Promise<LedgerCursor> {
  const found = await pool.query<CursorRow>(
    `select sequence, chain from ledger_cursor where desk = $1 and incarnation = $2 ${lock ? 'for update' : ''}`,
    [desk, incarnation],
  );
  const row = found.rows[0];
  return row ? { sequence: Number(row.sequence), chain: row.chain } : { sequence: 0, chain: CHAIN_START };
}

async function saveCursor(
  client: PoolClient,
  desk: string,
  incarnation: string,
  account: string,
  cursor: LedgerCursor,
): Promise<void> {
  await client.query(
    `insert into ledger_cursor (desk, incarnation, sequence, chain, account) values ($1, $2, $3, $4, $5)
     on conflict (desk, incarnation) do update set sequence = $3, chain = $4, account = $5, updated = now()`,
    [desk, incarnation, cursor.sequence, cursor.chain, account],
  );
}
