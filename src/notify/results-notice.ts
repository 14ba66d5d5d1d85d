import type { Notice } from '../contracts/notice.js';
import type { RoutineProblem, RunVerdict } from '../contracts/routine.js';

const FINGERPRINT = 'results:';

/** What each step of a run has found: the summary of a day or a week. */
export function resultsNotice(
  run: { readonly desk: string; readonly workflowId: string; readonly runId: string },
  verdict: RunVerdict,
  said: { readonly title: string; readonly results: readonly RoutineProblem[] },
): Notice {
  return {
    desk: run.desk,
    event: 'report',
    severity: 'info',
    title: `${run.desk}: ${said.title}: ${verdict}`,
    text: said.results
      .map(({ name, verdict, observed }) => `${name}: ${marked(verdict)}${observed}`)
      .join('\n'),
    workflowId: run.workflowId,
    fingerprint: `${resultsOf(run.workflowId)}${run.runId}`,
  };
}

/** Prefix of the fingerprint of each results notice of a run: a run that was reset has several. */
export const resultsOf = (workflowId: string): string => `${FINGERPRINT}${workflowId}:`;

const marked = (verdict: string): string => (verdict === 'pass' ? '' : `${verdict.toUpperCase()}: `);
