/** Changes in the trader, and in the checks that keep it from trading, that make waiting runs check again. */

import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Check, CheckContext } from '../checks/check.js';
import { CHECKS } from '../checks/registry.js';
import { GO_LIVE_MESSAGES } from '../contracts/go-live.js';
import { INCIDENT_MESSAGES, type LookAgain } from '../contracts/incident.js';
import { blocksTrading, type CheckOutcome } from '../contracts/routine.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { lacksGoLive } from '../domain/go-live-terms.js';
import { tradingDaysOf } from '../domain/zone-offset.js';
import { symptomsOf } from '../temporal/report-incident.js';
import { startRoutineOf } from '../temporal/start-runs.js';
import type { StatusFollower, TraderWatchContext } from './repeat.js';

/** As often as a resumption polls in its first minutes. */
const CHECK_EVERY_MS = 60_000;

export function changesOfTrader(context: TraderWatchContext): StatusFollower {
  const wake = wakeWaitingRuns(context);
  const seenIn = whatIsWaitedFor(context.desk);
  return (status) => wake(seenIn(status), status.incarnation);
}

/** Only during a halt that a rule may lift: otherwise a run waits only for a person's decision. */
export function changesOfChecks(
  context: TraderWatchContext,
  failingChecks: FailingChecks,
  everyMs = CHECK_EVERY_MS,
): StatusFollower {
  const wake = wakeWaitingRuns(context, CHECK_EVERY_MS * 2);
  let lookedMs = Number.NEGATIVE_INFINITY;
  return async ({ mode, halts, incarnation }) => {
    if (performance.now() - lookedMs < everyMs) return;
    if (mode === 'ACTIVE' || halts.every(({ resume }) => resume !== 'auto' && resume !== 'next-day')) return;
    lookedMs = performance.now();
    await wake((await failingChecks()).join(), incarnation);
  };
}

/**
 * Everything in a status that resumptions or playbooks base decisions on; nothing that changes with each
 * price.
 */
function whatIsWaitedFor(desk: Desk): (status: TraderStatus) => string {
  const days = tradingDaysOf(desk);
  return (status) =>
    JSON.stringify([
      status.incarnation,
      status.mode,
      status.haltId,
      status.halts.map(({ haltId }) => haltId),
      status.closeAll,
      status.reconciliation.state,
      status.marketData.state,
      status.venueBreaker.state,
      status.venueIsUp,
      days.startOfDay(status.marketData.marketMs),
      symptomsOf(desk, status).map(({ kind, subject, key }) => [kind, subject, key]),
      status.strategies.map(({ enabled, off }) => [enabled, off?.atMarketMs, off?.nextReviewMarketMs]),
    ]);
}

/** Limits how often something that goes back and forth wakes runs. */
const WAKE_EVERY_MS = 5_000;
/** After a gap longer than this the trader was unreachable, and a poll by a run meanwhile may have failed. */
const GAP_MS = 10_000;
const WAKE_MS = 10_000;
const RUNS_MAX = 200;

/**
 * `now`: the observed state as text. Waiting runs are signalled when it changes, and the first time, with the
 * incarnation of the desk's trader (null while none is known). Rejects if they could not be signalled.
 */
type Wake = (now: string, incarnation: string | null) => Promise<void>;

/**
 * Wakes resumptions and incidents that wait for a change. This process watches the desk all the time, so that those
 * runs need not poll: each poll would stay in a history.
 */
export function wakeWaitingRuns(
  { temporal, desk }: Pick<TraderWatchContext, 'temporal' | 'desk'>,
  gapMs = GAP_MS,
): Wake {
  let told: string | null = null;
  let toldMs = Number.NEGATIVE_INFINITY;
  let seenMs = Number.NEGATIVE_INFINITY;
  const query = `FermataDesk = "${desk.desk}" AND ExecutionStatus = "Running" AND WorkflowType IN ("resumption", "incident")`;
  return async (now, incarnation) => {
    if (performance.now() - seenMs > gapMs) told = null;
    seenMs = performance.now();
    if (now === told || seenMs - toldMs < WAKE_EVERY_MS) return;
    toldMs = seenMs;
    await temporal.within(WAKE_MS, async (client) => {
      let woken = 0;
      for await (const { workflowId } of client.workflow.list({ query })) {
        if (woken === RUNS_MAX) break;
        woken += 1;
        // A run that has ended meanwhile needs no signal.
        await client.workflow
          .getHandle(workflowId)
          .signal<[LookAgain]>(INCIDENT_MESSAGES.lookAgain, { incarnation })
          .catch(() => undefined);
      }
    });
    told = now;
  };
}

/**
 * Of a desk that lacks a go-live: the one that people are asked about checks at once whether the desk is still as they
 * were asked. One that is missed checks by itself.
 */
export function changesOfGoLive({
  temporal,
  desk,
}: Pick<TraderWatchContext, 'temporal' | 'desk'>): StatusFollower {
  let told: string | null = null;
  const query = `FermataDesk = "${desk.desk}" AND ExecutionStatus = "Running" AND WorkflowType = "goLive"`;
  return async ({ goLive, incarnation, haltId, configHash }) => {
    if (!lacksGoLive(goLive)) return;
    const now = [incarnation, haltId, configHash].join();
    if (now === told) return;
    await temporal.within(WAKE_MS, async (client) => {
      for await (const { workflowId } of client.workflow.list({ query }))
        await client.workflow
          .getHandle(workflowId)
          .executeUpdate<void, [string]>(GO_LIVE_MESSAGES.changed, { args: [incarnation], updateId: now })
          // One of an earlier build does not know it, and one that has ended meanwhile need not.
          .catch((error: unknown) => {
            if (!(error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError))
              throw error;
          });
    });
    told = now;
  };
}

/** Names of the checks that block trading now. Never rejects. */
export type FailingChecks = () => Promise<readonly string[]>;

/**
 * Runs the checks that keep a halted desk from trading, by the rule of the resumption: those that fail, and those that
 * are required and can't be run. A change is signalled, but not recorded.
 */
export function failingChecksOf(
  context: CheckContext,
  checks: ReadonlyMap<string, Check> = CHECKS,
): FailingChecks {
  const steps = (startRoutineOf(context.desk)?.steps ?? []).filter(
    (step) => step.check !== undefined && (step.required || blocksTrading(step)),
  );
  return async () => {
    const looked = await Promise.all(
      steps.map(async (step) => {
        const { key, check = '', with: parameters, required } = step;
        const stepMs = step.timeoutSeconds * 1_000;
        const answer = checks.get(check)?.({ ...context, stepMs }, parameters);
        const verdict = await verdictWithin(stepMs, answer);
        const fails = verdict === 'fail' && blocksTrading(step);
        return verdict === null || fails || (verdict === 'not_run' && required) ? [key] : [];
      }),
    );
    return looked.flat();
  };
}

/** Null if it throws or doesn't answer in time. */
async function verdictWithin(
  ms: number,
  answer: ReturnType<Check> | undefined,
): Promise<CheckOutcome['verdict'] | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    const outcome = await Promise.race([answer, late]);
    return outcome?.verdict ?? null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
