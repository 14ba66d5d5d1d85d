import type { CashKind } from '../domain/cash.js';
import { messageOf } from '../domain/message-of.js';
import {
  type Caller,
  type CommandRequest,
  notDone,
  type OperationContext,
  type OperationResult,
} from './operation.js';
import { recordAudit, whyNotAudited } from './record-audit.js';

export interface CashExplanation extends CommandRequest {
  readonly kind: CashKind;
  /** Signed decimal: how the balance changed. */
  readonly amount: string;
}

const COMMAND_MS = 5_000;

/**
 * A person explains a difference in cash. The trader accepts only an amount that its own reading of the venue shows.
 */
export async function explainCash(
  context: OperationContext,
  caller: Caller,
  request: CashExplanation,
): Promise<OperationResult> {
  const { kind, amount, reason } = request;
  const asked = { action: 'explainCash', parameters: { kind, amount, reason } };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  try {
    const command = { commandId: request.commandId ?? context.newId(), by: caller.person, reason };
    const taken = await context.trader.call(
      'explainCash',
      { ...command, kind, amount },
      { timeoutMs: COMMAND_MS },
    );
    const audit = await recordAudit(context, caller, { ...asked, outcome: taken.detail });
    return {
      ok: true,
      proven: true,
      detail: taken.detail,
      haltId: taken.haltId,
      workflowId: null,
      problems: audit === null ? [] : [audit],
    };
  } catch (error) {
    return notDone(`Nothing was booked: ${messageOf(error)}`);
  }
}
