import { z } from 'zod';
import { marketMs, type Shape, wallMs } from '../contracts/json-values.js';
import { routineId } from '../contracts/queues.js';
import { type RoutineVerdict, RUN_VERDICTS, type StepResult } from '../contracts/routine.js';
import { nextNominalMs, runsOnMarketClock, timesOf } from '../desk/nominal-times.js';
import type { DeskRoutine } from '../desk/schema.js';
import { countClosedTrades } from '../store/ledger-figures.js';
import { readLastMissed, readLastRuns } from '../store/routine-run.js';
import { readScheduleStates } from '../store/schedule-state.js';
import { whyNotStarted } from '../temporal/open-temporal.js';
import { scheduleIdOf } from '../temporal/schedules/schedule-definition.js';
import { awaitVerdict, startRoutine } from '../temporal/start-runs.js';
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
  /**
   * How long to wait for the verdict; default: one minute, or half an hour if a step carries out an action or waits.
   * The routine goes on afterwards.
   */
  readonly patienceMs?: number;
}

/**
 * Runs a routine of the desk file now, and waits for its verdict. Proven: it passed, with or without warnings, and no
 * step that the desk file requires failed. The verdict stays what `onFail` makes of a failure.
 */
export async function runRoutine(
  context: OperationContext,
  caller: Caller,
  request: RoutineRequest,
): Promise<RoutineOutcome> {
  const { desk, temporal } = context;
  const routine = desk.routines.find(({ name }) => name === request.name);
  if (!routine) {
    const known = desk.routines.map(({ name }) => name).join(', ') || 'none';
    return {
      ...notRun(`The desk file has no routine "${request.name}" (it has: ${known}). Nothing was run.`),
      reason: 'unknown',
    };
  }
  const status = await readStatus(context).catch(() => null);
  const marketMs = status?.marketData.marketMs ?? context.nowMs();
  const occasion = {
    cause: 'person',
    nominalMs: marketMs,
    marketMs,
    incarnation: status?.incarnation ?? null,
    person: caller.person,
    simulated: status?.marketData.simulated ?? false,
  } as const;
  // While market time stands still, it doesn't tell two requests apart.
  const id = `${routineId(desk.desk, routine.name, marketMs)}:asked-${context.nowMs()}`;
  try {
    const workflowId = await startRoutine(temporal, desk, routine, occasion, id);
    const asked = { action: 'runRoutine' as const, parameters: { name: request.name, workflowId } };
    // Written now: this process may end before the routine does.
    const begun = recordAudit(context, caller, { ...asked, outcome: 'begun' });
    const slow = routine.steps.some(({ action, waitMinutes }) => action !== undefined || waitMinutes > 0);
    const patienceMs = request.patienceMs ?? (slow ? ACTION_PATIENCE_MS : PATIENCE_MS);
    const { answer: result, ended: gone } = await awaitVerdict(temporal, workflowId, patienceMs);
    const verdict = result?.verdict ?? null;
    const failed = (result?.steps ?? []).filter((step) => step.verdict === 'fail');
    const isRequired = ({ key }: StepResult): boolean =>
      routine.steps.some((step) => step.key === key && step.required === true);
    // Behind the first: over another connection it may be written before it.
    const written = await begun;
    const ended = await recordAudit(context, caller, {
      ...asked,
      outcome: verdict ?? gone ?? 'not finished',
    });
    const problems = [written, ended].filter((problem) => problem !== null);
    return {
      ok: true,
      proven: (verdict === 'pass' || verdict === 'warn') && !failed.some(isRequired),
      detail: [
        `${routine.title}: ${verdict ?? gone ?? `not finished after ${patienceMs / 1_000} s`}`,
        ...failed.map(
          (step) => `${step.title}${isRequired(step) ? ' (required) failed' : ''}: ${step.observed}`,
        ),
      ].join('; '),
      haltId: null,
      workflowId,
      problems,
      verdict,
      steps: inOrder(routine, result?.steps ?? []),
    };
  } catch (error) {
    return notRun(whyNotStarted(error, 'The routine'));
  }
}

const notRun = (detail: string): RoutineOutcome => ({ ...notDone(detail), verdict: null, steps: [] });

/** In the order of the desk file, not in the order in which the steps ended. */
function inOrder({ steps }: DeskRoutine, results: readonly StepResult[]): readonly StepResult[] {
  return steps.flatMap(({ key }) => results.filter((result) => result.key === key));
}

