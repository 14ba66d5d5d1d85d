/** What people hear while a desk trades real money under their eyes. */
import type { Notice } from '../../../contracts/notice.js';
import type { GoLiveRun } from './go-live-run.js';

export function remind(run: GoLiveRun, text: string): void {
  tell(run, 'reminder', {
    event: 'task',
    severity: 'info',
    title: 'look at the dashboard',
    text: `${text}. Reconciliation: GET /api/reconciliation.`,
  });
}

/** At once, not only when the watch is over. */
export function tellProblems(run: GoLiveRun, problems: readonly string[]): void {
  tell(run, 'problems', {
    event: 'warning',
    severity: 'warning',
    title: 'something is not as it should be',
    text: problems.join('\n'),
  });
}

/** Before anybody is asked for a larger size. */
export function tellResults(run: GoLiveRun, lines: readonly string[], clean: boolean): void {
  tell(run, 'results', {
    event: 'report',
    severity: clean ? 'info' : 'warning',
    title: clean ? 'watched, and all as expected' : 'watched, and not all as expected',
    text: lines.join('\n'),
  });
}

function tell(
  run: GoLiveRun,
  what: string,
  said: Pick<Notice, 'event' | 'severity' | 'title' | 'text'>,
): void {
  const { desk, release, attempt } = run.input;
  const notice: Notice = {
    ...said,
    desk,
    title: `${desk} trades real money: ${said.title}`,
    fingerprint: `golive:${release}:${attempt}:${what}:${Date.now()}`,
  };
  run.trail.keep(what, run.records.notify.executeWithOptions({ summary: `Tell people: ${what}` }, [notice]));
}
