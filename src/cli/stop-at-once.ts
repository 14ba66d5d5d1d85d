/**
 * Stop and close-all from the command line. The command reaches the trader before anything slow is loaded.
 * Then the operations get the same command, identified by its id: they prove it and start the workflow.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandResult, isDurable } from '../contracts/control.js';
import { EMERGENCY_DEEDS, type EmergencyKind, NOT_KEPT, NOT_TAKEN_BACK } from '../contracts/emergency.js';
import { BUILT_IN_OPERATOR } from '../domain/people-roles.js';
import { NO_REASON, plainText, reasonOf } from '../domain/plain-text.js';
import { namedOnCli } from '../home/cli-session.js';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import type { OperationResult } from '../operations/operation.js';
import { ControlFailure, connectTrader, type TraderClient } from '../trader/client.js';
import {
  ASK_AGAIN,
  exitCodeOf,
  notProvenInTime,
  outcomeJson,
  outcomeLines,
  showOutcome,
  type UrgentOptions,
  withinSeconds,
} from './act-on-desk.js';
import { type CliFailure, presentFailure } from './failure.js';
import { failureJson, printFailure, printJson, printLines, sayingWhat } from './output.js';
import { endedDesk, requireRuntime } from './running-desk.js';

interface Order {
  readonly commandId: string;
  readonly by: string;
  /** Null: none was given. */
  readonly reason: string | null;
}

interface Errand {
  readonly kind: EmergencyKind;
  /** The words shown to the person; they name the desk if several are stopped. */
  readonly what: string;
  readonly runtime: Runtime;
  readonly order: Order;
  readonly trader: TraderClient;
  /** The trader's answer to the command, which was sent at once. */
  readonly sent: Promise<CommandResult>;
  readonly seconds: number;
  /** Deadline of the proof, in milliseconds of the monotonic clock. */
  readonly provenByMs: number;
}

const SEND_TIMEOUT_MS = 3000;
/** Time for the trader to answer before the code that starts the workflow is loaded. */
const HEAD_START_MS = 500;
const RETRY_MS = 200;
/** Reserved out of the time that a person allows, to write evidence, audit entry and task. */
const KEEP_SECONDS = 4;
const DESK_ENDED = 'desk-ended';
/** The next start begins halted and resumes by the desk file: this command was not stored anywhere. */
const AFTER_END: Readonly<Record<EmergencyKind, string>> = {
  stop: 'nothing has to be stopped, and this stop was not kept: give it again after the next `fermata up` where the desk is not to trade then',
  closeAll: 'start it with `fermata up`, then: fermata close-all; nothing of this was kept',
  kill: 'start it with `fermata up`, then: fermata close-all --kill; nothing of this was kept',
};
const KEPT_BY_WORKFLOW =
  'Nothing of the desk runs now: the workflow carries this out as soon as it is started.';
const WORDS: Readonly<Record<EmergencyKind, string>> = { stop: 'stop', closeAll: 'close-all', kill: 'kill' };

/** For the chosen desk. Returns the exit code. */
export async function emergency(kind: EmergencyKind, options: UrgentOptions): Promise<number> {
  const outcome = await outcomeOf(kind, WORDS[kind], requireRuntime(), options);
  return showOutcome(WORDS[kind], outcome, options.json === true, whatHelps(outcome));
}

export interface DesksToStop {
  readonly homes: readonly string[];
  /** Names under which no desk was started, given next to others that are stopped all the same. */
  readonly unknown: readonly { readonly desk: string; readonly failure: CliFailure }[];
}

/**
 * Stops these desks concurrently: none waits for another, and each reports as soon as it is done, as does each
 * name that no desk has. Returns the exit code: 0 only if every stop is proven.
 */
export async function stopEach({ homes, unknown }: DesksToStop, options: UrgentOptions): Promise<number> {
  const ends = await Promise.all([
    ...homes.map((home) => stopOne(home, options)),
    ...unknown.map(({ desk, failure }) => notStopped(desk, failure, options)),
  ]);
  if (options.json === true) printJson({ desks: ends.map(({ end }) => end) });
  return Math.max(...ends.map(({ exitCode }) => exitCode));
}

interface StopEnd {
  readonly exitCode: number;
  readonly end: object;
}

async function stopOne(home: string, options: UrgentOptions): Promise<StopEnd> {
  const runtime = requireRuntime(home);
  const { desk } = runtime;
  const what = `stop of ${desk}`;
  try {
    const outcome = await outcomeOf('stop', what, runtime, options);
    const shown = { home, doThis: whatHelps(outcome) };
    if (options.json !== true) printLines(outcomeLines(what, outcome, shown));
    return { exitCode: exitCodeOf(outcome), end: { desk, ...outcomeJson(outcome, shown) } };
  } catch (error) {
    return notStopped(desk, error, options);
  }
}

