/**
 * Goes live as the runbook says: check everything, have a person review the validation, ask the approvers, start small,
 * watch the first hours, then grow step by step, each step with an approval. The trader verifies the votes itself:
 * nothing that this workflow claims can arm it.
 */
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineUpdate,
  patched,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { type ApprovalOutcome, pressingWithin } from '../../../contracts/approval.js';
import {
  type Carried,
  GO_LIVE_MESSAGES,
  type GoLiveInput,
  type GoLiveResult,
  type NextSize,
  pauseWhileAsked,
  RAMP_TRADES_MIN,
  type RampStep,
  type Watched,
} from '../../../contracts/go-live.js';
import type { Decision } from '../../../domain/decision.js';
import { counted, lasted } from '../../../domain/figure-text.js';
import {
  type GoLiveProposal,
  goLiveApprovalId,
  goLiveId,
  goLiveTerms,
  OTHER_JOURNAL,
  overSince,
  type SizePlan,
} from '../../../domain/go-live-terms.js';
import { causeOf } from '../../../domain/message-of.js';
import { moment } from '../../../domain/moment.js';
import { runIdentity } from '../../evidence-trail.js';
import { showVerdict } from '../../show.js';
import { awaitTask } from '../await-task.js';
import { approvedCalls } from '../operations-calls.js';
import { GoLiveRun } from './go-live-run.js';
import { tell, watchLive, watchWhile } from './watch-live.js';

/** Everything that real money requires, checked before people are asked and again just before the start. */
interface Preflight {
  /** What forbids going live; empty if nothing does. */
  readonly obstacles: readonly string[];
  /** The validation's figures, in one line. */
  readonly figures: string;
}

const changedUpdate = defineUpdate<void, [string]>(GO_LIVE_MESSAGES.changed);

export async function goLive(input: GoLiveInput): Promise<GoLiveResult> {
  const run = new GoLiveRun(input);
  setHandler(changedUpdate, (incarnation) => looksAgain(run, incarnation));
  const failed = (error: unknown): GoLiveResult => ({
    state: run.progress.size === null ? 'refused' : 'ended',
    detail: `the procedure could not go on: ${causeOf(error)}`,
  });
  const found = await procedure(run).catch(failed);
  const isRefused = 'state' in found && found.state === 'refused';
  const result = isRefused ? await unlessLiveBefore(run, found).catch(failed) : found;
  if ('state' in result) await close(run, result);
  await condition(() => run.trail.settled && allHandlersFinished());
  return 'state' in result ? result : continueAsNew<typeof goLive>({ ...input, carried: result });
}

async function procedure(run: GoLiveRun): Promise<GoLiveResult | Carried> {
  if (run.input.carried !== undefined) return ramp(run);
  run.show('pre-flight', 'Looking at exchange, key, limits and the validation');
  const { obstacles, figures } = await preflight(run, 'pre-flight', null);
  if (obstacles.length > 0) return refused(obstacles.join('; '));
  if (run.cancelled) return refused(run.cancelledWhy);
  const reviewer = await review(run, figures);
  if (run.cancelled) return refused(run.cancelledWhy);
  if (reviewer === null) return refused('nobody reviewed the validation report in time');
  const problem = await startLive(run, reviewer);
  if (problem !== null) return refused(problem);
  const watched = await watchLive(run, run.input.watchMs);
  return watched.ended === null ? ramp(run) : { state: 'ended', detail: watched.ended };
}

function refused(detail: string): GoLiveResult {
  return { state: 'refused', detail };
}

const SAYS_UNDONE = 'what-was-approved-and-not-carried-out-is-told';

async function close(run: GoLiveRun, { state, detail }: GoLiveResult): Promise<void> {
  if (run.approved !== null && !run.cancelled && patched(SAYS_UNDONE)) {
    const text = `${detail.replace(/\.$/, '')}. It is not in force: fermata go-live asks anew.`;
    run.tellPeople('undone', `"${run.approved}" was approved, and not carried out`, text, false);
  }
  run.show(state, detail);
  const verdict = state === 'completed' ? 'pass' : 'not_run';
  const finding = { verdict, observed: `${state}: ${detail}`, expected: 'every step taken' } as const;
  run.record('end', 'Going live', finding, Date.now());
  await run.calls.moveGoLive(run.input, state, detail.slice(0, 1000));
  run.show(state, detail);
  showVerdict(verdict);
}

