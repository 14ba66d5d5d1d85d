/**
 * Closes one position or cancels one entry: sent straight to the trader, read back from its status, recorded in the
 * audit trail.
 */

import type { TraderStatus } from '../contracts/trader-status.js';
import { messageOf } from '../domain/message-of.js';
import { NO_REASON } from '../domain/plain-text.js';
import { pollUntil } from '../home/try-again.js';
import type { AuditAction } from '../store/audit.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  type EmergencyRequest,
  isUnanswered,
  notTaken,
  type OperationContext,
  type OperationResult,
} from './operation.js';
import { recordAudit } from './record-audit.js';

export interface PositionRequest extends EmergencyRequest {
  readonly symbol: string;
}

export interface EntryRequest extends EmergencyRequest {
  /** The order's `clientId`. */
  readonly order: string;
}

const COMMAND_MS = 5_000;
const PROOF_MS = 10_000;
const LOOK_MS = 100;

/**
 * Closes at the market, in every mode; the desk's mode doesn't change. Proven once the trader's status shows no
 * position in the symbol.
 */
export function closePosition(
  context: OperationContext,
  caller: Caller,
  { symbol, ...request }: PositionRequest,
): Promise<OperationResult> {
  return carryOut(context, caller, request, {
    action: 'closePosition' as const,
    parameters: { symbol },
    send: (command) =>
      context.trader.call('closePosition', { ...command, symbol }, { timeoutMs: COMMAND_MS }),
    isOver: ({ positions }) => !positions.some((position) => position.symbol === symbol),
    over: `${symbol} is closed`,
    left: `${symbol} is still open`,
  });
}

/** Proven once the order is no longer live, or the entry no longer waits. What was filled by then is protected. */
export function cancelEntry(
  context: OperationContext,
  caller: Caller,
  { order, ...request }: EntryRequest,
): Promise<OperationResult> {
  return carryOut(context, caller, request, {
    action: 'cancelEntry' as const,
    parameters: { order },
    send: (command) =>
      context.trader.call('cancelEntry', { ...command, clientId: order }, { timeoutMs: COMMAND_MS }),
    isOver: ({ orders, waitingEntries = [] }) =>
      ![...orders, ...waitingEntries].some(({ clientId }) => clientId === order),
    over: `entry order ${order} is cancelled`,
    left: `entry order ${order} still works`,
  });
}

interface Procedure {
  readonly action: AuditAction;
  readonly parameters: Readonly<Record<string, string>>;
  readonly send: (command: {
    readonly commandId: string;
    readonly by: string;
    readonly reason: string;
  }) => Promise<unknown>;
  readonly isOver: (status: TraderStatus) => boolean;
  readonly over: string;
  readonly left: string;
}

/** A command that makes the desk safer waits neither for Postgres nor for Temporal. */
async function carryOut(
  context: OperationContext,
  caller: Caller,
  { reason, commandId = context.newId() }: EmergencyRequest,
  { action, parameters, send, isOver, over, left }: Procedure,
): Promise<OperationResult> {
  const said = reason ?? NO_REASON;
  const recorded = (outcome: string): Promise<string | null> =>
    recordAudit(context, caller, { action, parameters: { ...parameters, reason: said }, outcome });
  let goesOn = 'the trader goes on with it unless the desk is halted';
  try {
    await send({ commandId, by: caller.person, reason: said });
  } catch (error) {
    // Without an answer, the trader may have taken the command: reading its status back tells.
    if (!isUnanswered(error)) {
      const refused = notTaken(error, 'Nothing was changed');
      await recorded(refused.detail);
      return refused;
    }
    goesOn = `whether the trader took it is not known (${messageOf(error)}): give it again, or look at the venue`;
  }
  const proven = await readBack(context, isOver);
  const audit = await recorded(proven ? 'proven' : `not proven: ${left}`);
  return {
    ok: true,
    proven,
    detail: proven ? over : `${left} after ${PROOF_MS / 1_000} s; ${goesOn}`,
    haltId: null,
    workflowId: null,
    problems: audit === null ? [] : [audit],
  };
}

async function readBack(
  context: OperationContext,
  isOver: (status: TraderStatus) => boolean,
): Promise<boolean> {
  const look = async () => {
    const status = await readStatus(context).catch(() => null);
    return status !== null && isOver(status);
  };
  return pollUntil(look, (over) => over, { withinMs: PROOF_MS, everyMs: LOOK_MS });
}
