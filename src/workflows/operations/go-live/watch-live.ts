/** Watches a desk that trades real money: looks at intervals, tells people, and compares it with paper. */
import { condition, patched, sleep } from '@temporalio/workflow';
import {
  type Conclusion,
  type LiveFills,
  type Look,
  pauseBetweenLooks,
  pauseWhileAsked,
  type Towards,
  type Watched,
} from '../../../contracts/go-live.js';
import type { Notice } from '../../../contracts/notice.js';
import { counted } from '../../../domain/figure-text.js';
import { goLiveId, whyNotGranted } from '../../../domain/go-live-terms.js';
import { causeOf } from '../../../domain/message-of.js';
import { moment } from '../../../domain/moment.js';
import type { GoLiveRun } from './go-live-run.js';

const PROBLEMS_MAX = 20;
/** Runs that began before these patches report no more than that, and nothing again that had gone and came back. */
const TELLS_ALL = 'a-live-watch-tells-every-problem';
const TELLS_AGAIN = 'a-live-watch-tells-what-came-back';
const OBSERVED_MAX = 1_500;
/** In runs that began before this patch, hours that were not clean run to their end before others begin. */
const BEGINS_ANEW = 'clean-hours-begin-anew-once-nothing-is-wrong';

export async function watchLive(
  run: GoLiveRun,
  watchMs: number,
  towards: Towards | null = null,
): Promise<Watched> {
  const phase = towards === null ? 'watched' : 'ramp';
  const { next, lackingSinceMs = null } = towards ?? {};
  const startedMs = Date.now();
  const untilMs = startedMs + watchMs;
  const everyMs = pauseBetweenLooks(run.input, watchMs);
  const fillsSinceMs = lackingSinceMs ?? (phase === 'watched' ? run.liveSinceMs : startedMs);
  const { problems, see } = createTeller(run);
  const unclean = new Set<string>();
  let lookedAtMs = fillsSinceMs;
  let remindAtMs = startedMs + run.input.remindMs;
  let looks = 0;
  const isLongEnough = (trades: number | null): boolean =>
    Date.now() >= untilMs || (lackingSinceMs !== null && (trades ?? 0) >= (next?.minTrades ?? 0));
  let found: Look;
  if (lackingSinceMs === null) run.show(phase, `Watched until ${new Date(untilMs).toISOString()}`, untilMs);
  do {
    const sinceMs = towards !== null && unclean.size > 0 ? lookedAtMs : fillsSinceMs;
    lookedAtMs = Date.now();
    run.looksNow = false;
    found = await lookAtLive(run, sinceMs);
    looks += 1;
    const wrong = new Set(found.halted === null ? found.problems : [...found.problems, found.halted]);
    for (const one of wrong) unclean.add(one);
    const hours = { cleanSinceMs: fillsSinceMs, trades: found.trades ?? 0 };
    run.towards(unclean.size === 0 ? next : undefined, hours);
    if (found.ended === null) see(found.problems);
    const isAnew = towards !== null && unclean.size > 0 && !run.cancelled && patched(BEGINS_ANEW);
    if (found.ended !== null || (isAnew && wrong.size === 0)) {
      const cut = { problems: [...unclean], trades: 0, sinceMs: fillsSinceMs, isCutShort: isAnew };
      return { ended: found.ended, ...cut };
    }
    if (isAnew) run.show('ramp', beginsAnew(lookedAtMs, everyMs, [...wrong]));
    if (Date.now() >= remindAtMs && phase === 'watched') {
      remindAtMs = Date.now() + run.input.remindMs;
      remind(run, found.text);
    }
    if (!isLongEnough(found.trades)) await pause(run, Math.min(everyMs, untilMs - Date.now()));
  } while (!isLongEnough(found.trades));
  const key = phase === 'watched' ? 'first-period' : `ramp.${looks}.${startedMs}`;
  const watched = { key, startedMs, fillsSinceMs, looks, problems: [...problems] };
  // An unverified result is not clean, but is no reason to end what is live.
  const concluding = conclude(run, watched).catch((error: unknown) => {
    const unverified = [`not verified: ${causeOf(error)}`];
    tellProblems(run, unverified);
    return { late: unverified, trades: 0 };
  });
  const ended = await watchWhile(run, concluding);
  const { late, trades } = ended === null ? await concluding : { late: [], trades: 0 };
  return { ended, problems: [...problems, ...late], trades, sinceMs: fillsSinceMs };
}

