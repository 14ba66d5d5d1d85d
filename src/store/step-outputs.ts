/** The outputs of programs and HTTP requests in routine steps. Evidence names an output by its id and hash. */
import { createHash } from 'node:crypto';
import type { RunIdentity } from '../contracts/evidence.js';
import { type Pool, plainText } from './pool.js';

type Queries = Pick<Pool, 'query'>;

interface NewStepOutput {
  readonly stepKey: string;
  readonly attemptGroup: number;
  readonly output: string;
  readonly cut: boolean;
}

export interface StepOutput extends NewStepOutput {
  readonly id: number;
  readonly workflowId: string;
  readonly recordedMs: number;
  /** The output matches its own hash, and the hash in the evidence that names it. */
  readonly isAsRecorded: boolean;
}

/**
 * Returns the `reference` for the evidence. Each attempt is stored, because an earlier attempt's output is a
 * result, too.
 */
export async function keepStepOutput(pool: Queries, run: RunIdentity, kept: NewStepOutput): Promise<string> {
  const output = plainText(kept.output);
  const hash = hashOf(output);
  const added = await pool.query<{ id: string }>(
    `insert into step_output (desk, workflow_id, first_run_id, run_id, step_key, attempt_group, output, cut, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
    [
      run.desk,
      run.workflowId,
      run.firstRunId,
      run.runId,
      kept.stepKey,
      kept.attemptGroup,
      output,
      kept.cut,
      hash,
    ],
  );
  return referenceOf(Number(added.rows[0]?.id), hash);
}

/** Null if the desk has no output with this id. */
export async function readStepOutput(pool: Queries, desk: string, id: number): Promise<StepOutput | null> {
  const found = await pool.query<OutputRow>(
    `select o.*, array(select reference from evidence e
        where e.desk = o.desk and e.workflow_id = o.workflow_id and e.first_run_id = o.first_run_id
          and e.reference like 'output ' || o.id || ' %') as referred
      from step_output o where o.desk = $1 and o.id = $2`,
    [desk, id],
  );
  const row = found.rows[0];
  if (row === undefined) return null;
  const hash = hashOf(row.output);
  return {
    id,
    workflowId: row.workflow_id,
    stepKey: row.step_key,
    attemptGroup: row.attempt_group,
    output: row.output,
    cut: row.cut,
    recordedMs: row.recorded.getTime(),
    // The output of a lost attempt that was repeated has no evidence that names it.
    isAsRecorded: hash === row.hash && row.referred.every((reference) => reference === referenceOf(id, hash)),
  };
}

const hashOf = (output: string): string => createHash('sha256').update(output).digest('hex');

const referenceOf = (id: number, hash: string): string => `output ${id} sha256 ${hash}`;

interface OutputRow {
  readonly workflow_id: string;
  readonly step_key: string;
  readonly attempt_group: number;
  readonly output: string;
  readonly cut: boolean;
  readonly hash: string;
  readonly recorded: Date;
  readonly referred: readonly string[];
}
