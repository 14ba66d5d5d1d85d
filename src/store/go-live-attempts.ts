/**
 * The way to real money, as stored: attempts, one at a time per desk, each number used once, and reports of
 * validations.
 */
import type { GoLiveState } from '../contracts/go-live.js';
import type { GoLiveAttempt } from '../contracts/published.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

interface NewAttempt {
  readonly desk: string;
  readonly release: string;
  readonly askedBy: string;
  readonly reason: string;
  readonly workflowIdOf: (attempt: number) => string;
}

const UNIQUE_VIOLATION = '23505';

/** Null if another attempt of this desk is not over. */
export async function openAttempt(pool: Queries, asked: NewAttempt): Promise<GoLiveAttempt | null> {
  const { desk, release, askedBy, reason, workflowIdOf } = asked;
  const found = await pool.query<{ last: number | null }>(
    'select max(attempt) as last from golive_attempt where desk = $1 and release = $2',
    [desk, release],
  );
  const attempt = (found.rows[0]?.last ?? 0) + 1;
  try {
    const made = await pool.query<AttemptRow>(
      `insert into golive_attempt (desk, release, attempt, workflow_id, asked_by, reason)
       values ($1, $2, $3, $4, $5, $6) returning *`,
      [desk, release, attempt, workflowIdOf(attempt), askedBy, reason],
    );
    return attemptFrom(made.rows[0] as AttemptRow);
  } catch (error) {
    if ((error as { code?: string }).code === UNIQUE_VIOLATION) return null;
    throw error;
  }
}

/**
 * A final state ends the attempt and withdraws what it still asks a person to do; an attempt that is over stays
 * unchanged.
 */
export async function moveAttempt(
  pool: Queries,
  key: { readonly desk: string; readonly release: string; readonly attempt: number },
  state: Exclude<GoLiveState, 'open'>,
  detail: string,
): Promise<void> {
  await pool.query(
    `with moved as (
       update golive_attempt set state = $4, detail = $5, finished = case when $4 = 'live' then null else now() end
        where desk = $1 and release = $2 and attempt = $3 and finished is null returning workflow_id, finished)
     update task set state = 'withdrawn', finished = now(), done_by = 'fermata', note = 'the attempt is over: ' || $5
      where desk = $1 and state = 'open' and workflow_id in (select workflow_id from moved where finished is not null)`,
    [key.desk, key.release, key.attempt, state, detail],
  );
}

/** Newest first. */
export async function readAttempts(
  pool: Queries,
  desk: string,
  limit = 20,
): Promise<readonly GoLiveAttempt[]> {
  const found = await pool.query<AttemptRow>(
    'select * from golive_attempt where desk = $1 order by started desc, attempt desc limit $2',
    [desk, limit],
  );
  return found.rows.map(attemptFrom);
}

interface AttemptRow {
  readonly desk: string;
  readonly release: string;
  readonly attempt: number;
  readonly workflow_id: string;
  readonly asked_by: string;
  readonly reason: string;
  readonly state: GoLiveState;
  readonly detail: string;
  readonly started: Date;
  readonly finished: Date | null;
}

function attemptFrom(row: AttemptRow): GoLiveAttempt {
  const { desk, release, attempt, reason, state, detail } = row;
  return {
    desk,
    release,
    attempt,
    reason,
    state,
    detail,
    workflowId: row.workflow_id,
    askedBy: row.asked_by,
    startedMs: row.started.getTime(),
    finishedMs: row.finished?.getTime() ?? null,
  };
}

/** A report of a paper validation, as signed. Append-only. */
interface ValidationRow {
  readonly desk: string;
  readonly validationId: string;
  readonly configHash: string;
  readonly recommendation: 'GO' | 'NO-GO';
  /** It may be used for real money. */
  readonly qualifies: boolean;
  readonly hash: string;
  readonly seal: string;
  /** JSON text; anybody who relies on it must check hash and seal. */
  readonly report: string;
  readonly createdMs: number;
}

/** The same validation again leaves the first report unchanged. */
export async function recordValidation(pool: Pick<Pool, 'query'>, row: ValidationRow): Promise<void> {
  await pool.query(
    `insert into validation_report
       (desk, validation_id, config_hash, recommendation, qualifies, hash, seal, report, created)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (desk, validation_id) do nothing`,
    [
      row.desk,
      row.validationId,
      row.configHash,
      row.recommendation,
      row.qualifies,
      row.hash,
      row.seal,
      row.report,
      new Date(row.createdMs),
    ],
  );
}

/** Newest first. */
export async function readValidations(
  pool: Pick<Pool, 'query'>,
  desk: string,
  limit = 50,
): Promise<readonly ValidationRow[]> {
  const found = await pool.query<StoredRow>(
    'select * from validation_report where desk = $1 order by id desc limit $2',
    [desk, limit],
  );
  return found.rows.map(rowOf);
}

/** Whatever its recommendation; null if there is none. */
export async function newestValidationOf(
  pool: Pick<Pool, 'query'>,
  desk: string,
  configHash: string,
): Promise<ValidationRow | null> {
  const found = await pool.query<StoredRow>(
    'select * from validation_report where desk = $1 and config_hash = $2 order by id desc limit 1',
    [desk, configHash],
  );
  return found.rows[0] === undefined ? null : rowOf(found.rows[0]);
}

interface StoredRow {
  readonly desk: string;
  readonly validation_id: string;
  readonly config_hash: string;
  readonly recommendation: 'GO' | 'NO-GO';
  readonly qualifies: boolean;
  readonly hash: string;
  readonly seal: string;
  readonly report: string;
  readonly created: Date;
}

function rowOf(row: StoredRow): ValidationRow {
  const { desk, recommendation, qualifies, hash, seal, report } = row;
  return {
    desk,
    recommendation,
    qualifies,
    hash,
    seal,
    report,
    validationId: row.validation_id,
    configHash: row.config_hash,
    createdMs: row.created.getTime(),
  };
}
