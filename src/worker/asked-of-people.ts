/** What trading asks of people: to review an exit after an entry was filled, to roll a contract that ends. */

import { type Notice, woken } from '../contracts/notice.js';
import type { NewTask, Task } from '../contracts/operations-activities.js';
import type { ContractStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { moment } from '../domain/moment.js';
import { contractWords } from '../domain/sessions/contract-months.js';
import { monthKey, SETTINGS_APPROVAL } from '../domain/settings-change.js';
import { datesOf } from '../domain/zone-offset.js';
import type { KeptTask } from '../home/try-again.js';
import { notify } from '../notify/notify.js';
import { listApprovals } from '../operations/approvals.js';
import type { OperationContext } from '../operations/operation.js';
import { rollContract } from '../operations/settings/change-settings.js';
import type { Pool } from '../store/pool.js';
import { openTask, readDueTasks } from '../store/task-rows.js';
import { type FilledEntry, readFilledEntries, writeJournalPosition } from '../store/trading-journal-rows.js';
import { readStatus } from '../trader/read-status.js';
import { repeat } from './repeat.js';
import type { Logger } from './role-log.js';

const FILLS_EVERY_MS = 2_000;
/** How far back a restarted worker searches; existing lines and tasks stay unchanged. */
const SINCE_MS = 7 * 24 * 3_600_000;
const SOURCE = 'exit-review:';

interface AfterFills {
  readonly desk: Desk;
  readonly pool: Pool;
  /** FERMATA_HOME, where a notice is spooled while Postgres is down. */
  readonly home: string | null;
}

/**
 * After an entry fill, as the desk file has it: a line in the trading journal, and a reminder to review the exit. Null if
 * it asks for nothing.
 */
export function afterFills({ desk, pool, home }: AfterFills, log: Logger): KeptTask | null {
  const { onFill } = desk;
  if (onFill === undefined) return null;
  const dateOf = datesOf(desk);
  const written = new Map<string, string>();
  const reminded = new Set<number>();
  return repeat('watch over fills', FILLS_EVERY_MS, log, async () => {
    for (const entry of await readFilledEntries(pool, desk.desk, Date.now() - SINCE_MS)) {
      const { clientId, what, marketMs } = entry;
      if (written.get(clientId) === what) continue;
      const date = dateOf(marketMs);
      if (onFill.journal)
        await writeJournalPosition(pool, { desk: desk.desk, date, about: clientId, text: what });
      if (onFill.exitReviewHours !== undefined)
        await openTask(pool, exitReview(desk.desk, entry, onFill.exitReviewHours));
      written.set(clientId, what);
    }
    for (const task of await readDueTasks(pool, desk.desk, SOURCE)) {
      if (reminded.has(task.id)) continue;
      await notify(pool, reminderOf(task), home);
      reminded.add(task.id);
    }
  });
}

function exitReview(desk: string, { clientId, what, wallMs }: FilledEntry, hours: number): NewTask {
  return {
    desk,
    source: `${SOURCE}${clientId}`,
    title: `Exit review: ${what}`,
    detail: `Entered ${moment(wallMs)} (order ${clientId}). Note how it ended or why it is still held, and whether stop and target were as planned.`,
    dueMs: wallMs + hours * HOUR_MS,
  };
}

/** Sent once, when the task is due: the fill itself was reported before. */
const reminderOf = ({ desk, id, title, detail }: Task): Notice => ({
  ...{ desk, event: 'task', severity: 'info', fingerprint: `task-due:${desk}:${id}` },
  title: `Due now: ${title}`,
  text: `${detail}\nWhen it is done: on the page under Waiting, or fermata task done ${id} --note TEXT`,
});

const CONTRACTS_EVERY_MS = 60_000;
/** A question that nobody answered ends after a day; one that was rejected is not asked again on the same day. */
const ASKED_AGAIN_MS = 20 * HOUR_MS;

type AskForRoll = OperationContext;

/**
 * Asks for the roll of a future once its roll day has come: once a day, until people approve. Nothing is entered in the old
 * contract meanwhile; as its last trade nears, people are woken, even if the desk file names the month. Null: no contract of
 * the desk ends.
 */
export function askForRolls(context: AskForRoll, log: Logger): KeptTask | null {
  if (context.desk.instruments.every(({ kind }) => kind !== 'future')) return null;
  return repeat('watch over contracts that end', CONTRACTS_EVERY_MS, log, () => askForDueRolls(context));
}

export async function askForDueRolls(context: AskForRoll): Promise<void> {
  const { contracts = [] } = await readStatus(context);
  for (const contract of contracts) {
    const notice =
      IS_NEAR_END[contract.phase] || isNearUnruledEnd(contract) ? nearItsEnd(context, contract) : null;
    if (notice !== null) await notify(context.pool, notice, context.runtime.home);
    const { symbol, month, rollDay, phase, choices } = contract;
    if (choices.length === 0 || !IS_DUE[phase] || (await isAsked(context, contract))) continue;
    const reason = `${symbol} ${month}: its roll day was ${rollDay}`;
    // Nobody is asked while the old contract is held or an order in it rests; the next poll tries again.
    await rollContract(context, { person: 'fermata', via: 'cli' }, { symbol, reason });
  }
}

type ByPhase = Readonly<Record<ContractStatus['phase'], boolean>>;

const IS_DUE = {
  trading: false,
  due: true,
  leaving: true,
  ended: true,
  rolled: false,
} as const satisfies ByPhase;
const IS_NEAR_END = { ...IS_DUE, due: false } as const satisfies ByPhase;

/** Days before the last trade, as the broker reports it, of a contract that only a person leaves. */
const UNRULED_WOKEN_DAYS = 2;

const isNearUnruledEnd = ({ leftBeforeEnd, month, daysLeft }: ContractStatus): boolean =>
  !leftBeforeEnd && month !== null && daysLeft !== null && daysLeft <= UNRULED_WOKEN_DAYS;

/** Or another change of settings is waited for: two of one version can't be asked at once. */
async function isAsked(context: AskForRoll, { symbol }: ContractStatus): Promise<boolean> {
  const approvals = await listApprovals(context);
  const sinceMs = context.nowMs() - ASKED_AGAIN_MS;
  return approvals.some(
    ({ kind, parameters, createdMs, state }) =>
      (kind === SETTINGS_APPROVAL && state === 'open') ||
      (monthKey(symbol) in parameters && createdMs >= sinceMs),
  );
}

/** Null: the front month changes by itself. */
function nearItsEnd({ desk: { desk } }: AskForRoll, contract: ContractStatus): Notice | null {
  const { symbol, month, phase, lastTradeDay, noticeDay, choices, leftBeforeEnd } = contract;
  if (month === null) return null;
  const named = `${symbol} ${month}`;
  const isLeft = 'Nothing is entered in it, and what the desk holds of it is closed while it may close.';
  const isNotLeft = `The desk has no rule for its end: it goes on entering, and nobody but a person closes what it holds (fermata position close ${symbol}). With lastTradeDay beside its contractMonth in the desk file it is left by itself.`;
  const doThis =
    choices.length > 0
      ? `Roll it: fermata roll ${symbol}`
      : `Once nothing of it is held, write the next month in the desk file (contractMonth of ${symbol}) and start the desk again.`;
  return woken('contract-ends', {
    desk,
    title: phase === 'ended' ? `${named} has expired` : `${named} ends: ${noticeDay ?? lastTradeDay}`,
    text: `${contractWords(contract)}\n${leftBeforeEnd ? isLeft : isNotLeft} ${doThis}`,
    fingerprint: `contract-ends:${symbol}:${month}:${phase}`,
  });
}
