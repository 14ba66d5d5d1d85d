/**
 * What a person changes of a running desk by one command to the trader: a signal, a strategy's switch, the
 * position size.
 */
import { isDeepStrictEqual } from 'node:util';
import type { SignalsStatus } from '../contracts/trader-status.js';
import { messageOf } from '../domain/message-of.js';
import { NO_REASON, reasonOf } from '../domain/plain-text.js';
import { sizeSubject } from '../domain/settings-change.js';
import type { SignalBody } from '../domain/signal.js';
import type { AuditAction } from '../store/audit.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  type EmergencyRequest,
  notAsked,
  notDone,
  notTaken,
  type OperationContext,
  type OperationResult,
  provenBy,
  type TakenCommand,
  taken,
} from './operation.js';
import { askForReason, audited, whyNotAudited } from './record-audit.js';
import { approveNow } from './sign-as.js';

export interface WithdrawalRequest {
  readonly source: string;
  readonly id: string;
  /** Null: none was given. */
  readonly reason: string | null;
}

const COMMAND_MS = 5_000;
const NONE: SignalsStatus = { newest: [], refused: [] };

/** Sending a signal again changes nothing: the trader recognises it by source, id and revision. */
export async function sendSignal(
  context: OperationContext,
  caller: Caller,
  signal: SignalBody,
): Promise<OperationResult> {
  const { source, id, revision = 1, symbol, action } = signal;
  const asked = { action: 'sendSignal' as const, parameters: { source, id, revision, symbol, action } };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  return carryOut(context, caller, asked, () => {
    const command = { commandId: context.newId(), by: caller.person, reason: `signal ${id} of ${source}` };
    return context.trader.call('signal', { ...command, signal }, { timeoutMs: COMMAND_MS });
  });
}

/** Makes the desk safer, so it waits for nothing. */
export function withdrawSignal(
  context: OperationContext,
  caller: Caller,
  { source, id, reason }: WithdrawalRequest,
): Promise<OperationResult> {
  const said = reason ?? NO_REASON;
  return carryOut(
    context,
    caller,
    { action: 'withdrawSignal' as const, parameters: { source, id, reason: said } },
    () => {
      const command = { commandId: context.newId(), by: caller.person, reason: said };
      return context.trader.call('withdrawSignal', { ...command, source, id }, { timeoutMs: COMMAND_MS });
    },
  );
}

/** Rejects with `TraderUnavailable`. */
export async function listSignals(context: OperationContext): Promise<SignalsStatus> {
  return (await readStatus(context)).signals ?? NONE;
}

async function carryOut(
  context: OperationContext,
  caller: Caller,
  asked: { readonly action: AuditAction; readonly parameters: Readonly<Record<string, string | number>> },
  send: () => Promise<TakenCommand>,
): Promise<OperationResult> {
  const result = await send().then(taken, (error: unknown) => notTaken(error, 'The signal was not taken'));
  return audited(context, caller, asked, result);
}

export interface ToggleRequest {
  readonly strategy: string;
  /** Null: toggles the current state. */
  readonly enabled: boolean | null;
  readonly reason: string;
  readonly commandId?: string;
}

/** Switches a strategy on or off. Off: its resting entries are cancelled; its position keeps its stop and its exit. */
export async function toggleStrategy(
  context: OperationContext,
  caller: Caller,
  request: ToggleRequest,
): Promise<OperationResult> {
  const status = await readStatus(context).catch(messageOf);
  if (typeof status === 'string') return notAsked(status);
  const now = status.strategies.find(({ name }) => name === request.strategy);
  if (now === undefined) {
    const names = [...new Set(status.strategies.map(({ name }) => name))].join(', ');
    return {
      ...notDone(`This desk has no strategy ${request.strategy} (it has: ${names}). Nothing was changed.`),
      reason: 'unknown',
    };
  }
  const enabled = request.enabled ?? !now.enabled;
  const asked = {
    action: 'toggleStrategy' as const,
    parameters: { strategy: request.strategy, enabled, reason: request.reason },
  };
  // Switching off is safer, so it waits for nothing.
  const refused = enabled ? await whyNotAudited(context, caller, asked) : null;
  if (refused !== null) return notDone(refused);
  if (enabled && (await wasSwitched(context, now))) {
    return notDone(`${request.strategy} was switched by somebody meanwhile. Nothing was changed by this.`);
  }
  return audited(context, caller, asked, await send(context, caller, request, enabled));
}

type StrategyStatus = Awaited<ReturnType<typeof readStatus>>['strategies'][number];

/** Checking the audit trail may take a while: what somebody else decided meanwhile stands. */
async function wasSwitched(
  context: OperationContext,
  { name, enabled, off }: StrategyStatus,
): Promise<boolean> {
  const status = await readStatus(context).catch(() => null);
  const now = status?.strategies.find((strategy) => strategy.name === name);
  return now === undefined || now.enabled !== enabled || !isDeepStrictEqual(now.off, off);
}

async function send(
  context: OperationContext,
  caller: Caller,
  { strategy, reason, commandId }: ToggleRequest,
  enabled: boolean,
): Promise<OperationResult> {
  const command = { commandId: commandId ?? context.newId(), by: caller.person, reason, strategy, enabled };
  try {
    const answer = await context.trader.call('toggle', command, { timeoutMs: COMMAND_MS });
    return await provenBy(answer, async () => {
      const { strategies } = await readStatus(context);
      return strategies.every(({ name, enabled: is }) => name !== strategy || is === enabled);
    });
  } catch (error) {
    return notTaken(error, `${strategy} stays as it is`);
  }
}

export interface SizeRequest extends EmergencyRequest {
  /** Percent of the full position size, 1 to 100. */
  readonly sizePct: number;
  /** For a larger size with real money: signature over `statementToSign`, made with the person's own key. */
  readonly signature?: string | undefined;
}

/** Changes the position size: an operator may make it smaller at once; only an approver may make it larger. */
export async function changeSize(
  context: OperationContext,
  caller: Caller,
  request: SizeRequest,
): Promise<OperationResult> {
  const { sizePct } = request;
  const reason = reasonOf(request.reason) ?? NO_REASON;
  const status = await readStatus(context).catch(messageOf);
  if (typeof status === 'string') return notAsked(status);
  const { sizePct: nowPct } = status;
  const larger = sizePct > nowPct;
  const asked = { action: 'changeSize' as const, parameters: { sizePct, nowPct, reason } };
  const refused = larger ? await whyNotAudited(context, caller, asked) : null;
  if (refused !== null) return notDone(refused);
  const decisionId = request.commandId ?? context.newId();
  const recorded = await audited(context, caller, asked, await send());
  const did = `made the position size ${sizePct} %`;
  return askForReason(context, caller, { did, commandId: decisionId, reason: request.reason }, recorded);

  async function send(): Promise<OperationResult> {
    const decision = { decisionId, subject: sizeSubject(nowPct, sizePct), signature: request.signature };
    try {
      const decisions = larger ? [approveNow(context, caller, decision)] : [];
      const command = { commandId: decisionId, by: caller.person, reason, sizePct, decisions };
      return taken(await context.trader.call('resize', command, { timeoutMs: COMMAND_MS }));
    } catch (error) {
      return notTaken(error, 'The position size stays as it is');
    }
  }
}
