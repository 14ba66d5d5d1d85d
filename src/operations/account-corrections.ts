/** A person's statements about the account: whose coins it holds, why its cash moved, corporate actions. */
import type { TraderStatus } from '../contracts/trader-status.js';
import { type CashKind, type CoinOwner, coinsSubject } from '../domain/cash-and-coins.js';
import { type CorporateAction, splitText } from '../domain/corporate-action.js';
import { trimmed } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import type { AuditAction } from '../store/audit.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  type CommandRequest,
  isUnanswered,
  notAsked,
  notDone,
  notTaken,
  type OperationContext,
  type OperationResult,
  provenBy,
  type TakenCommand,
  TO_DO,
  taken,
} from './operation.js';
import { audited, whyNotAudited } from './record-audit.js';
import { approveNow } from './sign-as.js';

export interface CoinsRequest {
  readonly symbol: string;
  readonly owner: CoinOwner;
  /** Cost of one coin, decimal; required if the coins are the desk's. */
  readonly cost: string | null;
  /** How many the person was shown, decimal: about another number nothing was said. Absent: those in the account. */
  readonly nobodys?: string | undefined;
  readonly reason: string;
  /** With real money: signature over `statementToSign`, made with the person's own key. */
  readonly signature?: string | undefined;
}

const COMMAND_MS = 5_000;

export async function claimCoins(
  context: OperationContext,
  caller: Caller,
  { symbol, owner, cost, nobodys: shown, reason, signature }: CoinsRequest,
): Promise<OperationResult> {
  const asked = { action: 'claimCoins' as const, parameters: { symbol, owner, cost, reason } };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  const status = await readStatus(context).catch(messageOf);
  return audited(context, caller, asked, typeof status === 'string' ? notAsked(status) : await send(status));

  async function send({ coins: found }: Pick<TraderStatus, 'coins'>): Promise<OperationResult> {
    const commandId = context.newId();
    const nobodys = found.find((known) => known.symbol === symbol)?.nobodys ?? '0';
    if (shown !== undefined && trimmed(shown) !== trimmed(nobodys))
      return notDone(
        `By now ${nobodys} of ${symbol} are nobody’s, not ${shown}. Nothing was changed.${TO_DO}say it of those.`,
      );
    try {
      const subject = coinsSubject({ symbol, owner, cost, nobodys });
      const decision = approveNow(context, caller, { decisionId: commandId, subject, signature });
      const said = { symbol, owner, cost, decisions: [decision] };
      const command = { commandId, by: caller.person, reason, ...said };
      const answer = await context.trader.call('claimCoins', command, { timeoutMs: COMMAND_MS });
      return await provenBy(answer, async () => {
        const { coins } = await readStatus(context);
        return coins.every((known) => known.symbol !== symbol || Number(known.nobodys) === 0);
      });
    } catch (error) {
      return notTaken(error, 'The coins stay as they are');
    }
  }
}

export interface CashExplanation extends CommandRequest {
  readonly kind: CashKind;
  /** Signed decimal: how the balance changed. */
  readonly amount: string;
}

/**
 * A person explains a difference in cash. The trader accepts only an amount that its own reading of the venue shows.
 */
export async function explainCash(
  context: OperationContext,
  caller: Caller,
  request: CashExplanation,
): Promise<OperationResult> {
  const { kind, amount, reason } = request;
  const asked = { action: 'explainCash' as const, parameters: { kind, amount, reason } };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  const command = { commandId: request.commandId ?? context.newId(), by: caller.person, reason };
  const result = await context.trader
    .call('explainCash', { ...command, kind, amount }, { timeoutMs: COMMAND_MS })
    .then(taken, (error: unknown) => notTaken(error, 'Nothing was booked'));
  return audited(context, caller, asked, result);
}

export interface CorporateActionRequest extends CommandRequest {
  readonly action: CorporateAction;
}

export interface NoSplitRequest extends CommandRequest {
  readonly symbol: string;
}

/** Tells the trader that a stock was split or paid a dividend. */
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

/** Tells the trader that a split seen at the venue is not one. */
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
  action: AuditAction,
  said: Readonly<Record<string, string>>,
  call: (asked: Asked) => Promise<TakenCommand>,
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
