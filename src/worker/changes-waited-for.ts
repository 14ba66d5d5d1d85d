/** The changes of the trader, and of the checks that keep it from trading, that make waiting runs check again. */
import { tradingDaysOf } from '../activities/engine/trading-days.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { symptomsOf } from '../temporal/incidents/symptoms.js';
import type { FailingChecks } from './failing-checks.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';
import { wakeWaitingRuns } from './wake-waiting-runs.js';

/** As often as a resumption polls in its first minutes. */
const CHECK_EVERY_MS = 60_000;

export function changesOfTrader(context: TraderWatchContext): StatusFollower {
  const wake = wakeWaitingRuns(context);
  const seenIn = whatIsWaitedFor(context.desk);
  return (status) => wake(seenIn(status));
}

/** Only during a halt that a rule may lift: otherwise a run waits for a person's decision alone. */
export function changesOfChecks(
  context: TraderWatchContext,
  failingChecks: FailingChecks,
  everyMs = CHECK_EVERY_MS,
): StatusFollower {
  const wake = wakeWaitingRuns(context, CHECK_EVERY_MS * 2);
  let lookedMs = Number.NEGATIVE_INFINITY;
  return async ({ mode, halts }) => {
    if (performance.now() - lookedMs < everyMs) return;
    if (mode === 'ACTIVE' || halts.every(({ resume }) => resume !== 'auto' && resume !== 'next-day')) return;
    lookedMs = performance.now();
    await wake((await failingChecks()).join());
  };
}

/** Everything in a status that a resumption or a playbook decides by; nothing that changes with each price. */
export function whatIsWaitedFor(desk: Desk): (status: TraderStatus) => string {
  const days = tradingDaysOf(desk);
  return (status) =>
    JSON.stringify([
      status.incarnation,
      status.mode,
      status.haltId,
      status.halts.map(({ haltId }) => haltId),
      status.reconciliation.state,
      status.marketData.state,
      status.venueBreaker.state,
      days.startOfDay(status.marketData.marketMs),
      symptomsOf(desk, status).map(({ kind, subject, key }) => [kind, subject, key]),
      status.strategies.map(({ enabled, off }) => [enabled, off?.atMarketMs, off?.nextReviewMarketMs]),
    ]);
}
