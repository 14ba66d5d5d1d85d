/** Reports of paper validations, as signed. Append-only. */
import type { Pool } from './pool.js';

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
