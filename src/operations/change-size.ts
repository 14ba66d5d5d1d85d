import { messageOf } from '../domain/message-of.js';
import { sizeSubject } from '../domain/size-decision.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  type CommandRequest,
  notDone,
  type OperationContext,
  type OperationResult,
} from './operation.js';
import { recordAudit, whyNotAudited } from './record-audit.js';
import { approveNow } from './sign-as.js';

export interface SizeRequest extends CommandRequest {
  /** Percent of the desk file's position size, 1 to 100. */
  readonly sizePct: number;
  /** For a larger size with real money: signature over `statementToSign`, made with the person's own key. */
  readonly signature?: string | undefined;
}

const COMMAND_MS = 5_000;

/** Changes the position size: an operator may make it smaller at once; only an approver may make it larger. */
export async function changeSize(
  context: OperationContext,
  caller: Caller,
  request: SizeRequest,
): Promise<OperationResult> {
  try {
    const { sizePct: nowPct } = await readStatus(context);
    const { sizePct, reason } = request;
    const commandId = request.commandId ?? context.newId();
    const subject = sizeSubject(nowPct, sizePct);
    const larger = { decisionId: commandId, subject, signature: request.signature };
    const asked = { action: 'changeSize', parameters: { sizePct, nowPct, reason } };
    const refused = sizePct > nowPct ? await whyNotAudited(context, caller, asked) : null;
    if (refused !== null) return notDone(refused);
    const decisions = sizePct > nowPct ? [approveNow(context, caller, larger)] : [];
    const result = await context.trader.call(
      'resize',
      { commandId, by: caller.person, reason, sizePct, decisions },
      { timeoutMs: COMMAND_MS },
    );
    const audit = await recordAudit(context, caller, { ...asked, outcome: result.detail });
    return {
      ok: result.ok,
      proven: result.ok,
      detail: result.detail,
      haltId: null,
      workflowId: null,
      problems: audit === null ? [] : [audit],
    };
  } catch (error) {
    const why = messageOf(error);
    return notDone(`The position size stays as it is: ${why}`);
  }
}
