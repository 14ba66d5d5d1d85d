/** The setups that strategies followed, from their notes in the journal. */
import type { SetupDetails, SetupShown } from '../contracts/published.js';
import { SETUP_NOTE } from '../domain/setup-note.js';
import type { Pool } from './pool.js';
import { ofAccountInUse } from './read-ledger.js';

export interface NotedSetup extends Omit<SetupShown, 'state' | 'open' | 'prices'> {
  /** The plan at its detection; null: never detected. */
  readonly plan: string | null;
}

/** A restored journal repeats notes of an earlier one. */
const NOTED = `
  with noted as (
    select distinct wall, sequence, record ->> 'strategy' as strategy, record ->> 'symbol' as symbol,
      (record ->> 'marketMs')::float8 as "atMs", regexp_match(record ->> 'text', $2) as said
    from journal_entry
    where desk = $1 and type = 'note' and record ->> 'strategy' is not null and ${ofAccountInUse()}
  )`;

/** Newest first, or only the one with this `id`. Rejects while Postgres is down. */
export async function readSetups(
  pool: Pick<Pool, 'query'>,
  desk: string,
  limit: number,
  id: string | null = null,
): Promise<readonly NotedSetup[]> {
  const found = await pool.query<NotedSetup>(
    `${NOTED}
     select said[2] as id, min(strategy) as strategy, min(symbol) as symbol, min("atMs") as "begunMs",
       min("atMs") filter (where said[1] is not null) as "detectedMs",
       (array_agg(said[3] order by wall, sequence) filter (where said[1] is not null))[1] as plan,
       (array_agg(said[3] order by wall desc, sequence desc))[1] as last
     from noted where said is not null and ($4::text is null or said[2] = $4)
     group by said[2] order by min("atMs") desc, said[2] limit $3`,
    [desk, SETUP_NOTE, limit, id],
  );
  return found.rows;
}

type SetupStep = SetupDetails['steps'][number];

/** The notes on one setup, oldest first. Rejects while Postgres is down. */
export async function readSetupSteps(
  pool: Pick<Pool, 'query'>,
  desk: string,
  id: string,
): Promise<readonly SetupStep[]> {
  const found = await pool.query<SetupStep>(
    `${NOTED} select "atMs", said[3] as text from noted where said[2] = $3 order by wall, sequence`,
    [desk, SETUP_NOTE, id],
  );
  return found.rows;
}

/** How many were detected: ever, or in [fromMs, toMs) of market time. Rejects while Postgres is down. */
export async function countSetups(
  pool: Pick<Pool, 'query'>,
  desk: string,
  within: { readonly fromMs: number; readonly toMs: number } | null = null,
): Promise<number> {
  const found = await pool.query<{ count: number }>(
    `${NOTED} select count(distinct said[2])::int as count from noted
      where said[1] is not null and ($3::float8 is null or ("atMs" >= $3 and "atMs" < $4::float8))`,
    [desk, SETUP_NOTE, within?.fromMs ?? null, within?.toMs ?? null],
  );
  return found.rows[0]?.count ?? 0;
}