/**
 * Returns who reviewed the validation's report, or null if nobody did in time. The figures under review are on record
 * before the question is asked.
 */
async function review(run: GoLiveRun, figures: string): Promise<string | null> {
  const { desk, release, attempt, reviewMs, simulated } = run.input;
  const { workflowId, firstRunId } = runIdentity(desk);
  const untilMs = Date.now() + reviewMs;
  await run.trail.stored(run.input.recordMs);
  run.show('review', `A person reviews the validation: ${figures}`, untilMs);
  const task = await awaitTask(
    run.records,
    {
      desk,
      source: `${workflowId}:${firstRunId}:review`,
      title: `Review the validation report before real money (${release}, attempt ${attempt})`,
      detail: `${figures}. Look at win rate, Sharpe and drawdown, and write what you found.`,
      dueMs: untilMs,
      origin: { workflowId, firstRunId, routine: 'go-live', stepKey: 'review', simulated },
    },
    untilMs,
    () => run.cancelled,
  );
  return task.state === 'done' ? task.doneBy : null;
}

/**
 * Approval, cooling-off, a second check of everything, and the trader's own yes. Null if the desk is live; otherwise
 * the reason.
 */
async function startLive(run: GoLiveRun, reviewer: string): Promise<string | null> {
  const { start } = run.input;
  const facts = await run.engine.readLiveFacts.executeWithOptions({ summary: 'The newest halt' }, []);
  if (facts.haltId === null) return 'the desk is not halted: there is nothing to arm';
  const proposal = proposalOf(run, 0, start, { configHash: facts.configHash, haltId: facts.haltId });
  const asking = askApprovers(run, proposal, 'Trade real money');
  await standsWhile(run, proposal, asking);
  const approved = await asking;
  if (approved.state !== 'approved') return `not approved: ${approved.detail}`;
  if (run.interrupted !== null) return run.interrupted;
  const { obstacles } = await preflight(run, 'again', reviewer);
  if (obstacles.length > 0) return obstacles.join('; ');
  if (run.cancelled) return run.cancelledWhy;
  const problem = await grant(run, proposal, approved.votes);
  if (problem !== null) return problem;
  await run.goesLive(start);
  return null;
}

/** Before it is live. The trader of another journal is not asked: it would refuse. */
function looksAgain(run: GoLiveRun, incarnation: string): void {
  if (run.progress.size !== null || run.isGranting) return;
  run.looksNow = true;
  if (incarnation !== run.input.incarnation) run.interrupted = OTHER_JOURNAL;
}

/** Runs that began before this patch go on asking for real money after a halt, and the trader refuses the votes. */
const HALT_ENDS_START = 'a-halt-ends-the-question-for-real-money';

/**
 * Until `asking` has ended, cooling-off included: ends the question for the first arming once the desk is no longer as
 * people are asked about it, since the trader would refuse what they agree on.
 */
async function standsWhile(
  run: GoLiveRun,
  asked: Pick<GoLiveProposal, 'configHash' | 'haltId'>,
  asking: Promise<unknown>,
): Promise<void> {
  if (!patched(HALT_ENDS_START)) return;
  let settled = false;
  const settle = () => {
    settled = true;
  };
  void asking.then(settle, settle);
  for (;;) {
    await condition(() => settled || run.looksNow, pauseWhileAsked(run.input));
    if (settled || run.cancelled) return;
    run.looksNow = false;
    run.interrupted ??= await whyOver(run, asked);
    if (run.interrupted !== null) return;
  }
}

/** Null also while the trader doesn't answer: it may be restarting. */
async function whyOver(
  { engine }: GoLiveRun,
  asked: Pick<GoLiveProposal, 'configHash' | 'haltId'>,
): Promise<string | null> {
  const summary = 'Is the desk as people were asked?';
  const looking = engine.readLiveFacts.executeWithOptions({ summary }, []);
  const facts = await looking.catch(() => null);
  return facts === null ? null : overSince(asked, facts);
}