function notStopped(desk: string, error: unknown, { json }: UrgentOptions): StopEnd {
  const failure = presentFailure(error);
  if (json !== true) printFailure(error, false);
  return { exitCode: failure.exitCode, end: { desk, ...failureJson(failure) } };
}

/** If it goes on by itself, nobody needs to ask again. */
const whatHelps = ({ ok, detail }: OperationResult): string =>
  (detail.endsWith(NOT_KEPT.lost) && NOT_KEPT.helps) ||
  (ok ? 'fermata status shows how far it is; where no trader runs, fermata up starts one' : ASK_AGAIN);

async function outcomeOf(
  kind: EmergencyKind,
  what: string,
  runtime: Runtime,
  options: UrgentOptions,
): Promise<OperationResult> {
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  const order: Order = {
    commandId: randomUUID(),
    by: namedOnCli(runtime.home, Date.now()) ?? BUILT_IN_OPERATOR,
    reason: reasonOf(options.reason),
  };
  const sent = orEnded(runtime, kind, trader.call(kind, asSent(order), { timeoutMs: SEND_TIMEOUT_MS }));
  sayUnnamed(order, options.as);
  // Awaited below; until then, a refusal must not end the process.
  sent.catch(() => undefined);
  const { timeout: seconds } = options;
  const provenByMs = performance.now() + Math.max(seconds - KEEP_SECONDS, seconds / 2) * 1000;
  const errand: Errand = { kind, what, runtime, order, trader, sent, seconds, provenByMs };
  try {
    const late = notProvenInTime(what, options.timeout);
    const done = sayingWhat(howFar(errand), Promise.race([carryOut(errand), unlessEnded(errand)]));
    return await withinSeconds(options.timeout, done, late);
  } finally {
    trader.close();
  }
}

const asSent = (order: Order) => ({ ...order, reason: order.reason ?? NO_REASON });

/**
 * A stop is never refused because of a name: a name that is not signed in is merely not recorded as the
 * person.
 */
function sayUnnamed({ by }: Order, named: string | undefined): void {
  if (named === undefined || named.trim() === '' || named === by) return;
  process.stderr.write(`… ${plainText(named)} is not signed in here: it is recorded as asked for by ${by}\n`);
}

/**
 * If the trader could not be reached because nothing of the desk runs, rejects with exactly that, so that
 * nobody retries.
 */
async function orEnded(
  runtime: Runtime,
  kind: EmergencyKind,
  sent: Promise<CommandResult>,
): Promise<CommandResult> {
  try {
    return await sent;
  } catch (error) {
    const ended = await endedDesk(runtime, AFTER_END[kind]);
    if (ended === null) throw error;
    const { message, keptSafe, doThis } = ended;
    throw new ControlFailure({ code: DESK_ENDED, message, keptSafe, doThis });
  }
}

/** What a waiting person most needs to know: whether the trader has received the command. */
function howFar({ what, sent, seconds }: Errand): () => string {
  let text = `the trader has not answered yet: it is asked again, at most ${seconds} s`;
  sent.then(
    () => {
      text = `the trader has taken the ${what}; waiting for the proof and the workflow, at most ${seconds} s`;
    },
    (error: unknown) => {
      if (isDeskEnded(error)) text = 'nothing of the desk runs: it is handed to the workflow';
    },
  );
  return () => text;
}

/**
 * Rejects if the desk has ended together with its Temporal: nothing is left to receive the command. A
 * Temporal server run by somebody else still receives it, and the workflow carries it out once the desk is
 * started.
 */
function unlessEnded({ runtime, sent }: Errand): Promise<never> {
  return new Promise((_resolve, reject) => {
    sent.catch((error: unknown) => {
      if (runtime.temporal.kind === 'managed' && isDeskEnded(error)) reject(error);
    });
  });
}

const isDeskEnded = (error: unknown): boolean => error instanceof ControlFailure && error.code === DESK_ENDED;

async function carryOut(errand: Errand): Promise<OperationResult> {
  const { kind, runtime, order, trader, sent, provenByMs } = errand;
  // From Node 22 on, loading blocks everything else in this process: without a head start the command would
  // not even leave.
  await Promise.race([sent.catch(() => null), sleep(HEAD_START_MS, null, { ref: false })]);
  const operations = await openOperations(runtime, trader);
  if (operations instanceof Error) return proveDirectly(errand, operations);
  const caller = { person: order.by, via: 'cli' } as const;
  const waitMs = Math.max(0, provenByMs - performance.now());
  const request = { reason: order.reason, commandId: order.commandId, waitMs };
  const outcome = await (kind === 'stop'
    ? operations.stopTrading(caller, request, sent)
    : operations.closeAllPositions(caller, { ...request, kill: kind === 'kill' }, sent));
  const isKept = outcome.workflowId !== null && (await sent.catch(isDeskEnded)) === true;
  return isKept ? { ...outcome, problems: [...outcome.problems, KEPT_BY_WORKFLOW] } : outcome;
}

