/**
 * Does what the desk file requests after an entry fill: a line in the trading journal, and a reminder to
 * review the exit.
 */

import type { Notice } from '../contracts/notice.js';
import type { NewTask, Task } from '../contracts/operations-activities.js';
import type { Desk } from '../desk/schema.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { moment } from '../domain/moment.js';
import { datesOf } from '../domain/zone-offset.js';
import type { KeptTask } from '../home/try-again.js';
import { notify } from '../notify/notify.js';
import type { Pool } from '../store/pool.js';
import { openTask, readDueTasks } from '../store/tasks.js';
import { type FilledEntry, readFilledEntries, writeJournalPosition } from '../store/trading-journal.js';
import { repeat } from './repeat.js';
import type { Logger } from './role-log.js';

const LOOK_EVERY_MS = 2_000;
/** How far back a restarted worker searches; existing lines and tasks stay unchanged. */
const SINCE_MS = 7 * 24 * 3_600_000;
const SOURCE = 'exit-review:';

interface AfterFills {
  readonly desk: Desk;
  readonly pool: Pool;
  /** FERMATA_HOME, where a notice is spooled while Postgres is down. */
  readonly home: string | null;
}

/** Null if the desk file asks for nothing. */
export function afterFills({ desk, pool, home }: AfterFills, log: Logger): KeptTask | null {
  const { onFill } = desk;
  if (onFill === undefined) return null;
  const dateOf = datesOf(desk);
  const written = new Map<string, string>();
  const reminded = new Set<number>();
  return repeat('watch over fills', LOOK_EVERY_MS, log, async () => {
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
