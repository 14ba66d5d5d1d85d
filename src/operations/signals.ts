/** Sends signals from outside straight to the trader, which judges, records and stores them; audits them. */

import type { SignalsStatus } from '../contracts/trader-status.js';
import { NO_REASON } from '../domain/plain-text.js';
import type { SignalBody } from '../domain/signal.js';
import type { AuditAction } from '../store/audit.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  notDone,
  notTaken,
  type OperationContext,
  type OperationResult,
  type TakenCommand,
  taken,
} from './operation.js';
import { audited, whyNotAudited } from './record-audit.js';

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
