import { type CorporateAction, splitText } from '../domain/corporate-action.js';
import {
  type Caller,
  type CommandRequest,
  isUnanswered,
  notDone,
  notTaken,
  type OperationContext,
  type OperationResult,
  taken,
} from './operation.js';
import { audited, whyNotAudited } from './record-audit.js';

export interface CorporateActionRequest extends CommandRequest {
  readonly action: CorporateAction;
}

export interface NoSplitRequest extends CommandRequest {
  readonly symbol: string;
}

const COMMAND_MS = 5_000;

/** A stock is split or has paid a dividend: the trader takes it in. */
export async function takeCorporateAction(
  context: OperationContext,
  caller: Caller,
  { action, ...request }: CorporateActionRequest,
): Promise<OperationResult> {
  const what = action.kind === 'split' ? splitText(action) : action.perShare;
  const parameters = { kind: action.kind, symbol: action.symbol, what };
  return told(context, caller, request, 'corporateAction', parameters, (asked) =>
    context.trader.call('corporateAction', { ...asked, action }, { timeoutMs: COMMAND_MS }),
  );
}

/** What looks like a split at the venue is none. */
export async function sayNoSplit(
  context: OperationContext,
  caller: Caller,
  { symbol, ...request }: NoSplitRequest,
): Promise<OperationResult> {
  return told(context, caller, request, 'noSplit', { symbol }, (asked) =>
    context.trader.call('noSplit', { ...asked, symbol }, { timeoutMs: COMMAND_MS }),
  );
}

interface Asked {
  readonly commandId: string;
  readonly by: string;
  readonly reason: string;
}

async function told(
  context: OperationContext,
  caller: Caller,
  { commandId, reason }: CommandRequest,
  action: string,
  said: Readonly<Record<string, string>>,
  call: (asked: Asked) => Promise<Pick<OperationResult, 'detail' | 'haltId'>>,
): Promise<OperationResult> {
  const entry = { action, parameters: { ...said, reason } };
  const refused = await whyNotAudited(context, caller, entry);
  if (refused !== null) return notDone(refused);
  const asked = { commandId: commandId ?? context.newId(), by: caller.person, reason };
  return audited(context, caller, entry, await call(asked).then(taken, unchanged));
}

function unchanged(error: unknown): OperationResult {
  const result = notTaken(error, 'Nothing was changed');
  return isUnanswered(error)
    ? { ...result, detail: `${result.detail} Within three days the same is taken in only once.` }
    : result;
}
