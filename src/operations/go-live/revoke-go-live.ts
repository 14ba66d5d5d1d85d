import { messageOf } from '../../domain/message-of.js';
import {
  type Caller,
  type CommandRequest,
  notDone,
  type OperationContext,
  type OperationResult,
} from '../operation.js';
import { recordAudit } from '../record-audit.js';

const REVOKE_MS = 5_000;

/** Takes the permission to trade real money back: goes straight to the trader and needs nothing else. */
export async function revokeGoLive(
  context: OperationContext,
  caller: Caller,
  request: CommandRequest,
): Promise<OperationResult> {
  const commandId = request.commandId ?? context.newId();
  const asked = { commandId, by: caller.person, reason: request.reason };
  const result = await context.trader.call('revokeGoLive', asked, { timeoutMs: REVOKE_MS }).then(
    ({ detail, haltId, mode }): OperationResult => ({
      ok: true,
      proven: mode !== 'ACTIVE',
      detail,
      haltId,
      workflowId: null,
      problems: [],
    }),
    (error: unknown) => notDone(`The trader did not take it: ${messageOf(error)}`),
  );
  const audit = await recordAudit(context, caller, {
    action: 'revokeGoLive',
    parameters: { reason: request.reason },
    outcome: result.detail,
  });
  return audit === null ? result : { ...result, problems: [...result.problems, audit] };
}
