/**
 * Stop and close-all: the command goes straight to the trader's control socket, then to the workflow that
 * goes on proving it and writes the evidence. Neither Temporal nor Postgres is needed; the answer says what
 * is missing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandResult, isDurable } from '../contracts/control.js';
import {
  EMERGENCY_COMMAND_MS,
  EMERGENCY_DEEDS,
  type EmergencyKind,
  type EmergencySignal,
  NOT_KEPT,
  NOT_TAKEN_BACK,
} from '../contracts/emergency.js';
import { messageOf } from '../domain/message-of.js';
import { whyStaysKilled } from '../domain/people-roles.js';
import { NO_REASON, reasonOf } from '../domain/plain-text.js';
import { recordWithoutWorkflow } from '../temporal/record-without-workflow.js';
import { startEmergency } from '../temporal/start-runs.js';
import { ControlFailure } from '../trader/client.js';
import { proveFlat, proveStopped } from '../trader/prove.js';
import {
  type Caller,
  type CloseAllRequest,
  type EmergencyRequest,
  type OperationContext,
  type OperationResult,
  TO_DO,
} from './operation.js';
import { askForReason, recordAudit } from './record-audit.js';

interface EmergencyProof {
  readonly proven: boolean;
  readonly haltId: string | null;
  readonly detail: string;
}

interface EmergencyProcedure {
  readonly kind: EmergencyKind;
  readonly sent: SentCommand | undefined;
  /** How long the caller waits for the proof. */
  readonly proofMs: number;
  readonly prove: (patienceMs: number) => Promise<EmergencyProof>;
}

/**
 * The trader's answer to a command that the caller has already sent: sending it again would be another halt.
 * Absent: the command is sent here.
 */
export type SentCommand = Promise<CommandResult>;

/** The workflow waits this long for the socket's answer, so that it need not send the command again. */
const HEAD_START_MS = 100;
const RETRY_MS = 200;
const READING_MS = 1_000;
/** A stop takes milliseconds. After this long, a person who set no wait should know that it is not proven. */
const STOP_PROOF_MS = 10_000;
/** At the deadline of a close-all, the trader escalates by name; the extra time is for reading that. */
const AFTER_DEADLINE_MS = 5_000;
/** Error codes of a trader that is still starting. */
const STARTING: ReadonlySet<string> = new Set(['not-started', 'starting']);

interface Sent {
  readonly taken: boolean;
  /** Taken, and on disk: a restart of the trader does not take it back. */
  readonly kept: boolean;
  /** The trader answered that it can't: resending at once is useless. The workflow keeps sending. */
  readonly refused: boolean;
  readonly incarnation: string | null;
  readonly detail: string;
  readonly toDo: string;
}

/**
 * No new entries; entry orders are cancelled; protective stops stay. Proven when no entry order is working any more.
 */
export function stopTrading(
  context: OperationContext,
  caller: Caller,
  request: EmergencyRequest,
  sent?: SentCommand,
): Promise<OperationResult> {
  return carryOutEmergency(context, caller, request, {
    kind: 'stop',
    sent,
    proofMs: Math.max(STOP_PROOF_MS, request.waitMs ?? 0),
    prove: async (patienceMs) => {
      const reading = await proveStopped(context.trader, patienceMs);
      const detail = `${reading.mode}, ${reading.entriesWorking} entry orders work`;
      return { proven: reading.proven, haltId: reading.haltId, detail };
    },
  });
}

/**
 * Halts, cancels, closes every position. Proven when the venue itself reports that nothing is left. A kill is the same,
 * and two people must resume.
 */
export function closeAllPositions(
  context: OperationContext,
  caller: Caller,
  request: CloseAllRequest,
  sent?: SentCommand,
): Promise<OperationResult> {
  return carryOutEmergency(context, caller, request, {
    kind: request.kill === true ? 'kill' : 'closeAll',
    sent,
    proofMs: context.desk.closeAll.deadlineSeconds * 1_000 + AFTER_DEADLINE_MS,
    prove: async (patienceMs) => {
      const reading = await proveFlat(context.trader, patienceMs);
      const left =
        reading.open.length > 0 ? `still open: ${reading.open.join(', ')}` : 'the venue reports no position';
      return {
        proven: reading.proven,
        haltId: reading.haltId,
        detail: `${reading.mode}, ${left}, ${reading.entriesWorking} entry orders work`,
      };
    },
  });
}

