import type { TraderStatus } from '../../contracts/trader-status.js';
import { messageOf } from '../../domain/message-of.js';
import { monthKey } from '../../domain/settings-change.js';
import { readStatus } from '../../trader/read-status.js';
import type { Caller, OperationContext } from '../operation.js';
import type { SettingsResult } from './ask-for-approval.js';
import { changeSettings, refused } from './change-settings.js';

export interface RollRequest {
  /** Left out: the only instrument of the desk that is rolled. */
  readonly symbol?: string | undefined;
  /** yyyymm; left out: the month that follows. */
  readonly to?: string | undefined;
  readonly reason: string;
}

/**
 * Asks people to let an instrument stand for another month. Refused before anybody is asked while the old contract is
 * held or an order in it rests: the trader would refuse it, too.
 */
export async function rollContract(
  context: OperationContext,
  caller: Caller,
  request: RollRequest,
): Promise<SettingsResult> {
  const status = await readStatus(context).catch(messageOf);
  if (typeof status === 'string')
    return refused(`The trader does not answer (${status}). Nothing was changed. Try again when it does.`);
  const found = contractOf(status, request.symbol);
  if (typeof found === 'string') return refused(found, status);
  const { symbol, month, next, choices } = found;
  const to = request.to ?? next ?? '';
  if (!choices.includes(to))
    return refused(
      `to: expected one of the months ${choices.join(', ')} for ${symbol}, found ${to}. Nothing was changed. Give one of them, or leave it out for the one that follows.`,
      status,
    );
  const held = status.positions.some((position) => position.symbol === symbol);
  const resting = status.orders.filter((order) => order.symbol === symbol).length;
  if (held || resting > 0) {
    const what = held ? `a position in ${symbol} is open` : `${resting} orders in ${symbol} are open`;
    return refused(
      `Nothing was changed: ${what}, and it is of the old contract. Close it first (fermata position close ${symbol}), or wait until the session has ended, then roll.`,
      status,
    );
  }
  const values = { [monthKey(symbol)]: to };
  const result = await changeSettings(context, caller, { values, reason: request.reason });
  if (result.state !== 'waiting') return result;
  const detail = `${symbol} ${month} → ${to} waits for approval. Until then nothing changes; then the trader starts again with the new contract.`;
  return { ...result, detail };
}

type Contract = NonNullable<TraderStatus['contracts']>[number];

function contractOf({ contracts = [] }: TraderStatus, symbol: string | undefined): Contract | string {
  const rolled = contracts.filter(({ choices }) => choices.length > 0);
  const names = rolled.map((contract) => contract.symbol).join(', ');
  if (rolled.length === 0)
    return 'Nothing was changed: no instrument of this desk is rolled here. A future is, where its desk file has a rule (instruments[].roll) and prices are live (docs/DESK_FILE.md).';
  const found = symbol === undefined ? rolled : rolled.filter((contract) => contract.symbol === symbol);
  const [only, second] = found;
  if (only === undefined)
    return `symbol: expected one of ${names}, found ${symbol}. Nothing was changed. Give it as it is in the desk file.`;
  return second === undefined
    ? only
    : `symbol: expected one of ${names}, since several are rolled; found none. Nothing was changed. Name one.`;
}
