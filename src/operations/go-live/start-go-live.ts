/** Going live: the pre-flight before it, starting it, reading its state, revoking the permission. */
import { readFileSync, statSync } from 'node:fs';
import {
  QueryRejectedError,
  TimeoutFailure,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { z } from 'zod';
import { APPROVERS_KEYS, goLiveObstacles } from '../../checks/preflight/pre-live-checklist.js';
import {
  GO_LIVE_MESSAGES,
  type GoLiveInput,
  type GoLiveProgress,
  RAMP_TRADES_MIN,
} from '../../contracts/go-live.js';
import type { Shape } from '../../contracts/json-values.js';
import {
  type GoLiveAttempt,
  goLiveAttemptSchema,
  goLiveProgressSchema,
  type PreflightReport,
} from '../../contracts/published.js';
import { operationsQueue, preflightId } from '../../contracts/queues.js';
import { runLabel } from '../../contracts/run-label.js';
import { grantSchema, type TraderStatus } from '../../contracts/trader-status.js';
import { withLimitsInForce } from '../../desk/desk-settings.js';
import { goLiveApprovers } from '../../desk/live-rules.js';
import type { Desk } from '../../desk/schema.js';
import { HOUR_MS, MINUTE_MS } from '../../domain/civil-date.js';
import { counted, grouped, lasted } from '../../domain/figure-text.js';
import { type GoLiveGrant, goLiveId, releaseOf, whyGoLiveEnded } from '../../domain/go-live-terms.js';
import { causeOf, messageOf } from '../../domain/message-of.js';
import { moment } from '../../domain/moment.js';
import { NO_REASON, reasonOf } from '../../domain/plain-text.js';
import type { Runtime } from '../../home/runtime.js';
import { moveAttempt, openAttempt, readAttempts } from '../../store/go-live-attempts.js';
import { type TemporalAccess, TemporalUnavailable } from '../../temporal/open-temporal.js';
import { askRunning, describeRun } from '../../temporal/runs.js';
import { readStatus } from '../../trader/read-status.js';
import { pricesOnly } from '../../venue/registry.js';
import type { preflight } from '../../workflows/operations/validation.js';
import { listApprovals } from '../approvals.js';
import {
  type Caller,
  type EmergencyRequest,
  notTaken,
  type OperationContext,
  type OperationResult,
  provenBy,
} from '../operation.js';
import { askForReason, audited, recordAudit } from '../record-audit.js';
import { listTasks } from '../tasks.js';

/** For this long after an attempt's row is written, a workflow that Temporal does not know may be about to start. */
const GRACE_MS = 60_000;

const ASK_MS = 5_000;

/** From package.json, which lies above both sources and compiled files. */
export const PRODUCT_VERSION = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

export interface GoLiveRequest {
  readonly reason: string;
}

export const goLiveStartedSchema = z.object({
  ok: z.boolean(),
  detail: z.string(),
  obstacles: z.array(z.string()).describe('Everything that forbids it now'),
  workflowId: z.string().nullable(),
  problems: z.array(z.string()).describe('What did not work beside it'),
  doThis: z.string().nullable().describe('What to do now; null if it was begun'),
});
export type GoLiveStarted = Shape<typeof goLiveStartedSchema>;

const LIVE_ALREADY =
  'This desk is live already, and its go-live asks for larger sizes itself (fermata go-live --status). To begin anew from the first size: fermata go-live --revoke, then fermata go-live.';
const START_MS = 10_000;
const LOOK_MS = 5 * MINUTE_MS;

/** Checks everything first: people are asked only if their approval is all that is missing. */
export async function startGoLive(
  context: OperationContext,
  caller: Caller,
  request: GoLiveRequest,
): Promise<GoLiveStarted> {
  const result = await begin(context, caller, request);
  const audit = await recordAudit(context, caller, {
    action: 'goLive',
    parameters: { reason: request.reason, workflowId: result.workflowId },
    outcome: result.ok ? 'started' : [result.detail, ...result.obstacles].join('; '),
  });
  const edited = result.ok ? editedSinceStart(context.runtime) : null;
  const others = [audit, edited].filter((problem) => problem !== null);
  return { ...result, problems: [...result.problems, ...others] };
}

/** People would decide about the file as it was started, and may think of the one that they see. */
function editedSinceStart({
  deskFile,
  writtenFile,
}: Pick<Runtime, 'deskFile' | 'writtenFile'>): string | null {
  if (writtenFile === undefined) return null;
  const changedMs = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (changedMs(writtenFile) <= changedMs(deskFile)) return null;
  return `${writtenFile} was changed after the desk was started: people are asked about the desk as it was started. With the change: fermata go-live --revoke, fermata down, fermata up, and ask again`;
}

async function begin(
  context: OperationContext,
  caller: Caller,
  request: GoLiveRequest,
): Promise<GoLiveStarted> {
  const { desk } = context;
  if (desk.twinOf !== undefined)
    return refused(
      `This desk is the paper twin of ${desk.twinOf} and never trades real money.`,
      `go live with ${desk.twinOf} itself`,
    );
  if (desk.mode !== 'live') return refused(onPaper(desk));
  const status = await readStatus(context).catch(messageOf);
  if (typeof status === 'string')
    return refused(
      `The trader does not answer (${status}). Nothing was started.`,
      'see whether it runs: fermata status; then ask again',
    );
  if (status.goLive.granted !== null)
    return refused(LIVE_ALREADY, status.mode === 'ACTIVE' ? SEE_STATUS : RESUME_IT);
  // Known before the exchange is asked anything. While Postgres or Temporal is away, that is found below.
  const before = await underWay(context).catch(() => null);
  if (before !== null) return refusedWhileOpen(before);
  const report = await askPreflight(context).catch(messageOf);
  if (typeof report === 'string')
    return refused(
      `The pre-flight checks could not be made (${report}). Nothing was started.`,
      'see which process or server is missing: fermata status, fermata doctor; then ask again',
    );
  const inForce = withLimitsInForce(desk, status.settings);
  const obstacles = [
    ...goLiveObstacles(inForce, report, 'asked in the procedure'),
    ...unclaimedCoins(status),
  ];
  if (obstacles.length > 0) return { ...refused('Going live is not possible yet.', PUT_RIGHT), obstacles };
  const release = releaseOf(PRODUCT_VERSION, status.configHash);
  const open = () =>
    openAttempt(context.pool, {
      desk: desk.desk,
      release,
      askedBy: caller.person,
      reason: request.reason,
      workflowIdOf: (number) => goLiveId(desk.desk, release, number),
    });
  const attempt = await open()
    .then(async (opened) => opened ?? ((await endAbandoned(context)) ? open() : null))
    .catch(messageOf);
  if (typeof attempt === 'string')
    return refused(`The attempt could not be written down (${attempt}). Nothing was started.`);
  if (attempt === null) {
    const other = await underWay(context).catch(() => null);
    return other === null
      ? refused('Another go-live of this desk is not over. Nothing was started.', SEE_STATUS)
      : refusedWhileOpen(other);
  }
  const started = await startWorkflow({ ...context, desk: inForce }, caller, request, attempt, status);
  return started.ok ? { ...started, problems: withoutKeys(report) } : started;
}

/** Said at once, not only when somebody wants to vote: a key is made in a minute. */
const withoutKeys = ({ results }: PreflightReport): string[] =>
  results
    .filter(({ key, verdict }) => key === APPROVERS_KEYS && verdict !== 'pass')
    .map(({ title, observed }) => `${title}: ${observed}`);

/** The trader arms nothing while there are any: found now, before people have reviewed and voted. */
function unclaimedCoins({ coins = [] }: TraderStatus): readonly string[] {
  const nobodys = coins.flatMap(({ symbol, nobodys: lots }) =>
    Number(lots) === 0 ? [] : [`${grouped(lots)} of ${symbol}`],
  );
  return nobodys.length === 0
    ? []
    : [
        `Coins in the account: ${nobodys.join(', ')} are nobody’s (expected: a person has said whose they are: fermata coins)`,
      ];
}

/** `mode: live` alone is no advice at a venue that takes no orders. */
function onPaper({ venue: { name } }: Desk): string {
  const only = pricesOnly(name);
  return only === null
    ? 'This desk trades paper money. Give it mode: live in a desk file of its own, and start that.'
    : `This desk trades paper money, and ${only}. Give it venue.name of one of these and mode: live in a desk file of its own, and start that.`;
}

async function startWorkflow(
  { desk, temporal, pool }: OperationContext,
  { person }: Caller,
  { reason }: GoLiveRequest,
  attempt: GoLiveAttempt,
  { incarnation }: TraderStatus,
): Promise<GoLiveStarted> {
  const { workflowId, release } = attempt;
  const input = goLiveInput(desk, { release, attempt: attempt.attempt, incarnation, person, reason });
  try {
    await temporal.within(START_MS, (client) =>
      client.workflow.start('goLive', {
        workflowId,
        taskQueue: operationsQueue(desk.desk),
        args: [input],
        ...runLabel({
          desk: desk.desk,
          routine: 'go-live',
          summary: `Going live: ${release}, attempt ${attempt.attempt}`,
          details:
            'Pre-flight, a person’s review, approval, a small start, the watched first period, larger sizes by approval. The trader checks every vote itself.',
        }),
      }),
    );
  } catch (error) {
    const why = messageOf(error);
    // It may run all the same. Its row says so to the next attempt, which ends it where there is no run.
    if (error instanceof TemporalUnavailable)
      return refused(
        `Temporal: ${why}. Whether the attempt began is not known: fermata go-live --status shows it. Nobody's vote was given yet; the desk stays HALTED.`,
      );
    await moveAttempt(pool, attempt, 'refused', `not started: ${why}`).catch(() => undefined);
    return refused(`Temporal: ${why}. Nothing was started; the desk stays HALTED.`);
  }
  const asked = `A person reviews the validation report (fermata tasks), then ${input.needed} of ${input.approvers.join(', ')} are asked.`;
  return { ok: true, detail: asked, obstacles: [], workflowId, problems: [], doThis: null };
}

/** Requests to the exchange have time limits of their own; the page waits for a minute. */
const PREFLIGHT_MS = 40_000;

/**
 * The pre-flight of the running desk, run by its operations worker, which holds the exchange's key and the
 * bot's token: who only asks loads nothing that reads them. Joins one that is under way. Rejects with what is
 * missing: Temporal or the worker.
 */
export async function askPreflight(
  { desk: { desk }, temporal }: Pick<OperationContext, 'desk' | 'temporal'>,
  patienceMs = PREFLIGHT_MS,
): Promise<PreflightReport> {
  const runId = await startPreflight(temporal, desk, patienceMs);
  try {
    return await temporal.within(patienceMs, (client) =>
      client.workflow.getHandle<typeof preflight>(preflightId(desk), runId).result(),
    );
  } catch (error) {
    throw new Error(
      isLate(error)
        ? `the operations worker has not made the pre-flight checks within ${patienceMs / 1_000} s; is it running?`
        : causeOf(error),
    );
  }
}

/** True for a timeout of the wait or of the run, whichever comes first. */
const isLate = (error: unknown): boolean =>
  error instanceof TemporalUnavailable ||
  (error instanceof WorkflowFailedError && error.cause instanceof TimeoutFailure);

async function startPreflight(temporal: TemporalAccess, desk: string, patienceMs: number): Promise<string> {
  const handle = await temporal.within(ASK_MS, (client) =>
    client.workflow.start<typeof preflight>('preflight', {
      workflowId: preflightId(desk),
      taskQueue: operationsQueue(desk),
      workflowIdConflictPolicy: 'USE_EXISTING',
      // Nobody waits for a later answer.
      workflowExecutionTimeout: patienceMs,
      args: [{ desk }],
      ...runLabel({
        desk,
        routine: 'preflight',
        summary: `Pre-flight of ${desk}`,
        details:
          'Everything that real money needs, looked at now by real calls on the exchange. Changes nothing.',
      }),
    }),
  );
  return handle.firstExecutionRunId;
}

/** With durations as in the desk file. */
export function goLiveInput(
  { desk, mode, goLive, risk, people }: Desk,
  asked: Pick<GoLiveInput, 'release' | 'attempt' | 'incarnation' | 'person' | 'reason'>,
): GoLiveInput {
  const { start } = goLive;
  return {
    ...asked,
    desk,
    needed: goLive.needed,
    approvers: goLiveApprovers({ goLive, people }),
    coolingOffMs: goLive.coolingOffHours * HOUR_MS,
    start: {
      maxPositionSizePct: Math.min(start.maxPositionSizePct, risk.maxPositionSizePct),
      maxConcurrentPositions: Math.min(start.maxConcurrentPositions, risk.maxConcurrentPositions),
    },
    ramp: goLive.ramp.map(({ afterHours, minTrades = RAMP_TRADES_MIN, ...size }) => ({
      ...{ ...size, minTrades },
      ...{ afterMs: afterHours * HOUR_MS },
    })),
    watchMs: goLive.watchHours * HOUR_MS,
    lookMs: LOOK_MS,
    remindMs: goLive.remindHours * HOUR_MS,
    reviewMs: 72 * HOUR_MS,
    approvalMs: 72 * HOUR_MS,
    evidenceMs: 24 * HOUR_MS,
    recordMs: 10 * MINUTE_MS,
    simulated: mode !== 'live',
  };
}

const PUT_RIGHT =
  'put right what is named: fermata preflight shows every check as it is now, docs/GO_LIVE.md the way';
const RESUME_IT = 'its permission is in force, and it is halted: fermata resume --reason TEXT';
const SEE_STATUS = 'see how far it is: fermata go-live --status';

function refused(detail: string, doThis = 'put right what is named, and ask again'): GoLiveStarted {
  return { ok: false, detail, obstacles: [], workflowId: null, problems: [], doThis };
}

/** An attempt that is not over, and what it waits for. */
interface UnderWay {
  readonly attempt: GoLiveAttempt;
  /** In words; null: not known. */
  readonly waitsFor: string | null;
  /** What people can do about it besides ending it. */
  readonly doThis: string | null;
}

/** Null if there is none, or if it was abandoned and is over now. Rejects while Postgres or Temporal is down. */
async function underWay(context: OperationContext): Promise<UnderWay | null> {
  const { desk, pool, temporal } = context;
  if ((await readAttempts(pool, desk.desk)).every(({ finishedMs }) => finishedMs !== null)) return null;
  if (await endAbandoned(context)) return null;
  const attempt = (await readAttempts(pool, desk.desk)).find(({ finishedMs }) => finishedMs === null);
  if (attempt === undefined) return null;
  const { workflowId } = attempt;
  const [questions, tasks] = await Promise.all([
    listApprovals(context).catch(() => []),
    listTasks(context).catch(() => []),
  ]);
  const asked = questions.find((one) => one.state === 'open' && one.workflowId === workflowId);
  if (asked !== undefined) {
    const { id, title, votes, needed, expiresMs } = asked;
    const agreed = votes.map(({ person }) => person).join(', ') || 'nobody yet';
    const waitsFor = `"${title}" is asked until ${moment(expiresMs)}: ${needed} must agree, and so far has ${agreed}`;
    return { attempt, waitsFor, doThis: `vote: fermata approve ${id} --reason TEXT` };
  }
  const task = tasks.find(({ state, origin }) => state === 'open' && origin?.workflowId === workflowId);
  if (task !== undefined) {
    const waitsFor = `A person is to do task ${task.id}, "${task.title}", until ${moment(task.dueMs)}`;
    return { attempt, waitsFor, doThis: `review: fermata task done ${task.id} --note TEXT` };
  }
  const asking = askRunning<GoLiveProgress>(temporal, ASK_MS, workflowId, GO_LIVE_MESSAGES.progress);
  const waitsFor = await asking.then(
    ({ phase, detail }) => `It is at: ${phase}, ${detail}`,
    () => null,
  );
  return { attempt, waitsFor, doThis: null };
}

function refusedWhileOpen({ attempt, waitsFor, doThis }: UnderWay): GoLiveStarted {
  const { askedBy, reason, startedMs, release, attempt: number } = attempt;
  const open = `${askedBy} asked for a go-live ${moment(startedMs)} ("${reason}"; ${release}, attempt ${number}), and it is not over`;
  const steps = [
    'see it: fermata go-live --status',
    doThis,
    'or end it: fermata go-live --revoke --reason TEXT, and then ask anew',
  ];
  return refused(
    `${open}${waitsFor === null ? '' : `. ${waitsFor}`}. No second one was begun.`,
    steps.filter((step) => step !== null).join('; '),
  );
}

/** True if the desk's open attempt was abandoned, and is over now. Rejects while Postgres or Temporal is down. */
export async function endAbandoned({
  desk,
  pool,
  temporal,
  nowMs,
}: Pick<OperationContext, 'desk' | 'pool' | 'temporal' | 'nowMs'>): Promise<boolean> {
  const open = (await readAttempts(pool, desk.desk)).find(({ finishedMs }) => finishedMs === null);
  if (open === undefined) return false;
  const run = await describeRun(temporal, ASK_MS, open.workflowId);
  if (run === null ? nowMs() - open.startedMs < GRACE_MS : OPEN_STATES.has(run.status.name)) return false;
  const state = open.state === 'live' ? 'ended' : 'refused';
  await moveAttempt(pool, open, state, 'its workflow was not there any more when the next attempt began');
  return true;
}

const OPEN_STATES: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED']);

export const goLiveShownSchema = z.object({
  mode: z.enum(['paper', 'live']).describe('Of the desk file'),
  /** Null also while the trader doesn't answer. */
  granted: grantSchema.nullable().describe('The permission that the trader itself holds'),
  approvers: z.array(z.string()),
  needed: z.number().describe('How many of them'),
  /** Empty while Postgres is down. */
  attempts: z.array(goLiveAttemptSchema).describe('Newest first'),
  /** Null if there is none, or while Temporal is down. */
  progress: goLiveProgressSchema.nullable().describe('Of the attempt that is not over'),
  words: z
    .array(z.string())
    .describe(
      'Size in force and at first, what is missing until a larger one is asked for, or why it ended; that the venue takes no orders',
    ),
  problems: z.array(z.string()).describe('What could not be read'),
});
export type GoLiveShown = Shape<typeof goLiveShownSchema>;

/** Each part may be missing: `problems` says which. */
export async function readGoLive(context: OperationContext): Promise<GoLiveShown> {
  const { desk, pool, temporal } = context;
  const problems: string[] = [];
  const noted = <T>(what: string, asked: Promise<T>, otherwise: T): Promise<T> =>
    asked.catch((error: unknown) => {
      problems.push(`${what}: ${messageOf(error)}`);
      return otherwise;
    });
  const ask = ({ workflowId, attempt, release }: GoLiveAttempt): Promise<GoLiveProgress | null> =>
    askRunning<GoLiveProgress>(temporal, ASK_MS, workflowId, GO_LIVE_MESSAGES.progress).catch(
      (error: unknown) => {
        if (!(error instanceof QueryRejectedError)) throw error;
        problems.push(
          `attempt ${attempt} of ${release}: its run has ended in Temporal, and nobody carries it on: fermata go-live asks anew`,
        );
        return null;
      },
    );
  const [status, attempts] = await Promise.all([
    noted('trader', readStatus(context), null),
    noted('Postgres', readAttempts(pool, desk.desk), []),
  ]);
  const open = attempts.find(({ finishedMs }) => finishedMs === null);
  const progress = open ? await noted<GoLiveProgress | null>('Temporal', ask(open), null) : null;
  return {
    mode: desk.mode,
    granted: status?.goLive.granted ?? null,
    approvers: goLiveApprovers(desk),
    needed: desk.goLive.needed,
    attempts,
    progress,
    words: [
      ...[pricesOnly(desk.venue.name)].filter((words) => words !== null),
      ...(status === null ? [] : goLiveWords(desk, status.goLive, progress, context.nowMs())),
    ],
    problems,
  };
}

/** The same words for the command line and the page. Empty on paper, and where nothing was ever permitted. */
export function goLiveWords(
  { goLive: { start, ramp } }: { readonly goLive: Pick<Desk['goLive'], 'start' | 'ramp'> },
  { granted, ended }: Pick<TraderStatus['goLive'], 'granted' | 'ended'>,
  progress: GoLiveProgress | null,
  nowMs: number,
): readonly string[] {
  if (granted === null)
    return ended == null ? [] : [`the permission of ${ended.release} ended: ${whyGoLiveEnded(ended)}`];
  const steps =
    ramp.length === 0 ? 'no larger size is planned' : `size step ${granted.step} of ${ramp.length}`;
  const words = [`size in force: ${sizeText(granted.size)} (${steps}); at first ${sizeText(start)}`];
  const { next, phase, nextAtMs = null } = progress ?? {};
  if (next == null) {
    if (phase !== 'ramp') return words;
    const anew = nextAtMs === null ? '' : `; they begin anew ${moment(nextAtMs)}`;
    return [...words, `no clean hours are counted towards a larger size now${anew}`];
  }
  const leftMs = next.cleanSinceMs + next.cleanMs - nowMs;
  const hours = leftMs > 0 ? `${lasted(leftMs)} of ${lasted(next.cleanMs)} to go` : 'over';
  const asked = phase === 'approval' || phase === 'cooling-off' ? 'asked for' : 'next';
  return [
    ...words,
    `size step ${next.step} (${sizeText(next.size)}) is ${asked}: clean hours since ${moment(next.cleanSinceMs)}, ${hours}; ${next.trades} of ${counted(next.minTrades, 'closed trade')}`,
  ];
}

const sizeText = ({ maxPositionSizePct, maxConcurrentPositions }: GoLiveGrant['size']): string =>
  `${maxPositionSizePct} % a position, ${counted(maxConcurrentPositions, 'position')}`;

const REVOKE_MS = 5_000;
const STOPPED_ON_PAPER =
  'stopped; there was no go-live to take back: this desk trades on paper, and a person resumes it';

/** Revokes the permission to trade real money: goes straight to the trader and needs nothing else. */
export async function revokeGoLive(
  context: OperationContext,
  caller: Caller,
  request: EmergencyRequest,
): Promise<OperationResult> {
  const commandId = request.commandId ?? context.newId();
  const reason = reasonOf(request.reason) ?? NO_REASON;
  const asked = { commandId, by: caller.person, reason };
  const result = await context.trader.call('revokeGoLive', asked, { timeoutMs: REVOKE_MS }).then(
    (answer) => provenBy(answer, async () => answer.mode !== 'ACTIVE'),
    (error: unknown) => notTaken(error, 'Real money stays permitted'),
  );
  const isOnPaper = context.desk.mode !== 'live';
  const untold = result.ok ? await tellOpenAttempt(context) : null;
  const told = {
    ...result,
    ...(result.proven && isOnPaper ? { detail: STOPPED_ON_PAPER } : {}),
    ...(untold === null ? {} : { problems: [...result.problems, untold] }),
  };
  const recorded = await audited(context, caller, { action: 'revokeGoLive', parameters: { reason } }, told);
  const unexplained = { did: 'took the permission for real money back', commandId, reason: request.reason };
  return askForReason(context, caller, unexplained, recorded);
}

/** Its question is withdrawn then. Null, or what may still be open: the permission is taken back in any case. */
async function tellOpenAttempt({ desk, pool, temporal }: OperationContext): Promise<string | null> {
  try {
    const open = (await readAttempts(pool, desk.desk)).find(({ finishedMs }) => finishedMs === null);
    if (open !== undefined)
      await temporal.within(ASK_MS, (client) =>
        client.workflow.getHandle(open.workflowId).executeUpdate(GO_LIVE_MESSAGES.revoked),
      );
    return null;
  } catch (error) {
    // It saw the halt first, and is over.
    if (error instanceof WorkflowNotFoundError) return null;
    return `A question of this go-live may still be open (${messageOf(error)}); fermata go-live --status shows it. Whatever is approved there needs the trader's own yes.`;
  }
}
