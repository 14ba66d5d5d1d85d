/** Watching a desk with real money: looks again and again, reminds people, and compares with paper at the end. */
import { sleep } from '@temporalio/workflow';
import { causeOf } from '../../../domain/cause-of.js';
import type { GoLiveRun } from './go-live-run.js';

export interface Watched {
  /** Why it is no longer live; null: it is. */
  readonly ended: string | null;
  /** What was not as it should be, each once; at most 20. */
  readonly problems: readonly string[];
}

const PROBLEMS_MAX = 20;

export async function watchLive(
  run: GoLiveRun,
  watchMs: number,
  lookMs: number,
  phase: 'watched' | 'ramp',
): Promise<Watched> {
  const startedMs = Date.now();
  const untilMs = startedMs + watchMs;
  const problems = new Set<string>();
  let remindAtMs = startedMs + run.input.remindMs;
  let looks = 0;
  run.show(phase, `Watched until ${new Date(untilMs).toISOString()}`, untilMs);
  do {
    const found = await lookOnce(run);
    looks += 1;
    if (found.ended !== null) return { ended: found.ended, problems: [...problems] };
    for (const problem of found.problems) if (problems.size < PROBLEMS_MAX) problems.add(problem);
    if (Date.now() >= remindAtMs && phase === 'watched') {
      remindAtMs = Date.now() + run.input.remindMs;
      remind(run, found.text, looks);
    }
    const left = untilMs - Date.now();
    if (left > 0) await sleep(Math.min(lookMs, left));
  } while (Date.now() < untilMs);
  await conclude(run, phase, startedMs, looks, [...problems]);
  return { ended: null, problems: [...problems] };
}

interface Look extends Watched {
  readonly text: string;
}

async function lookOnce(run: GoLiveRun): Promise<Look> {
  const { release, attempt } = run.input;
  try {
    const facts = await run.engine.readLiveFacts.executeWithOptions({ summary: 'Look at the desk' }, []);
    const granted =
      facts.granted !== null && facts.granted.release === release && facts.granted.attempt === attempt;
    const text = `${facts.mode}, equity ${facts.equity}, drawdown ${facts.drawdownPct} %, ${facts.fills} fills`;
    const ended = granted ? null : `the permission is no longer in force: ${facts.reason}`;
    return { ended, problems: facts.problems, text };
  } catch (error) {
    // The trader may be restarting; the supervisor cares for it.
    const problem = `the trader did not answer: ${causeOf(error)}`;
    return { ended: null, problems: [problem], text: problem };
  }
}

function remind(run: GoLiveRun, text: string, look: number): void {
  const { desk, release, attempt } = run.input;
  const notice = {
    desk,
    event: 'task',
    severity: 'info',
    title: `${desk} trades real money: look at the dashboard`,
    text: `${text}. Reconciliation: GET /api/reconciliation.`,
    fingerprint: `golive:${release}:${attempt}:reminder:${look}`,
  } as const;
  run.trail.keep('reminder', run.records.notify.executeWithOptions({ summary: 'Remind people' }, [notice]));
}

/** Fills, reconciliation, and what paper trading led one to expect: each is a piece of evidence. */
async function conclude(
  run: GoLiveRun,
  phase: 'watched' | 'ramp',
  startedMs: number,
  looks: number,
  problems: readonly string[],
): Promise<void> {
  const key = phase === 'watched' ? 'first-period' : `ramp.${looks}.${startedMs}`;
  const fills = await run.calls.readLiveFills.executeWithOptions({ summary: 'Verify the fills' }, [
    run.liveSinceMs,
  ]);
  run.record(
    `${key}.fills`,
    'Orders fill as ordered',
    {
      verdict: fills.problems.length === 0 ? 'pass' : 'fail',
      observed:
        fills.problems.length === 0 ? `${fills.fills} fills, each as ordered` : fills.problems.join('; '),
      expected: 'own orders only, on their side, at their limit or better',
    },
    startedMs,
  );
  run.record(
    `${key}.state`,
    'Mode, reconciliation and protection',
    {
      verdict: problems.length === 0 ? 'pass' : 'warn',
      observed: problems.length === 0 ? `clean at ${looks} looks` : problems.join('; ').slice(0, 1500),
      expected: 'ACTIVE, reconciled, every position protected',
    },
    startedMs,
  );
  const paper = await run.calls.compareWithPaper.executeWithOptions({ summary: 'Compare with paper' }, [
    run.liveSinceMs,
  ]);
  run.record(`${key}.paper`, 'Live results against paper trading', paper, startedMs);
}
