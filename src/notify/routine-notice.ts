import type { Notice } from '../contracts/notice.js';
import type { RoutineProblem, RunVerdict } from '../contracts/routine.js';

/** Null for a routine that went well: silence is good news, and the page shows it. */
export function routineNotice(
  run: { readonly desk: string; readonly workflowId: string; readonly runId: string },
  verdict: RunVerdict,
  said: { readonly title: string; readonly problems: readonly RoutineProblem[] },
): Notice | null {
  if (verdict !== 'fail' && verdict !== 'warn' && verdict !== 'missed') return null;
  return {
    desk: run.desk,
    event: 'routine',
    severity: verdict === 'fail' ? 'critical' : 'warning',
    about: 'routine-failed',
    title: `${said.title}: ${verdict}`,
    text: said.problems.map((step) => `${step.verdict}: ${step.name}: ${step.observed}`).join('\n'),
    workflowId: run.workflowId,
    // A run after a reset gets a notice of its own; its first run id is that of the run before.
    fingerprint: `routine:${run.workflowId}:${run.runId}`,
  };
}
