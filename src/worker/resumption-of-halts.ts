/** Starts a resumption for each halt. After a start of the trader, the start routine runs first. */
import type { TraderStatus } from '../contracts/trader-status.js';
import { resumptionStart, startRoutineOf } from '../temporal/resumption-start.js';
import { awaitVerdict, startRoutine } from '../temporal/schedules/start-routine.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';

/** A Temporal that was restored or recreated has lost the resumption: it is started again. */
const ASK_AGAIN_MS = 60_000;
const START_MS = 5_000;
const ROUTINE_PATIENCE_MS = 60_000;

export function resumptionOfHalts(context: TraderWatchContext): StatusFollower {
  let asked: { readonly haltId: string; readonly atMs: number } | null = null;
  return async (status) => {
    const { haltId } = status;
    if (haltId === null || status.mode === 'ACTIVE') {
      asked = null;
      return;
    }
    if (asked?.haltId === haltId && performance.now() - asked.atMs < ASK_AGAIN_MS) return;
    // Before the first prices arrive, the checks could only fail.
    if (asked?.haltId !== haltId && status.marketData.state === 'waiting') return;
    await runStartRoutine(context, status);
    const { temporal, desk } = context;
    await temporal.within(START_MS, (client) =>
      client.workflow.start('resumption', resumptionStart(desk, haltId, status)),
    );
    asked = { haltId, atMs: performance.now() };
  };
}

/** Once per start of the trader: its id contains the start's halt id, so that repeating it does nothing. */
async function runStartRoutine({ temporal, desk }: TraderWatchContext, status: TraderStatus): Promise<void> {
  const startup = status.halts.find(({ cause }) => cause === 'startup');
  const routine = startRoutineOf(desk);
  if (!startup || !routine) return;
  const workflowId = await startRoutine(temporal, desk, routine, {
    cause: 'start',
    nominalMs: startup.atMarketMs,
    marketMs: status.marketData.marketMs,
    incarnation: status.incarnation,
    person: null,
    simulated: status.marketData.simulated,
  });
  await awaitVerdict(temporal, workflowId, ROUTINE_PATIENCE_MS);
}
