import type { RoutineVerdict, StepResult } from '../contracts/routine.js';
import type { DeskRoutine } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import { awaitVerdict } from '../temporal/schedules/await-verdict.js';
import { startRoutine } from '../temporal/schedules/start-routine.js';
import { readStatus } from '../trader/read-status.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from './operation.js';
import { recordAudit } from './record-audit.js';

const PATIENCE_MS = 60_000;
/** Actions take longer than checks: a backup, a restore. */
const ACTION_PATIENCE_MS = 1_800_000;

export interface RoutineOutcome extends OperationResult {
  /** Null: not run, or not finished in time. */
  readonly verdict: RoutineVerdict | null;
  readonly steps: readonly StepResult[];
}

export interface RoutineRequest {
  readonly name: string;
  /** How long to wait for the verdict; default: as long as the steps may take. The routine goes on afterwards. */
  readonly patienceMs?: number;
}

/** Runs a routine of the desk file now, and waits for its verdict. Proven: it passed, with or without warnings. */
export async function runRoutine(
  context: OperationContext,
  caller: Caller,
  request: RoutineRequest,
): Promise<RoutineOutcome> {
  const { desk, temporal } = context;
  const routine = desk.routines.find(({ name }) => name === request.name);
  if (!routine) {
    const known = desk.routines.map(({ name }) => name).join(', ') || 'none';
    return notRun(`The desk file has no routine "${request.name}" (it has: ${known}). Nothing was run.`);
  }
  const status = await readStatus(context).catch(() => null);
  const marketMs = status?.marketData.marketMs ?? context.nowMs();
  try {
    const workflowId = await startRoutine(temporal, desk, routine, {
      cause: 'person',
      nominalMs: marketMs,
      marketMs,
      incarnation: status?.incarnation ?? null,
      person: caller.person,
      simulated: status?.marketData.simulated ?? false,
    });
    const slow = routine.steps.some(({ action, waitMinutes }) => action !== undefined || waitMinutes > 0);
    const patienceMs = request.patienceMs ?? (slow ? ACTION_PATIENCE_MS : PATIENCE_MS);
    const result = await awaitVerdict(temporal, workflowId, patienceMs);
    const verdict = result?.verdict ?? null;
    const failed = (result?.steps ?? []).filter((step) => step.verdict === 'fail');
    const audit = await recordAudit(context, caller, {
      action: 'runRoutine',
      parameters: { name: request.name },
      outcome: verdict ?? 'not finished',
    });
    return {
      ok: true,
      proven: verdict === 'pass' || verdict === 'warn',
      detail: [
        `${routine.title}: ${verdict ?? `not finished after ${patienceMs / 1_000} s`}`,
        ...failed.map(({ title, observed }) => `${title}: ${observed}`),
      ].join('; '),
      haltId: null,
      workflowId,
      problems: audit === null ? [] : [audit],
      verdict,
      steps: inOrder(routine, result?.steps ?? []),
    };
  } catch (error) {
    const why = messageOf(error);
    return notRun(`The routine was not run: ${why}. Nothing was changed. Try again when Temporal answers.`);
  }
}

const notRun = (detail: string): RoutineOutcome => ({ ...notDone(detail), verdict: null, steps: [] });

/** In the order of the desk file; the steps ended in another order. */
function inOrder({ steps }: DeskRoutine, results: readonly StepResult[]): readonly StepResult[] {
  return steps.flatMap(({ key }) => results.filter((result) => result.key === key));
}
