import { createHash } from 'node:crypto';
import type { IncidentShown } from '../contracts/published.js';
import { plainText } from './plain-text.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

const CONTENT_CHARS_MAX = 512 * 1024;

export type IncidentFile = IncidentShown['files'][number];

/** Stored once per run and name: the same name again returns the first file. Cut to its last 524,288 characters. */
export async function keepIncidentFile(
  pool: Queries,
  run: { readonly workflowId: string; readonly firstRunId: string },
  file: { readonly name: string; readonly content: string },
): Promise<IncidentFile> {
  const content = plainText(file.content).slice(-CONTENT_CHARS_MAX);
  await pool.query(
    `insert into incident_file (workflow_id, first_run_id, name, content, sha256) values ($1, $2, $3, $4, $5)
     on conflict (workflow_id, first_run_id, name) do nothing`,
    [run.workflowId, run.firstRunId, file.name, content, createHash('sha256').update(content).digest('hex')],
  );
  const kept = (await readIncidentFiles(pool, run)).find(({ name }) => name === file.name);
  if (kept === undefined) throw new Error(`${file.name} was not kept`);
  return kept;
}

export async function readIncidentFiles(
  pool: Queries,
  run: { readonly workflowId: string; readonly firstRunId: string },
): Promise<readonly IncidentFile[]> {
  const found = await pool.query<IncidentFile>(
    'select name, content, sha256 from incident_file where workflow_id = $1 and first_run_id = $2 order by name',
    [run.workflowId, run.firstRunId],
  );
  return found.rows;
}