/**
 * Returns an error as a value: a broken desk file, for example, must not prevent a stop. Nor must playbooks,
 * which are not even read. Not closed, for the reason given in `withOperations`.
 */
async function openOperations(runtime: Runtime, trader: TraderClient) {
  try {
    const { openOperations: open } = await import('../operations/operations.js');
    return await open(runtime, trader, undefined, {});
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function proveDirectly(errand: Errand, operationsError: Error): Promise<OperationResult> {
  const problems = [
    `The workflow that proves it was not started: ${operationsError.message.split('\n')[0]}.`,
  ];
  const taken = await untilTaken(errand);
  const outcome =
    taken instanceof Error
      ? { ok: false, proven: false, detail: taken.message, haltId: null }
      : sayingWhetherKept(await proofOf(errand, taken), taken);
  const journaled = !(taken instanceof Error) && isDurable(taken);
  return keepDirectly(errand, { ...outcome, workflowId: null, problems }, journaled);
}

function sayingWhetherKept(proof: Outcome, taken: CommandResult): Outcome {
  if (!isDurable(taken)) return { ...proof, proven: false, detail: `${proof.detail}; ${NOT_KEPT.lost}` };
  return proof.proven ? proof : { ...proof, detail: `${proof.detail}; ${NOT_TAKEN_BACK.taken}` };
}

type Outcome = Pick<OperationResult, 'ok' | 'proven' | 'detail' | 'haltId'>;

async function proofOf({ kind, trader, provenByMs }: Errand, taken: CommandResult): Promise<Outcome> {
  const withinMs = Math.max(0, provenByMs - performance.now());
  if (kind === 'stop') {
    const { proveStopped } = await import('../trader/prove.js');
    const { mode, entriesWorking, haltId, proven } = await proveStopped(trader, withinMs);
    const detail = `${mode}, ${entriesWorking} entry orders work`;
    return { ok: taken.ok, proven, detail, haltId };
  }
  const { proveFlat } = await import('../trader/prove.js');
  const { open, haltId, proven } = await proveFlat(trader, withinMs);
  const detail = open.length > 0 ? `still open: ${open.join(', ')}` : 'the venue reports no position';
  return { ok: taken.ok, proven, detail, haltId };
}

/**
 * Evidence, audit entry and the task that asks for a reason need no desk file. Returns the outcome, whose
 * problems name what could not be written.
 */
async function keepDirectly(
  { kind, runtime, order, trader }: Errand,
  outcome: OperationResult,
  journaled: boolean,
): Promise<OperationResult> {
  const [{ openPool }, { askForReason, NO_ANSWER, recordAudit, writeInTime }, { recordWithoutWorkflow }] =
    await Promise.all([
      import('../store/pool.js'),
      import('../operations/record-audit.js'),
      import('../temporal/record-without-workflow.js'),
    ]);
  const pool = openPool(runtime, 'stop');
  const status = await trader.call('status', {}, { timeoutMs: SEND_TIMEOUT_MS }).catch(() => null);
  // Unless the trader says that it trades on paper, it counts as real money.
  const place = { pool, desk: runtime.desk, simulated: status?.trading === 'paper', nowMs: Date.now };
  const { by, reason, commandId } = asSent(order);
  const asked = { commandId, by, via: 'cli', reason } as const;
  const evidence = recordWithoutWorkflow(place, kind, asked, outcome, journaled).then((problem) => ({
    problem,
  }));
  const [kept, audit] = await Promise.all([
    writeInTime(evidence),
    recordAudit(
      { pool, runtime },
      { person: by, via: 'cli' },
      {
        action: kind,
        parameters: { reason, commandId },
        outcome: outcome.proven ? 'proven' : `not proven: ${outcome.detail}`,
        idempotencyKey: commandId,
      },
    ),
  ]);
  const missing = kept === null ? `The evidence of it may be missing: ${NO_ANSWER}.` : kept.problem;
  const problems = [...outcome.problems, missing, audit].filter((problem) => problem !== null);
  const context = { pool, desk: { desk: runtime.desk }, runtime, nowMs: Date.now };
  const unexplained = { did: EMERGENCY_DEEDS[kind], commandId, reason: order.reason };
  return askForReason(context, { person: by, via: 'cli' }, unexplained, { ...outcome, problems });
}

/** The trader may be restarting: the command is sent again until it is received or the time is over. */
async function untilTaken({ kind, order, trader, sent, provenByMs }: Errand): Promise<CommandResult | Error> {
  let answer = sent;
  for (;;) {
    const taken = await answer.catch((error: Error) => error);
    const isOver = isDeskEnded(taken) || performance.now() >= provenByMs;
    if (!(taken instanceof Error) || isOver) return taken;
    await sleep(RETRY_MS);
    answer = trader.call(kind, asSent(order), { timeoutMs: SEND_TIMEOUT_MS });
  }
}
