import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../src/contracts/notice.js';
import { allBut } from '../../src/domain/people-roles.js';
import { peopleFolder } from '../../src/home/people-folder.js';
import { notify } from '../../src/notify/notify.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ALERTS_CHAT, ANNA, BEN, type BotBench, openBotBench } from './support/bot-bench.js';

let database: TestDatabase;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
});
afterEach(() => bench.close());

function alert(number: number, change: Partial<Notice> = {}): Notice {
  return {
    desk: bench.desk.desk,
    event: 'warning',
    severity: 'critical',
    title: `alert ${number}`,
    text: 'something happened',
    fingerprint: `alert:${number}`,
    ...change,
  };
}

function writePeopleFile(name: string, text: string): void {
  mkdirSync(peopleFolder(bench.home), { recursive: true });
  writeFileSync(join(peopleFolder(bench.home), name), text);
}

const titles = (chat = ALERTS_CHAT): string[] =>
  bench.sent(chat).flatMap(({ text }) => /alert \d+/.exec(text)?.[0] ?? []);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `alert ${index}`);
const settled = () =>
  eventually(async () => {
    const waiting = await database.pool.query(
      `select 1 from notice n left join outbox o on o.notice_id = n.id
        where n.desk = $1 and (n.addressed is null or o.state in ('pending', 'sending'))`,
      [bench.desk.desk],
    );
    expect(waiting.rowCount).toBe(0);
  });