/** What was wrong may be over by now: nobody has looked since. */
const beginsAnew = (lookedAtMs: number, everyMs: number, wrong: readonly string[]): string =>
  `Clean hours begin anew with the first check that finds nothing wrong, the next at ${moment(lookedAtMs + everyMs)}. At ${moment(lookedAtMs)}: ${wrong.join('; ')}`;

/** Runs that began before this patch learn at their next check that the permission was taken back. */
const REVOKED_WAKES = 'a-permission-that-is-taken-back-wakes-the-watch';
/** Nobody can ask for real money again before this run has seen that it is over. */
async function pause(run: GoLiveRun, ms: number): Promise<void> {
  if (patched(REVOKED_WAKES)) await condition(() => run.looksNow, ms);
  else await sleep(ms);
}

/** Runs that began before this patch don't check the desk while a question is open or Postgres is away. */
const WATCHED_MEANWHILE = 'a-live-desk-is-watched-while-something-else-is-awaited';
/** Runs that began before this patch leave a question open over a halt. */
const HALT_ENDS_QUESTION = 'a-halt-ends-the-question-for-a-larger-size';

/** Checks the desk until `work` has ended, which may take days. Null, or why the desk is no longer live. */
export async function watchWhile(
  run: GoLiveRun,
  work: Promise<unknown>,
  question?: 'until interrupted',
): Promise<string | null> {
  if (!patched(WATCHED_MEANWHILE)) return null;
  let settled = false;
  const settle = () => {
    settled = true;
  };
  void work.then(settle, settle);
  const { see } = createTeller(run);
  const startedMs = Date.now();
  const everyMs = pauseWhileAsked(run.input);
  for (;;) {
    const isWoken = await condition(() => settled || run.looksNow, everyMs);
    const isOver = isWoken && settled;
    // One that was lifted since the check before counts, too.
    if (isOver && !(question && patched(HALT_ENDS_QUESTION))) return null;
    run.looksNow = false;
    const found = await lookAtLive(run, startedMs);
    if (found.ended !== null) return found.ended;
    see(found.problems);
    if (question && found.halted !== null && patched(HALT_ENDS_QUESTION)) run.interrupted = found.halted;
    if (isOver) return null;
  }
}

/** Tells people of each problem once, and again where a check in between did not see it. */
function createTeller(run: GoLiveRun) {
  const problems = new Set<string>();
  let before: readonly string[] = [];
  return {
    /** At most 20. */
    problems: problems as ReadonlySet<string>,
    see(found: readonly string[]): void {
      const appeared = found.filter((one) => !before.includes(one));
      const fresh = appeared.filter((one) => !problems.has(one));
      const kept = fresh.slice(0, PROBLEMS_MAX - problems.size);
      for (const problem of kept) problems.add(problem);
      // A problem beyond the limit is reported if the previous reading did not see it.
      const first = fresh.length > kept.length && patched(TELLS_ALL) ? fresh : kept;
      const told = appeared.length > fresh.length && patched(TELLS_AGAIN) ? appeared : first;
      if (told.length > 0) tellProblems(run, told);
      before = found;
    },
  };
}

/** Compares fills, state and the results that paper trading predicted; each is evidence. Returns what it found. */
async function conclude(
  run: GoLiveRun,
  { key, startedMs, fillsSinceMs, looks, problems }: Conclusion,
): Promise<{ readonly late: readonly string[]; readonly trades: number }> {
  const summary = 'Verify the fills';
  const found = await run.calls.readLiveFills.executeWithOptions({ summary }, [fillsSinceMs]);
  // A halt that was lifted before the next check was no check's problem, and interrupted trading all the same.
  const { fills, problems: unlikeOrdered, halts = [] } = found;
  const filled = {
    verdict: unlikeOrdered.length === 0 ? 'pass' : 'fail',
    observed: unlikeOrdered.join('; ') || `${counted(fills, 'fill')}, each as ordered`,
    expected: 'own orders only, on their side, at their limit or better',
  } as const;
  run.record(`${key}.fills`, 'Orders fill as ordered', filled, startedMs);
  const wrong = [...problems, ...halts].join('; ').slice(0, OBSERVED_MAX);
  const state = {
    verdict: wrong === '' ? 'pass' : 'warn',
    observed: wrong || `clean in ${counted(looks, 'check')}`,
    expected: 'ACTIVE, reconciled, every position protected',
  } as const;
  run.record(`${key}.state`, 'Mode, reconciliation and protection', state, startedMs);
  const asPaper = { summary: 'Compare with paper' };
  const paper = await run.calls.compareWithPaper.executeWithOptions(asPaper, [run.liveSinceMs]);
  run.record(`${key}.paper`, 'Live results against paper trading', paper, startedMs);
  const unlikePaper = paper.verdict === 'warn' ? [`not as on paper: ${paper.observed}`] : [];
  const late = [...unlikeOrdered, ...halts, ...unlikePaper];
  const lines = [filled, state, paper].map(({ observed, verdict }) => `${verdict}: ${observed}`);
  tellResults(run, lines, problems.length === 0 && late.length === 0);
  return { late, trades: found.trades };
}

