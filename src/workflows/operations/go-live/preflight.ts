/** Everything that real money needs, looked at: before people are asked, and again just before the start. */
import type { GoLiveRun } from './go-live-run.js';

export interface Preflight {
  /** What forbids going live; empty: nothing does. */
  readonly obstacles: readonly string[];
  /** Of the validation, in one line. */
  readonly figures: string;
}

/** `reviewedBy` null: the checklist is not complete yet, only the checks are kept. */
export async function preflight(
  run: GoLiveRun,
  routine: 'pre-flight' | 'again',
  reviewedBy: string | null,
): Promise<Preflight> {
  const startedMs = Date.now();
  const seen = await run.calls.lookBeforeLive.executeWithOptions({ summary: 'Pre-flight' }, [reviewedBy]);
  for (const check of seen.checks) run.record(`${routine}.${check.key}`, check.title, check, startedMs);
  if (reviewedBy !== null) {
    for (const { key, title, done, observed, expected } of seen.checklist) {
      const verdict = done ? 'pass' : 'fail';
      run.record(`checklist.${key}`, title, { verdict, observed, expected }, startedMs);
    }
  }
  return seen;
}