describe('a notice', () => {
  it('arrives in the chat of the alerts, once, however often it is given', async () => {
    bench.start();
    const text = 'equity fell to 9042.18';
    await Promise.all([0, 0, 0].map((number) => notify(database.pool, alert(number, { text }))));
    await eventually(() => expect(titles()).toEqual(['alert 0']));
    await settled();
    expect(bench.sent(ALERTS_CHAT).at(-1)?.text).toMatch(
      /^🛑 alert 0\nequity fell to 9\u202f042\.18\n.*UTC$/,
    );
  });

  it('says when it happened, and not when it was stored', async () => {
    bench.start();
    await notify(database.pool, alert(0, { occurredMs: Date.UTC(2026, 10, 20, 2, 11, 9) }));
    await eventually(() => expect(titles()).toEqual(['alert 0']));
    expect(bench.sent(ALERTS_CHAT).at(-1)?.text).toMatch(/\n2026-11-20 02:11:09 UTC$/);
  });

  it('arrives at everybody who is linked where the desk has no chat, past any that wait for people who are not', async () => {
    await Promise.all([bench.link('anna', ANNA), bench.link('ben', BEN)]);
    const unheard = alert(0, { title: 'for nobody yet', audience: ['viewer'] });
    await Promise.all(
      numbered(250).map((name) => notify(database.pool, { ...unheard, fingerprint: `unheard:${name}` })),
    );
    bench.start({ chatId: null });
    await notify(database.pool, alert(1));
    await notify(database.pool, alert(2, { audience: ['operator'] }));
    await eventually(() => expect(titles(ANNA)).toEqual(['alert 1', 'alert 2']));
    await eventually(() => expect(titles(BEN)).toEqual(['alert 1']));
    expect(bench.texts(ANNA).join()).not.toContain('for nobody yet');
  });

  it('does not arrive at a person of its audience who is left out of it', async () => {
    await Promise.all([bench.link('anna', ANNA), bench.link('ben', BEN)]);
    bench.start();
    await notify(database.pool, alert(0, { audience: ['approver', allBut('anna')] }));
    await notify(database.pool, alert(1, { audience: ['approver'] }));
    await eventually(() => expect(titles(BEN)).toEqual(['alert 0', 'alert 1']));
    await eventually(() => expect(titles(ANNA)).toEqual(['alert 1']));
    expect(titles()).toEqual(['alert 0', 'alert 1']);
  });

  it('is for nobody where only who is left out of it is linked, and holds up none', async () => {
    await bench.link('anna', ANNA);
    const unheard = alert(0, { title: 'for others', audience: ['operator', allBut('anna')] });
    await Promise.all(
      numbered(250).map((name) => notify(database.pool, { ...unheard, fingerprint: `others:${name}` })),
    );
    bench.start({ chatId: null });
    await notify(database.pool, alert(1));
    await eventually(() => expect(titles(ANNA)).toEqual(['alert 1']));
    const waiting = await database.pool.query('select from notice where title = $1 and addressed is null', [
      unheard.title,
    ]);
    expect(waiting.rowCount).toBe(0);
  });

  it('arrives at the operator whom every desk has once he is linked, also where the desk file does not name him', async () => {
    expect(bench.desk.people.map(({ name }) => name)).not.toContain('operator');
    await bench.link('operator', BEN);
    bench.start({ chatId: null });
    await notify(database.pool, alert(0, { audience: ['operator'] }));
    await eventually(() => expect(titles(BEN)).toEqual(['alert 0']));
    bench.type(BEN, '/stop lunch');
    await eventually(() =>
      expect(bench.trader.sent('stop')).toMatchObject([{ by: 'operator', reason: 'lunch' }]),
    );
  });

  it('arrives in the chat of the alerts, and at nobody linked, where what links were ended can not be read', async () => {
    await bench.link('anna', ANNA);
    bench.start();
    await notify(database.pool, alert(0, { audience: ['operator'] }));
    await eventually(() => expect(titles(ANNA)).toEqual(['alert 0']));
    writePeopleFile('ended-telegram-links.json', '{ "anna": "0');
    await notify(database.pool, alert(1, { audience: ['operator'] }));
    await eventually(() => expect(titles()).toEqual(['alert 0', 'alert 1']));
    expect(titles(ANNA)).toEqual(['alert 0']);
    await eventually(() => expect(bench.log.join()).toContain('ended-telegram-links.json is damaged'));
  });

  it('waits in order while Telegram is away, and none is lost or doubled', async () => {
    bench.start();
    await notify(database.pool, alert(0));
    await eventually(() => expect(titles()).toHaveLength(1));
    bench.simulator.simulation.setAway(true);
    for (let number = 1; number < 8; number += 1) await notify(database.pool, alert(number));
    await eventually(() => expect(bench.log.join()).toContain('Telegram was not reached'));
    bench.simulator.simulation.setAway(false);
    await eventually(() => expect(titles()).toEqual(numbered(8)));
    await settled();
    expect(titles()).toEqual(numbered(8));
  });

  it('arrives once though Postgres cannot be told that Telegram took it', async () => {
    bench.start();
    await notify(database.pool, alert(0));
    await settled();
    await database.ownerPool.query(`
      create function no_more_writes() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device'; end $$;
      create trigger no_more_writes before update on outbox for each row when (new.state = 'sent')
      execute function no_more_writes();`);
    await notify(database.pool, alert(1));
    await eventually(() => expect(titles()).toEqual(numbered(2)));
    await eventually(() => expect(bench.log.join()).toContain('No space left'));
    await database.ownerPool.query('drop trigger no_more_writes on outbox; drop function no_more_writes;');
    await settled();
    expect(titles()).toEqual(numbered(2));
  });

  it('is the first that the bot ever sends: a greeting comes before it, so that it can be looked for', async () => {
    bench.simulator.simulation.faults.add({
      method: 'sendMessage',
      effect: { kind: 'dropAfterAccept' },
      times: 2,
    });
    bench.start();
    await notify(database.pool, alert(0));
    await settled();
    expect(titles()).toEqual(['alert 0']);
    expect(bench.sent(ALERTS_CHAT)[0]?.text).toContain('writes here from now on');
  });

  it.each([
    ['breaks after Telegram took it', { kind: 'dropAfterAccept' }],
    ['breaks before Telegram took it', { kind: 'break' }],
    ['is a 500', { kind: 'error', status: 500 }],
  ] as const)('whose answer %s is looked for, and arrives once', async (_name, effect) => {
    bench.start();
    await notify(database.pool, alert(0));
    await settled();
    bench.simulator.simulation.faults.add({ method: 'sendMessage', effect });
    for (let number = 1; number < 4; number += 1) await notify(database.pool, alert(number));
    await eventually(() => expect(titles()).toEqual(numbered(4)));
    await settled();
    expect(titles()).toEqual(numbered(4));
  });

  it.each([
    ['that arrived although its sender was killed is recognised', 'alert 1'],
    ['that did not arrive before its sender was killed is sent', 'alert 2'],
  ])('%s by the next one', async (_name, next) => {
    bench.start();
    await notify(database.pool, alert(0));
    await notify(database.pool, alert(1));
    await settled();
    await bench.stop();
    // What a kill between the request and its record leaves; for `alert 2` the request was never made.
    await database.pool.query(
      "update outbox set state = 'sending', message_id = null, finished = null where desk = $1 and message_id = 3",
      [bench.desk.desk],
    );
    if (next === 'alert 2') {
      await database.pool.query("update notice set title = 'alert 2' where desk = $1 and title = 'alert 1'", [
        bench.desk.desk,
      ]);
      bench.simulator.simulation.bot().messages.delete(`${ALERTS_CHAT}:3`);
    }
    bench.start();
    await settled();
    expect(titles()).toEqual(['alert 0', next]);
  });

  it('honours 429, and goes on with the same order', async () => {
    bench.start();
    bench.simulator.simulation.faults.add({
      method: 'sendMessage',
      effect: { kind: 'tooMany', retryAfter: 1 },
    });
    const startedMs = performance.now();
    for (let number = 0; number < 3; number += 1) await notify(database.pool, alert(number));
    await eventually(() => expect(titles()).toEqual(numbered(3)));
    expect(performance.now() - startedMs).toBeGreaterThan(900);
  });

  /** Rows of the outbox that wait for minutes, because Telegram said so. */
  const postponed = async (): Promise<number> => {
    const rows = await database.pool.query(
      `select 1 from outbox where desk = $1 and state = 'pending' and reason like '429%' and next_attempt > now() + interval '8 minutes'`,
      [bench.desk.desk],
    );
    return rows.rowCount ?? 0;
  };

  it('that one chat may not have for ten minutes reaches the others at once', async () => {
    await Promise.all([bench.link('anna', ANNA), bench.link('ben', BEN)]);
    bench.start();
    const { faults } = bench.simulator.simulation;
    faults.add({ method: 'sendMessage', effect: { kind: 'tooMany', retryAfter: 600 } });
    for (const number of [0, 1])
      await notify(database.pool, alert(number, { audience: ['operator', 'approver'] }));
    const chats = [ALERTS_CHAT, ANNA, BEN];
    await eventually(() => expect(chats.filter((chat) => titles(chat).length === 2)).toHaveLength(2));
    expect(chats.flatMap((chat) => titles(chat))).toHaveLength(4);
    expect(await postponed()).toBe(1);
  });

  it('goes nowhere once Telegram refuses a second chat for the same reason: it means the bot', async () => {
    await Promise.all([bench.link('anna', ANNA), bench.link('ben', BEN)]);
    bench.start();
    const { faults } = bench.simulator.simulation;
    faults.add({ method: 'sendMessage', effect: { kind: 'tooMany', retryAfter: 600 }, times: 2 });
    await notify(database.pool, alert(0, { audience: ['operator', 'approver'] }));
    await eventually(async () => expect(await postponed()).toBe(3));
    expect([ALERTS_CHAT, ANNA, BEN].flatMap((chat) => titles(chat))).toEqual([]);
  });

  it('that a blocked chat refuses holds nothing up, and is logged', async () => {
    await bench.link('anna', ANNA);
    bench.simulator.simulation.block(ANNA, true);
    bench.start();
    await notify(database.pool, alert(0, { audience: ['operator'] }));
    await notify(database.pool, alert(1, { audience: ['operator'] }));
    await eventually(() => expect(titles()).toEqual(['alert 0', 'alert 1']));
    await settled();
    expect(titles(ANNA)).toEqual([]);
    expect(bench.log.join()).toContain('bot was blocked by the user');
  });

  it('is spooled while Postgres is down, and told once it is back', async () => {
    const gone = new Pool({ host: '127.0.0.1', port: 1 });
    await notify(gone, alert(0), bench.home);
    await expect(notify(gone, alert(1))).rejects.toThrow();
    await gone.end();
    bench.start();
    await eventually(() => expect(titles()).toEqual(['alert 0']));
  });

  it('that the desk file does not name is not sent', async () => {
    bench.start();
    await notify(database.pool, alert(0, { event: 'fill' }));
    await notify(database.pool, alert(1));
    await settled();
    await eventually(() => expect(titles()).toEqual(['alert 1']));
  });

  it('never leaves the token in the log, whatever fails', async () => {
    bench.simulator.simulation.setAway(true);
    bench.start();
    await notify(database.pool, alert(0, { fingerprint: randomUUID() }));
    await eventually(() => expect(bench.log.length).toBeGreaterThan(0));
    expect(bench.log.join('\n')).not.toContain('Simulated');
  });
});
