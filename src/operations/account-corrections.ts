/** A person says to whom coins in the account belong that no trade of the desk explains. */
import type { CashKind } from '../domain/cash.js';
import { type CoinOwner, coinsSubject } from '../domain/coins.js';
import { messageOf } from '../domain/message-of.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  type CommandRequest,
  notDone,
  type OperationContext,
  type OperationResult,
  taken,
} from './operation.js';
import { audited, whyNotAudited } from './record-audit.js';
import { approveNow } from './sign-as.js';

export interface CoinsRequest {
  readonly symbol: string;
  readonly owner: CoinOwner;
  /** Cost of one coin, decimal; required if the coins are the desk's. */
  readonly cost: string | null;
  readonly reason: string;
  /** With real money: signature over `statementToSign`, made with the person's own key. */
  readonly signature?: string | undefined;
}

const COMMAND_MS = 5_000;

export async function claimCoins(
  context: OperationContext,
  caller: Caller,
  { symbol, owner, cost, reason, signature }: CoinsRequest,
): Promise<OperationResult> {
  const asked = { action: 'claimCoins', parameters: { symbol, owner, cost, reason } };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  return audited(context, caller, asked, await send());

  async function send(): Promise<OperationResult> {
    const commandId = context.newId();
    try {
      const found = await readStatus(context);
      const nobodys = found.coins.find((known) => known.symbol === symbol)?.nobodys ?? '0';
      const subject = coinsSubject({ symbol, owner, cost, nobodys });
      const decision = approveNow(context, caller, { decisionId: commandId, subject, signature });
      const said = { symbol, owner, cost, decisions: [decision] };
      const command = { commandId, by: caller.person, reason, ...said };
      const { detail, haltId } = await context.trader.call('claimCoins', command, { timeoutMs: COMMAND_MS });
      const { coins } = await readStatus(context);
      const proven = coins.every((known) => known.symbol !== symbol || Number(known.nobodys) === 0);
      return { ok: true, proven, detail, haltId, workflowId: null, problems: [] };
    } catch (error) {
      return notDone(`The trader did not take it: ${messageOf(error)}.`);
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
  const asked = { action: 'explainCash', parameters: { kind, amount, reason } };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused);
  try {
    const command = { commandId: request.commandId ?? context.newId(), by: caller.person, reason };
    const answer = await context.trader.call(
      'explainCash',
      { ...command, kind, amount },
      { timeoutMs: COMMAND_MS },
    );
    return await audited(context, caller, asked, taken(answer));
  } catch (error) {
    return notDone(`Nothing was booked: ${messageOf(error)}`);
  }
}