async function carryOutEmergency(
  context: OperationContext,
  caller: Caller,
  request: EmergencyRequest,
  procedure: EmergencyProcedure,
): Promise<OperationResult> {
  const order: EmergencySignal = {
    commandId: request.commandId ?? context.newId(),
    by: caller.person,
    via: caller.via,
    reason: reasonOf(request.reason) ?? NO_REASON,
    sentTo: [],
  };
  const untilMs = performance.now() + procedure.proofMs;
  const sending = answerTo(context, procedure.sent ?? send(context, procedure.kind, order));
  const sent = await Promise.race([sending, sleep(HEAD_START_MS, null)]);
  const handedOver = handOver(context, procedure.kind, {
    ...order,
    sentTo: sent?.kept && sent.incarnation ? [sent.incarnation] : [],
  });
  const [taken, workflow, read] = await Promise.all([
    sending,
    handedOver,
    sending.then((first) => readBack(context, procedure, order, first, untilMs)),
  ]);
  const notKept = NOT_KEPT[workflow.workflowId === null ? 'lost' : 'sentAgain'];
  const proof = isLost(read) ? { ...read, proven: false, detail: `${read.detail}; ${notKept}` } : read;
  const staysKilled = procedure.kind === 'kill' ? whyStaysKilled(context.desk.people) : null;
  const problems = [workflow.problem, staysKilled].filter((problem) => problem !== null);
  const audit = await recordAudit(context, caller, {
    action: procedure.kind,
    parameters: { reason: order.reason, commandId: order.commandId },
    outcome: proof.proven ? 'proven' : `not proven: ${proof.detail}`,
    idempotencyKey: order.commandId,
  });
  if (audit !== null)
    problems.push(workflow.workflowId === null ? audit : `${audit} The workflow writes it later.`);
  if (workflow.workflowId === null) {
    const missing = await recordWithoutWorkflow(placeOf(context), procedure.kind, order, proof, read.kept);
    if (missing !== null) problems.push(missing);
  }
  const isTaken = taken.taken || read.taken;
  const ok = isTaken || workflow.workflowId !== null;
  const { proven, haltId, detail, toDo } = proof;
  const goesOn = ok && !proven && !isLost(read);
  const outcome = {
    ...{ ok, proven, haltId, workflowId: workflow.workflowId, problems },
    detail: goesOn
      ? `${detail}; ${NOT_TAKEN_BACK[isTaken ? 'taken' : 'untaken']}`
      : `${detail}${ok ? '' : toDo}`,
  };
  const unexplained = {
    did: EMERGENCY_DEEDS[procedure.kind],
    commandId: order.commandId,
    reason: request.reason,
  };
  return askForReason(context, caller, unexplained, outcome);
}

const placeOf = ({ pool, desk, nowMs }: OperationContext) => ({
  pool,
  desk: desk.desk,
  simulated: desk.mode === 'paper',
  nowMs,
});

function send({ trader }: OperationContext, kind: EmergencyKind, order: EmergencySignal): SentCommand {
  const { commandId, by, reason } = order;
  return trader.call(kind, { commandId, by, reason }, { timeoutMs: EMERGENCY_COMMAND_MS });
}

/** The status shows which incarnation took the command; reading it never delays the command. */
async function answerTo({ trader }: OperationContext, command: SentCommand): Promise<Sent> {
  const status = trader.call('status', {}, { timeoutMs: EMERGENCY_COMMAND_MS }).catch(() => null);
  try {
    const result = await command;
    const incarnation = (await status)?.incarnation ?? null;
    const kept = result.ok && isDurable(result);
    return { taken: result.ok, kept, refused: false, incarnation, detail: result.detail, toDo: '' };
  } catch (error) {
    return {
      ...{ taken: false, kept: false, incarnation: null },
      refused: error instanceof ControlFailure && !STARTING.has(error.code),
      detail: messageOf(error),
      toDo: error instanceof ControlFailure ? `${TO_DO}${error.doThis}` : '',
    };
  }
}

async function handOver(
  context: OperationContext,
  kind: EmergencyKind,
  order: EmergencySignal,
): Promise<{ workflowId: string | null; problem: string | null }> {
  try {
    return { workflowId: await startEmergency(context, kind, order), problem: null };
  } catch (error) {
    const problem = `The workflow that proves the stop was not started: ${messageOf(error)}.`;
    return { workflowId: null, problem };
  }
}

/** The trader has taken it, and a restart takes it back. */
const isLost = ({ taken, kept }: Pick<Sent, 'taken' | 'kept'>): boolean => taken && !kept;

/** Reads until proven or out of time; resends the command until a trader has taken it. */
async function readBack(
  context: OperationContext,
  procedure: EmergencyProcedure,
  order: EmergencySignal,
  first: Sent,
  untilMs: number,
): Promise<EmergencyProof & Pick<Sent, 'taken' | 'kept' | 'toDo'>> {
  let sent = first;
  let proof: EmergencyProof = { proven: false, haltId: null, detail: first.detail };
  for (;;) {
    if (!sent.taken && !sent.refused) sent = await answerTo(context, send(context, procedure.kind, order));
    try {
      if (sent.taken) proof = await procedure.prove(READING_MS);
      else proof = { ...proof, detail: `The trader did not take the command: ${sent.detail}` };
    } catch (error) {
      proof = { ...proof, detail: messageOf(error) };
    }
    const { taken, kept, refused, toDo } = sent;
    if (proof.proven || refused || performance.now() >= untilMs) return { ...proof, taken, kept, toDo };
    await sleep(RETRY_MS);
  }
}
