/** Watching a desk with real money: looks again and again, tells people, and compares with paper at the end. */
import { sleep } from '@temporalio/workflow';
import { causeOf } from '../../../domain/cause-of.js';
import type { GoLiveRun } from './go-live-run.js';
import { remind, tellProblems, tellResults } from './live-notices.js';
import { lookAtLive } from './look-at-live.js';

export interface Watched {
  /** Why it is no longer live; null: it is. */
  readonly ended: string | null;
  /** What was not as it should be, each once; at most 20 and what the end brought. */
  readonly problems: readonly string[];
}

const PROBLEMS_MAX = 20;
/** Of one watch, which is in one run: its history must not grow without an end. */
const LOOKS_MAX = 1_000;
const OBSERVED_MAX = 1_500;

export async function watchLive(
  run: GoLiveRun,
  watchMs: number,
  phase: 'watched' | 'ramp',
): Promise<Watched> {
  const startedMs = Date.now();
  const untilMs = startedMs + watchMs;
  const everyMs = Math.max(run.input.lookMs, Math.ceil(watchMs / LOOKS_MAX));
  const fillsSinceMs = phase === 'watched' ? run.liveSinceMs : startedMs;
  const problems = new Set<string>();
  let remindAtMs = startedMs + run.input.remindMs;
  let looks = 0;
  run.show(phase, `Watched until ${new Date(untilMs).toISOString()}`, untilMs);
  do {
    const found = await lookAtLive(run, fillsSinceMs);
    looks += 1;
    if (found.ended !== null) return { ended: found.ended, problems: [...problems] };
    const fresh = found.problems.filter((one) => !problems.has(one)).slice(0, PROBLEMS_MAX - problems.size);
    for (const problem of fresh) problems.add(problem);
    if (fresh.length > 0) tellProblems(run, fresh);
    if (Date.now() >= remindAtMs && phase === 'watched') {
      remindAtMs = Date.now() + run.input.remindMs;
      remind(run, found.text);
    }
    const left = untilMs - Date.now();
    if (left > 0) await sleep(Math.min(everyMs, left));
  } while (Date.now() < untilMs);
  const key = phase === 'watched' ? 'first-period' : `ramp.${looks}.${startedMs}`;
  const watched = { key, startedMs, fillsSinceMs, looks, problems: [...problems] };
  // What can't be verified is not clean, and no reason to end what is live.
  const late = await conclude(run, watched).catch((error: unknown) => {
    const unverified = [`not verified: ${causeOf(error)}`];
    tellProblems(run, unverified);
    return unverified;
  });
  return { ended: null, problems: [...problems, ...late] };
}

interface Conclusion {
  /** Of the pieces of evidence. */
  readonly key: string;
  readonly startedMs: number;
  readonly fillsSinceMs: number;
  readonly looks: number;
  readonly problems: readonly string[];
}

/** Fills, reconciliation, and what paper trading led one to expect: each is a piece of evidence. Gives what is wrong. */
async function conclude(
  run: GoLiveRun,
  { key, startedMs, fillsSinceMs, looks, problems }: Conclusion,
): Promise<readonly string[]> {
  const summary = 'Verify the fills';
  const fills = await run.calls.readLiveFills.executeWithOptions({ summary }, [fillsSinceMs]);
  const filled = {
    verdict: fills.problems.length === 0 ? 'pass' : 'fail',
    observed:
      fills.problems.length === 0 ? `${fills.fills} fills, each as ordered` : fills.problems.join('; '),
    expected: 'own orders only, on their side, at their limit or better',
  } as const;
  run.record(`${key}.fills`, 'Orders fill as ordered', filled, startedMs);
  const state = {
    verdict: problems.length === 0 ? 'pass' : 'warn',
    observed: problems.length === 0 ? `clean at ${looks} looks` : problems.join('; ').slice(0, OBSERVED_MAX),
    expected: 'ACTIVE, reconciled, every position protected',
  } as const;
  run.record(`${key}.state`, 'Mode, reconciliation and protection', state, startedMs);
  const paper = await run.calls.compareWithPaper.executeWithOptions({ summary: 'Compare with paper' }, [
    run.liveSinceMs,
  ]);
  run.record(`${key}.paper`, 'Live results against paper trading', paper, startedMs);
  const late =
    paper.verdict === 'warn' ? [...fills.problems, `not as on paper: ${paper.observed}`] : fills.problems;
  const lines = [filled, state, paper].map(({ observed, verdict }) => `${verdict}: ${observed}`);
  tellResults(run, lines, problems.length === 0 && late.length === 0);
  return late;
}
