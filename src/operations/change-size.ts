import { messageOf } from '../domain/message-of.js';
import { NO_REASON, reasonOf } from '../domain/plain-text.js';
import { sizeSubject } from '../domain/position-size.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  type EmergencyRequest,
  notAsked,
  notDone,
  notTaken,
  type OperationContext,
  type OperationResult,
  taken,
} from './operation.js';
import { askForReason, audited, whyNotAudited } from './record-audit.js';
import { approveNow } from './sign-as.js';

export interface SizeRequest extends EmergencyRequest {
  /** Percent of the full position size, 1 to 100. */
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
