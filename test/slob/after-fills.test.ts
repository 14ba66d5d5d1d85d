/** What an entry that was filled leaves on desks/slob: a line in the trading journal, and a reminder of the exit's review. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { openTask, readTasks } from '../../src/store/task-rows.js';
import { readFilledEntries } from '../../src/store/trading-journal-rows.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { afterFills } from '../../src/worker/asked-of-people.js';
import { roleLog } from '../../src/worker/role-log.js';
import { until } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const HOUR = 3_600_000;
const log = roleLog('test');
const { desk: slob } = loadDesk(resolveDesk('slob'));
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function filled(
  desk: string,
  id: string,
  {
    quantity,
    price,
    purpose = 'entry',
    side = 'sell',
    hoursAgo,
  }: { quantity: number; price: number; purpose?: string; side?: 'buy' | 'sell'; hoursAgo: number },
): Promise<void> {
  const wall = new Date(Date.now() - hoursAgo * HOUR);
  await database.pool.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy, realised,
       simulated, market, wall, incarnation, sequence)
     values ($1, 'NQ/USD', $2, $3, $8, $4, $5, 0, 'taker', $6, 'slob', 0, false, '2026-07-16T03:30:00Z', $7, 'abc123', 1)`,
    [desk, id, `order-${purpose}`, quantity, price, purpose, wall, side],
  );
}

const linesOf = async (desk: string) =>
  (
    await database.pool.query<{ line: string }>(
      `select day::text || ' ' || kind || ' ' || text as line from trading_journal where desk = $1`,
      [desk],
    )
  ).rows.map(({ line }) => line);

it('writes a filled entry into the trading journal, once, with the average of its fills, and asks for the exit’s review', async () => {
  const desk = 'journal';
  await filled(desk, 'f1', { quantity: 1, price: 15_234, hoursAgo: 1 });
  await filled(desk, 'x1', { quantity: 1, price: 15_200, hoursAgo: 0.5, purpose: 'exit' });
  // Each worker begins anew, and finds what the one before it has written.
  for (const line of ['short 1 NQ/USD at 15234 by slob', 'short 2 NQ/USD at 15234.25 by slob']) {
    const watch = afterFills({ desk: { ...slob, desk }, pool: database.pool, home: null }, log);
    // Still the eve in New York.
    await until(line, async () =>
      (await linesOf(desk))[0] === `2026-07-15 position ${line}` ? true : undefined,
    );
    await until('the reminder', async () =>
      (await readTasks(database.pool, desk)).length > 0 ? true : undefined,
    );
    await watch?.stop();
    await filled(desk, `f2-${line.length}`, { quantity: 1, price: 15_234.5, hoursAgo: 0.9 });
  }
  expect(await linesOf(desk)).toHaveLength(1);
  const tasks = await readTasks(database.pool, desk);
  expect(tasks).toMatchObject([{ title: 'Exit review: short 1 NQ/USD at 15234 by slob', state: 'open' }]);
  expect(((tasks[0]?.dueMs ?? 0) - Date.now()) / HOUR).toBeCloseTo(3, 1);
});

it('counts every fill of an entry, also those from before the time that it looks back', async () => {
  const desk = 'old';
  const week = 7 * 24;
  await filled(desk, 'f1', { quantity: 1, price: 15_234, hoursAgo: week + 0.1 });
  await filled(desk, 'f2', { quantity: 1, price: 15_234.5, hoursAgo: week - 0.1 });
  const watch = afterFills({ desk: { ...slob, desk }, pool: database.pool, home: null }, log);
  const [line] = await until('its line', async () => {
    const lines = await linesOf(desk);
    return lines.length > 0 ? lines : undefined;
  });
  await watch?.stop();
  expect(line).toBe('2026-07-15 position short 2 NQ/USD at 15234.25 by slob');
});

it('reads the fills once: a join of them takes minutes where Postgres has no statistics, as after a restore', async () => {
  let plan = '';
  await readFilledEntries(
    {
      query: async (text: string, values: unknown[]) => {
        const { rows } = await database.pool.query(`explain ${text}`, values);
        plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        return { rows: [] };
      },
    } as never,
    'journal',
    0,
  );
  expect(plan.match(/on fills/g)).toHaveLength(1);
});

it('reminds people when the exit’s review is due, once', async () => {
  const desk = 'reminder';
  await filled(desk, 'f1', { quantity: 2, price: 15_234, hoursAgo: 4.1, side: 'buy' });
  const told = async () =>
    (
      await database.pool.query<{ title: string; body: string }>(
        'select title, body from notice where desk = $1',
        [desk],
      )
    ).rows;
  for (let worker = 1; worker <= 2; worker += 1) {
    const watch = afterFills({ desk: { ...slob, desk }, pool: database.pool, home: null }, log);
    await until('the reminder', async () => ((await told()).length > 0 ? true : undefined));
    await watch?.stop();
  }
  const [{ id } = { id: 0 }] = await readTasks(database.pool, desk);
  expect(await told()).toEqual([
    {
      title: 'Due now: Exit review: long 2 NQ/USD at 15234 by slob',
      body: expect.stringMatching(
        new RegExp(
          `^Entered .* UTC \\(order order-entry\\)\\. Note how it ended .*whether stop and target were as planned\\.\\nWhen it is done: on the page under Waiting, or fermata task done ${id} --note TEXT$`,
        ),
      ),
    },
  ]);
});

it('reminds of each review that is due, however many are open before it', async () => {
  const desk = 'many';
  for (let number = 1; number <= 120; number += 1)
    await openTask(database.pool, {
      desk,
      source: `exit-review:${number}`,
      title: `Exit review: ${number}`,
      detail: '',
      dueMs: Date.now() - (200 - number) * HOUR,
    });
  const watch = afterFills({ desk: { ...slob, desk }, pool: database.pool, home: null }, log);
  await until('each reminder', async () => {
    const { rows } = await database.pool.query('select 1 from notice where desk = $1', [desk]);
    return rows.length === 120 ? true : undefined;
  });
  await watch?.stop();
});

it('does nothing where the desk file does not ask for it', () => {
  const { onFill: _none, ...without } = slob;
  expect(afterFills({ desk: without as typeof slob, pool: database.pool, home: null }, log)).toBeNull();
});
