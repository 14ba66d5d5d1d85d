/**
 * Asks people to roll a future once its roll day has come: once a day, until they approve. Nothing is entered in the old
 * contract meanwhile; as it nears its last trade they are woken.
 */

import type { Notice } from '../contracts/notice.js';
import type { ContractStatus } from '../contracts/trader-status.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { contractWords } from '../domain/contract-words.js';
import { monthKey } from '../domain/settings-change.js';
import type { KeptTask } from '../home/try-again.js';
import { notify } from '../notify/notify.js';
import { listApprovals } from '../operations/approvals.js';
import type { OperationContext } from '../operations/operation.js';
import { rollContract } from '../operations/settings/change-settings.js';
import { readStatus } from '../trader/read-status.js';
import { repeat } from './repeat.js';
import type { Logger } from './role-log.js';

const LOOK_EVERY_MS = 60_000;
/** A question that nobody answered ends after a day; one that was rejected is not asked again on the same day. */
const ASKED_AGAIN_MS = 20 * HOUR_MS;

export type AskForRoll = OperationContext;

/** Null: the desk rolls nothing. */
export function askForRolls(context: AskForRoll, log: Logger): KeptTask | null {
  if (context.desk.instruments.every(({ roll }) => roll === undefined)) return null;
  return repeat('watch over contracts that end', LOOK_EVERY_MS, log, () => askForDueRolls(context));
}

export async function askForDueRolls(context: AskForRoll): Promise<void> {
  const { contracts = [] } = await readStatus(context);
  const due = contracts.filter(({ phase, choices }) => choices.length > 0 && IS_DUE[phase]);
  for (const contract of due) {
    if (contract.phase !== 'due') await notify(context.pool, woken(context, contract), context.runtime.home);
    if (await wasAsked(context, contract)) continue;
    const { symbol, month, rollDay } = contract;
    const reason = `${symbol} ${month}: its roll day was ${rollDay}`;
    // Nobody is asked while the old contract is held or an order in it rests; the next poll tries again.
    await rollContract(context, { person: 'fermata', via: 'cli' }, { symbol, reason });
  }
}

const IS_DUE = {
  trading: false,
  due: true,
  leaving: true,
  ended: true,
  rolled: false,
} as const satisfies Readonly<Record<ContractStatus['phase'], boolean>>;

async function wasAsked(context: AskForRoll, { symbol }: ContractStatus): Promise<boolean> {
  const approvals = await listApprovals(context);
  const sinceMs = context.nowMs() - ASKED_AGAIN_MS;
  return approvals.some(
    ({ parameters, createdMs, state }) =>
      monthKey(symbol) in parameters && (state === 'open' || createdMs >= sinceMs),
  );
}

function woken({ desk: { desk } }: AskForRoll, contract: ContractStatus): Notice {
  const { symbol, month, phase, lastTradeDay } = contract;
  return {
    desk,
    event: 'system',
    severity: 'critical',
    about: 'contract-ends',
    title: phase === 'ended' ? `${symbol} ${month} has expired` : `${symbol} ${month} ends: ${lastTradeDay}`,
    text: `${contractWords(contract)}\nNothing is entered in it, and what the desk holds of it is closed while it may close. Roll it: fermata roll ${symbol}`,
    fingerprint: `contract-ends:${symbol}:${month}:${phase}`,
    audience: ['approver', 'operator'],
  };
}