/** `reviewedBy` null: the checklist is not complete yet, so only the checks are recorded. */
async function preflight(
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

const LIVE_BEFORE = 'go-live-refused-only-where-it-is-not-live';
const WITHDRAWS = 'go-live-begun-anew-withdraws-what-it-had-asked';

/**
 * A run that was reset repeats the steps up to the start and is refused there: the question is decided, the halt is
 * lifted. If the attempt went live before the reset, that is not a refusal. It is watched for as long as it may trade,
 * and never grows.
 */
async function unlessLiveBefore(run: GoLiveRun, refused: GoLiveResult): Promise<GoLiveResult | Carried> {
  if (!patched(LIVE_BEFORE)) return refused;
  const { ramp: steps, start } = run.input;
  const step = await stepInForce(run);
  if (step === null) return refused;
  if (step >= steps.length) return { state: 'completed', detail: 'every step was taken before' };
  // Not awaited, so that the desk is watched even while Postgres is down.
  if (patched(WITHDRAWS)) run.trail.keep('withdrawing what was asked', withdrawNext(run, step + 1));
  await run.goesOnLive(steps[step - 1] ?? start, refused.detail);
  return ramp(run);
}

/** Only the size after the one in force can have been asked for and still be open. */
function withdrawNext({ input, approvals }: GoLiveRun, step: number): Promise<void> {
  const { desk, release, attempt } = input;
  const id = goLiveApprovalId({ ...namedDesk(input), release, attempt, step, haltId: null });
  const why = 'going live was begun anew while it was live: nothing larger is asked for';
  return approvals.withdrawEarlier({ id, title: `${sizeStepTitle(step)} on ${desk}` }, why);
}

/** Index of the size step that this attempt was granted; null if none, as far as the trader says within ten minutes. */
async function stepInForce({ input }: GoLiveRun): Promise<number | null> {
  const { desk, incarnation, release, attempt } = input;
  const asked = approvedCalls(desk, incarnation).readLiveFacts.executeWithOptions(
    { summary: `Is ${workflowInfo().workflowId} live already?` },
    [],
  );
  const granted = await asked.then(
    (facts) => facts.granted,
    () => null,
  );
  return granted?.release === release && granted.attempt === attempt ? granted.step : null;
}

/** Watches per step, so that a desk that is never stable is not watched for this step forever. */
const WATCHES_MAX = 500;

/**
 * Grows the position size step by step: each step after a time of uninterrupted clean trading, and with an
 * approval. `Carried`: a new run with a fresh history continues from there.
 */
async function ramp(run: GoLiveRun): Promise<GoLiveResult | Carried> {
  const { ramp: steps, carried } = run.input;
  for (let step = carried?.step ?? 0; step < steps.length; step += 1) {
    const plan = steps[step] as RampStep;
    const watches = step === carried?.step ? carried.watchesLeft : WATCHES_MAX;
    const end = await growOnce(run, step, plan, watches);
    if (end !== null) return end;
  }
  return { state: 'completed', detail: `every step was taken: ${steps.length} size steps` };
}

/**
 * Runs that began before this patch end at a fault of Postgres or the trader, and the desk trades unwatched.
 */
const WATCHED_THROUGH = 'a-live-desk-is-watched-through-faults';

/**
 * Null if the larger size is in force. A question that was withdrawn because of a cancel ends nothing, and
 * neither does a fault: the watch goes on.
 */
async function growOnce(
  run: GoLiveRun,
  step: number,
  plan: RampStep,
  watches: number,
): Promise<GoLiveResult | Carried | null> {
  for (let left = watches; ; left = WATCHES_MAX) {
    const unstable = await untilStable(run, step, plan, left);
    if (unstable !== null) return unstable;
    const raised = await raise(run, step + 1, plan).catch((error: unknown) => {
      if (!patched(WATCHED_THROUGH)) throw error;
      run.neverGrows(causeOf(error));
      return stays(causeOf(error));
    });
    if (raised === null || raised.state === 'ended') return raised;
    if (run.cancelled) return untilStable(run, step, plan, WATCHES_MAX);
    if (!patched(ASKS_AGAIN)) return raised;
    tellAskedAgain(run, step + 1, raised.detail);
  }
}

/** Runs that began before this patch end, and the size never grows, after a question that did not lead to a larger size. */
const ASKS_AGAIN = 'a-larger-size-is-asked-for-again-after-clean-hours';

/** The question is over, and not the ramp: whatever prevented the larger size, the hours before the next question are new. */
function tellAskedAgain(run: GoLiveRun, step: number, why: string): void {
  run.approved = null;
  run.questions += 1;
  tell(run, 'asked-again', {
    event: 'report',
    severity: 'warning',
    title: 'the larger size was not granted',
    text: `Size step ${step}: ${why}. The clean hours begin anew, and then people are asked again.`,
  });
}

/** Runs that began before this patch ask for a larger size after clean hours in which nothing was traded. */
const TAKES_TRADES = 'a-larger-size-takes-closed-trades';
/** Hours that lack trades go on in watches of at least as many checks as a day has, and people are told after each. */
const LOOKS_A_DAY = 288;
const WRONG_MAX = 1_200;

/**
 * Null once the desk has traded cleanly for the whole time without interruption, and has closed as many trades in it as
 * the desk file says.
 */
async function untilStable(
  run: GoLiveRun,
  step: number,
  { afterMs, minTrades = RAMP_TRADES_MIN, ...size }: RampStep,
  watches: number,
): Promise<GoLiveResult | Carried | null> {
  const { carried, lookMs } = run.input;
  const next = { step: step + 1, size, cleanMs: afterMs, minTrades };
  let lackingSinceMs = (step === carried?.step ? carried.cleanSinceMs : null) ?? null;
  for (let left = watches; left > 0; left -= 1) {
    if (workflowInfo().continueAsNewSuggested && (await mayMove(run)))
      return run.carriedOver(step, left, lackingSinceMs);
    const watchMs = lackingSinceMs === null ? afterMs : Math.max(afterMs, LOOKS_A_DAY * lookMs);
    const watched = await watchLive(run, watchMs, { next, lackingSinceMs });
    if (watched.ended !== null) return { state: 'ended', detail: watched.ended };
    // A cancelled run keeps watching and never grows.
    const isClean = watched.problems.length === 0 && !run.cancelled;
    if (watched.isCutShort === true) {
      tellAnew(run, next, watched.problems);
      left += 1;
    }
    if (isClean && (watched.trades >= minTrades || !patched(TAKES_TRADES))) return null;
    lackingSinceMs = isClean ? watched.sinceMs : null;
    if (isClean) tellLacking(run, next, watched);
  }
  return stays('it was never stable for long enough');
}

/** Hours that were cut short are none of those that are counted: a desk is watched for however many of them. */
function tellAnew(run: GoLiveRun, { step, cleanMs }: NextSize, problems: readonly string[]): void {
  const wrong = problems.join('; ').slice(0, WRONG_MAX);
  const observed = `${wrong}; clean hours count from ${moment(Date.now())}`;
  const finding = { verdict: 'warn', observed, expected: `${lasted(cleanMs)} of clean trading` } as const;
  run.record(`ramp.anew.${Date.now()}`, 'Clean hours begin anew', finding, Date.now());
  tell(run, 'hours-anew', {
    event: 'report',
    severity: 'warning',
    title: 'the clean hours begin anew',
    text: `${wrong}. Nothing is wrong any more: clean hours count from ${moment(Date.now())}, and size step ${step} is asked for after ${lasted(cleanMs)} of them.`,
  });
}

function tellLacking(
  run: GoLiveRun,
  { step, minTrades }: NextSize,
  { trades, sinceMs }: Pick<Watched, 'trades' | 'sinceMs'>,
): void {
  const text = `${trades} of ${counted(minTrades, 'closed trade')} since ${moment(sinceMs)}: hours without trades prove nothing. The size stays, it is watched on, and size step ${step} is asked for once there are enough.`;
  run.show('ramp', text);
  tell(run, 'lacking', {
    event: 'report',
    severity: 'warning',
    title: 'too few trades for a larger size',
    text,
  });
}

/**
 * Continuing as new waits for the evidence and watches nothing meanwhile, so it is put off while Postgres is
 * down.
 */
const MOVES_SETTLED = 'a-live-watch-moves-on-once-its-evidence-is-written';
const SETTLE_MS = 10_000;
/** From here on the run continues as new all the same: the server ends a run at 51,200 events. */
const EVENTS_MAX = 20_000;

async function mayMove({ trail }: GoLiveRun): Promise<boolean> {
  if (!patched(MOVES_SETTLED) || workflowInfo().historyLength > EVENTS_MAX) return true;
  return condition(() => trail.settled, SETTLE_MS);
}

const sizeStepTitle = (step: number): string => `Size step ${step}`;

function stays(why: string): GoLiveResult {
  return { state: 'completed', detail: `the size stays: ${why}` };
}

/** Null if the larger size is in force; otherwise the reason. */
async function raise(run: GoLiveRun, step: number, plan: RampStep): Promise<GoLiveResult | null> {
  const { maxPositionSizePct, maxConcurrentPositions } = plan;
  const size = { maxPositionSizePct, maxConcurrentPositions };
  const { desk, incarnation } = run.input;
  const now = approvedCalls(desk, incarnation).readLiveFacts;
  const { configHash } = await now.executeWithOptions({ summary: 'As it is now' }, []);
  const again = run.questions === 0 ? {} : { again: run.questions };
  const proposal = { ...proposalOf(run, step, size, { configHash, haltId: null }), ...again };
  run.interrupted = null;
  const asking = askApprovers(run, proposal, sizeStepTitle(step));
  const ended = await watchWhile(run, asking, 'until interrupted');
  if (ended !== null) {
    run.approvals.withdraw(ended);
    run.permissionEnded = true;
    run.trail.keep('withdrawing what was asked', asking);
    return { state: 'ended', detail: ended };
  }
  const approved = await asking;
  if (approved.state !== 'approved') return stays(approved.detail);
  if (run.interrupted !== null) return stays(run.interrupted);
  const problem = await grant(run, proposal, approved.votes);
  if (problem !== null) return stays(problem);
  run.progress = { ...run.progress, size };
  run.questions = 0;
  return null;
}

const SECOND_THOUGHTS = 'go-live-cancelled-while-cooling-off';

/**
 * The exact proposal that people approve and the trader then accepts. Each is requested only once the steps
 * before it are on record. `step` 0 is the start, which arms by quoting the halt id that it names.
 */
function proposalOf(
  { input }: GoLiveRun,
  step: number,
  size: SizePlan,
  { configHash, haltId }: Pick<GoLiveProposal, 'configHash' | 'haltId'>,
): GoLiveProposal {
  const { release, attempt, incarnation } = input;
  return { ...namedDesk(input), release, attempt, step, incarnation, configHash, haltId, size };
}

/** A run that began before ids named the desk keeps asking under its old id. */
function namedDesk({ desk, release, attempt }: GoLiveInput): Pick<GoLiveProposal, 'desk'> {
  return workflowInfo().workflowId === goLiveId(desk, release, attempt) ? { desk } : {};
}

/** If one person decides alone, the approval counts only after a cooling-off time. */
async function askApprovers(
  run: GoLiveRun,
  proposal: GoLiveProposal,
  title: string,
): Promise<ApprovalOutcome> {
  const { needed, coolingOffMs } = run.input;
  const outcome = await ask(run, proposal, title);
  if (outcome.state === 'approved') run.approved = title;
  if (outcome.state === 'approved' && needed < 2) await coolOff(run, outcome.votes, coolingOffMs);
  return outcome;
}

const NOT_ONCE_CANCELLED = 'go-live-grants-nothing-once-cancelled';

/** Null if the trader, which verifies the votes itself, accepted; otherwise the reason. */
async function grant(
  run: GoLiveRun,
  proposal: GoLiveProposal,
  decisions: readonly Decision[],
): Promise<string | null> {
  const { desk, incarnation, person, reason } = run.input;
  await run.trail.stored(run.input.recordMs);
  if (run.cancelled && patched(NOT_ONCE_CANCELLED)) return run.cancelledWhy;
  run.isGranting = true;
  const { step, again = '' } = proposal;
  const commandId = `golive:${workflowInfo().firstExecutionRunId}:${step}${again && `:${again}`}`;
  try {
    await approvedCalls(desk, incarnation).goLive.executeWithOptions(
      { summary: `Go live, step ${proposal.step}` },
      [{ commandId, by: person, reason, proposal, decisions }],
    );
  } catch (error) {
    // A trader that accepted and died before it answered has halted again and refuses the second request,
    // though it granted the first.
    if (!(await isGranted(run, proposal, causeOf(error)))) return `the trader refused: ${causeOf(error)}`;
  }
  run.approved = null;
  return null;
}

const UNKNOWN_IS_WATCHED = 'a-permission-that-may-be-in-force-is-watched';
/**
 * Runs that began before this patch continue as if the larger size were in force, and end after the last one.
 */
const UNKNOWN_SIZE_STAYS = 'a-larger-size-that-may-be-in-force-is-not-taken-for-it';

/**
 * If the trader doesn't answer: true for the start, since the watch ends once the trader says that nothing is
 * in force. Rejects for a larger size; the size in force is still watched.
 */
async function isGranted(
  run: GoLiveRun,
  { release, attempt, step }: GoLiveProposal,
  why: string,
): Promise<boolean> {
  const asked = run.engine.readLiveFacts.executeWithOptions({ summary: 'Is it in force?' }, []);
  const facts = await asked.catch((error: unknown) => {
    if (step > 0 && patched(UNKNOWN_SIZE_STAYS)) throw new Error(`the trader does not say (${why})`);
    if (!patched(UNKNOWN_IS_WATCHED)) throw error;
    return null;
  });
  if (facts === null) {
    const text = `The trader took the approval or did not, and does not answer (${why}): the desk is watched as if it traded real money. To end it: fermata go-live --revoke, or stop the desk.`;
    run.tellPeople('may-be-live', 'nobody knows yet whether it trades real money', text);
    return true;
  }
  const { granted } = facts;
  return granted?.release === release && granted.attempt === attempt && granted.step === step;
}

/**
 * Runs that began before this patch accept a vote whose cooling-off ends after its expiry, when it has no
 * effect.
 */
const NO_LATE_VOTE = 'a-lone-vote-comes-in-time';

async function ask(run: GoLiveRun, proposal: GoLiveProposal, title: string): Promise<ApprovalOutcome> {
  const { desk, needed, approvers, approvalMs, person, coolingOffMs } = run.input;
  const startedMs = Date.now();
  const answerMs = startedMs + approvalMs;
  await run.trail.stored(run.input.recordMs);
  run.show('approval', `${title}: ${needed} of ${approvers.join(', ')}`, answerMs);
  const isTimed = needed < 2 && patched(NO_LATE_VOTE);
  const request = {
    desk,
    ...goLiveTerms(proposal),
    title: `${title} on ${desk}${isTimed ? `, to be answered until ${moment(answerMs)}` : ''}`,
    needed,
    roles: ['approver'],
    people: approvers,
    requestedBy: person,
    expiresMs: isTimed ? answerMs : answerMs + (needed < 2 ? coolingOffMs : 0),
    ...pressingWithin(approvalMs),
  } as const;
  // A question from an earlier build stays open as long as its votes are valid, but it is closed at this time
  // too.
  const outcome = await run.approvals.ask(request, () => run.interrupted, isTimed ? answerMs : undefined);
  const people = outcome.votes.map((vote) => vote.person).join(', ');
  const verdict = outcome.state === 'approved' ? 'pass' : 'not_run';
  const expected = `${needed} of ${approvers.join(', ')} agree`;
  const finding = { verdict, observed: outcome.detail, expected } as const;
  run.record(`approval.${proposal.step}`, title, finding, startedMs, people);
  return outcome;
}

async function coolOff(run: GoLiveRun, votes: readonly Decision[], coolingOffMs: number): Promise<void> {
  const untilMs = Math.max(...votes.map(({ atWallMs }) => atWallMs)) + coolingOffMs;
  run.show('cooling-off', 'One person decided alone: time for second thoughts', untilMs);
  if (untilMs <= Date.now()) return;
  // Runs that began before the patch sleep for the whole time, even if cancelled.
  if (patched(SECOND_THOUGHTS))
    await condition(
      () => run.cancelled || run.permissionEnded || run.interrupted !== null,
      untilMs - Date.now(),
    );
  else await sleep(untilMs - Date.now());
}
