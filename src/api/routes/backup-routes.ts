import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { backupWorkflowId, drillWorkflowId } from '../../contracts/queues.js';
import { OPERATOR } from '../../domain/people-roles.js';
import type { Database, WebDependencies } from '../dependencies.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { type BackupRun, backupRunSchema, stepSchema } from '../schemas/records.js';
import { callerOf, emptyBody, fromDatabase, OUTCOMES, queryOf, sendOutcome } from './route-parts.js';

/** How long a browser is kept waiting; the backup itself goes on. */
const PATIENCE_MS = 10_000;

const takeSchema = z.strictObject({
  verify: z
    .boolean()
    .optional()
    .describe('Read everything back; only then does it count as a backup. Left out: yes'),
});

export function backupsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'The newest backups and restore drills: what each step expected, what it observed, its verdict',
    tags: ['records'],
    querystring: queryOf({ limit: { type: 'integer', minimum: 1, maximum: 50, default: 10 } }),
    response: {
      200: answer('Newest first', z.object({ runs: z.array(backupRunSchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { limit: number } }>('/api/backups', { schema }, (request, reply) =>
    fromDatabase(reply, 'The evidence of backups', async () => ({
      runs: await readBackups(web.database, web.runtime.desk, request.query.limit),
    })),
  );
}

export function takeBackupRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Take a backup and verify it, or join one already running',
    tags: ['records'],
    body: jsonSchema(takeSchema),
    response: OUTCOMES,
  };
  app.post<{ Body: z.infer<typeof takeSchema> }>(
    '/api/backups',
    { schema, preValidation: emptyBody, config: { roles: OPERATOR } },
    async (request, reply) => {
      const { verify = true } = request.body;
      const asked = { verify, patienceMs: PATIENCE_MS };
      const outcome = await web.operations.takeBackup(callerOf(request), asked);
      return sendOutcome(reply, outcome, 'Try again when Temporal answers; `fermata doctor` says more.');
    },
  );
}

const rowSchema = stepSchema.extend({
  workflowId: z.string(),
  runId: z.string(),
  routine: z.enum(['backup', 'restore-drill']),
});

/** Limit for each run: a backup has at most three steps, a drill some more. */
const STEPS_EACH_MAX = 40;

/** A routine of the desk may have either name, and evidence of its own of the backup that it asked for. */
const STEPS = `
  select workflow_id as "workflowId", run_id as "runId", routine, step_key as key, name, kind, verdict,
    expected, observed, person,
    (extract(epoch from started) * 1000)::float8 as "startedMs",
    (extract(epoch from finished) * 1000)::float8 as "finishedMs"
  from evidence where desk = $1 and routine in ('backup', 'restore-drill') and workflow_id in ($2, $3)
  order by id desc limit $4`;

/**
 * Backups and restore drills with their steps, from the evidence, including those that failed; newest first. Rejects
 * while the database is down.
 */
async function readBackups(database: Database, desk: string, limit: number): Promise<readonly BackupRun[]> {
  const of = [desk, backupWorkflowId(desk), drillWorkflowId(desk)];
  const found = await database.query(STEPS, [...of, limit * STEPS_EACH_MAX]);
  const runs = new Map<string, BackupRun>();
  for (const row of found.rows) {
    const { workflowId, runId, routine, ...step } = rowSchema.parse(row);
    const key = `${workflowId} ${runId}`;
    const { steps, ...run } = runs.get(key) ?? { workflowId, runId, routine, steps: [], person: step.person };
    const all = [step, ...steps];
    runs.set(key, {
      ...run,
      startedMs: Math.min(...all.map(({ startedMs }) => startedMs)),
      finishedMs: Math.max(...all.map(({ finishedMs }) => finishedMs)),
      verdict: verdictOf(all.map(({ verdict }) => verdict)),
      steps: all,
    });
  }
  return [...runs.values()].slice(0, limit);
}

/** A backup whose copy has no destination is still good; it was just not sent. */
function verdictOf(steps: readonly BackupRun['steps'][number]['verdict'][]): BackupRun['verdict'] {
  if (steps.every((verdict) => verdict === 'pass')) return 'pass';
  return steps.every((verdict) => verdict === 'pass' || verdict === 'not_run') ? 'not_run' : 'fail';
}