export const runVerdict = z.enum(RUN_VERDICTS).nullable().describe('Null while it runs');

export const scheduleSchema = z.object({
  scheduleId: z.string(),
  routine: z.string(),
  title: z.string(),
  when: z
    .enum(['timed', 'trades', 'start', 'asked'])
    .describe(
      'timed: at times of its own; trades: it has none, and runs after each so many closed trades; start: only at each start of the desk; asked: only when somebody runs it',
    ),
  known: z.boolean().describe('false: the database does not answer; `paused` and `last` say nothing'),
  /** Paused by a person. */
  paused: z.boolean(),
  note: z.string(),
  clock: z.enum(['wall', 'market']).describe('market: due by the time of the prices'),
  /** Null while paused, or if none is due. */
  nextMs: wallMs.nullable().describe('Estimated where market time runs at another speed'),
  nextMarketMs: marketMs.nullable(),
  byTrades: z
    .object({
      every: z.number(),
      closed: z.number().describe('Closed trades of the desk'),
      next: z.number().describe('The closed trade after which it is due next'),
    })
    .nullable()
    .describe('Null: it is not due by the count of trades, or the database does not answer'),
  /** `nominalMs`: when it was due in the desk's own time. Null if it never ran. */
  last: z.object({ nominalMs: marketMs, verdict: runVerdict }).nullable().describe('Its newest run'),
  missed: z
    .object({ nominalMs: marketMs, reason: z.string() })
    .nullable()
    .describe('When it was last due without a run, if that is later than its newest run'),
});
export type ScheduledRun = Shape<typeof scheduleSchema>;

/** Every routine and when it is due next, from the desk file and the trader's clock; needs no Temporal. */
export async function listSchedules(context: OperationContext): Promise<readonly ScheduledRun[]> {
  const { desk, pool } = context;
  const counts = desk.routines.some(({ everyTrades }) => everyTrades !== undefined);
  const [status, states, runs, misses, closed] = await Promise.all([
    readStatus(context).catch(() => null),
    readScheduleStates(pool, desk.desk).catch(() => null),
    readLastRuns(pool, desk.desk).catch(() => null),
    readLastMissed(pool, desk.desk).catch(() => null),
    counts ? countClosedTrades(pool, desk.desk).catch(() => null) : null,
  ]);
  const wallMs = context.nowMs();
  const market = status && runsOnMarketClock(status.marketData) ? status.marketData : null;
  return desk.routines.map((routine) => {
    const scheduleId = scheduleIdOf(desk.desk, routine.name);
    const state = states?.find((known) => known.scheduleId === scheduleId);
    const paused = state?.paused ?? false;
    const marketMs = market?.marketMs ?? wallMs;
    const nextMarketMs = paused ? null : nextNominalMs(routine, desk.timezone, marketMs);
    const speed = market ? market.speed : 1;
    const last = runs?.find((run) => run.routine === routine.name);
    const sinceMs = last?.nominalMs ?? 0;
    const missed = misses?.find((miss) => miss.routine === routine.name && miss.nominalMs > sinceMs);
    return {
      scheduleId,
      routine: routine.name,
      title: routine.title,
      when: whenOf(routine),
      known: states !== null && runs !== null && misses !== null,
      paused,
      note: state?.note ?? '',
      clock: market ? 'market' : 'wall',
      nextMs:
        nextMarketMs === null || speed === null
          ? null
          : Math.round(wallMs + (nextMarketMs - marketMs) / speed),
      nextMarketMs,
      byTrades: byTrades(routine, closed),
      last: last ? { nominalMs: last.nominalMs, verdict: last.verdict } : null,
      missed: missed ? { nominalMs: missed.nominalMs, reason: missed.reason } : null,
    };
  });
}

function byTrades({ everyTrades }: DeskRoutine, closed: number | null): ScheduledRun['byTrades'] {
  if (everyTrades === undefined || closed === null) return null;
  return { every: everyTrades, closed, next: closed - (closed % everyTrades) + everyTrades };
}

function whenOf(routine: DeskRoutine): ScheduledRun['when'] {
  if (timesOf(routine).length > 0) return 'timed';
  if (routine.everyTrades !== undefined) return 'trades';
  return routine.onStart ? 'start' : 'asked';
}
