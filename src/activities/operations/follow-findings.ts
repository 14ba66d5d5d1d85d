/**
 * Each thing that a check finds wrong becomes a task, open until a later run no longer finds it. If somebody closes the
 * task before, a new one is opened.
 */
import type { Findings } from '../../checks/check.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { moment } from '../../domain/moment.js';
import type { Pool } from '../../store/pool.js';
import { closeTask, openTask, readTasksFrom } from '../../store/tasks.js';

const BY = 'fermata';

/**
 * Tells nobody: the routine reports its failed step, and the tasks are listed. The same findings again change nothing.
 */
export async function followFindings(
  pool: Pick<Pool, 'query'>,
  desk: string,
  { source, dueDays, found }: Findings,
  nowMs: number,
): Promise<void> {
  const known = await readTasksFrom(pool, desk, `finding:${source}:`);
  const isOpen = ({ state }: (typeof known)[number]): boolean => state === 'open';
  const prefixes = new Set(found.map(({ key }) => prefixOf(source, key)));
  for (const { key, title, detail } of found) {
    const prefix = prefixOf(source, key);
    const own = known.filter((task) => task.source.startsWith(prefix));
    if (own.some(isOpen)) continue;
    // Somebody said that it was done and it is still there, or it is back.
    await openTask(pool, {
      ...{ desk, title, detail, source: `${prefix}${own.length + 1}` },
      dueMs: nowMs + dueDays * DAY_MS,
    });
  }
  const gone = known
    .filter(isOpen)
    .filter((task) => ![...prefixes].some((prefix) => task.source.startsWith(prefix)));
  for (const { id } of gone)
    await closeTask(pool, { desk, id, state: 'done', by: BY, note: `not found any more, ${moment(nowMs)}` });
}

/** Ends in a character that no key contains, so that no prefix is the beginning of another. */
const prefixOf = (source: string, key: string): string => `finding:${source}:${key}#`;