function remind(run: GoLiveRun, looked: string): void {
  const text = `${looked}. How the account compares with the venue’s: fermata status.`;
  tell(run, 'reminder', { event: 'task', severity: 'info', title: 'look at the dashboard', text });
}

/** Sent at once, not only when the watch is over. */
function tellProblems(run: GoLiveRun, problems: readonly string[]): void {
  const title = 'something is not as it should be';
  tell(run, 'problems', { event: 'warning', severity: 'warning', title, text: problems.join('\n') });
}

/** Sent before anybody is asked for a larger size. */
function tellResults(run: GoLiveRun, lines: readonly string[], clean: boolean): void {
  tell(run, 'results', {
    event: 'report',
    severity: clean ? 'info' : 'warning',
    title: clean ? 'watched, and all as expected' : 'watched, and not all as expected',
    text: lines.join('\n'),
  });
}

export function tell(
  run: GoLiveRun,
  what: string,
  said: Pick<Notice, 'event' | 'severity' | 'title' | 'text'>,
): void {
  const { desk, release, attempt } = run.input;
  const notice: Notice = {
    ...{ ...said, desk, title: `${desk} trades real money: ${said.title}` },
    fingerprint: `${goLiveId(desk, release, attempt)}:${what}:${Date.now()}`,
  };
  run.trail.keep(what, run.records.notify.executeWithOptions({ summary: `Tell people: ${what}` }, [notice]));
}

/** Anything that can't be read is a problem, not an error: the next reading comes soon. */
async function lookAtLive(run: GoLiveRun, fillsSinceMs: number): Promise<Look> {
  const [desk, filled] = await Promise.all([lookAtDesk(run), lookAtFills(run, fillsSinceMs)]);
  const { problems: wrongFills, trades, halts = [] } = filled;
  const halted = desk.halted ?? halts[0] ?? null;
  return { ...desk, halted, trades, problems: [...desk.problems, ...wrongFills] };
}

async function lookAtDesk({ engine, input }: GoLiveRun): Promise<Omit<Look, 'trades'>> {
  const { release, attempt } = input;
  try {
    const facts = await engine.readLiveFacts.executeWithOptions({ summary: 'Look at the desk' }, []);
    const granted = facts.granted?.release === release && facts.granted.attempt === attempt;
    const text = `${facts.mode}, equity ${facts.equity}, drawdown ${facts.drawdownPct} %, ${facts.fills} fills`;
    const ended = granted ? null : `the permission is no longer in force: ${whyNotGranted(facts, input)}`;
    const halted = facts.mode === 'ACTIVE' ? null : `${facts.mode}: ${facts.reason}`;
    return { ended, halted, problems: facts.problems, text };
  } catch (error) {
    // The trader may be restarting, which is the supervisor's task.
    const problem = `the trader did not answer: ${causeOf(error)}`;
    return { ended: null, halted: null, problems: [problem], text: problem };
  }
}

async function lookAtFills(
  { calls }: GoLiveRun,
  sinceMs: number,
): Promise<Pick<Look, 'problems' | 'trades'> & Pick<LiveFills, 'halts'>> {
  const bounds = { summary: 'Look at the fills', scheduleToCloseTimeout: '1 minute' } as const;
  try {
    return await calls.readLiveFills.executeWithOptions(bounds, [sinceMs]);
  } catch (error) {
    return { problems: [`the fills could not be read: ${causeOf(error)}`], trades: null };
  }
}
