import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newToken, telegramMaker } from '../../src/store/access-rows.js';
import { createLinkCode, unlinkPerson } from '../../src/store/people.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { UNFIT_TEXTS } from '../support/unfit-text.js';
import { ALERTS_CHAT, ANNA, BEN, type BotBench, openBotBench, STRANGER } from './support/bot-bench.js';

let database: TestDatabase;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
  await bench.link('anna', ANNA);
});
afterEach(() => bench.close());

describe('a stranger', () => {
  it('is answered with nothing, changes nothing and is recorded', async () => {
    bench.start();
    for (const text of ['/stop', '/status', '/closeall', 'hello', `/start ${newToken()}`])
      bench.type(STRANGER, text);
    const message = { chatId: STRANGER, messageId: 1 };
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    bench.simulator.simulation.sendCallback(STRANGER, message, 'c:closeall:-:abc');
    await eventually(async () => {
      const audit = await readAudit(database.pool, bench.desk.desk);
      const recorded = audit.filter(({ action }) => action === 'telegram.stranger');
      // Once an hour, and an hour may end between two of the six.
      expect([1, 2]).toContain(recorded.length);
      expect(recorded[0]).toMatchObject({
        person: `telegram:${STRANGER}`,
        via: 'telegram',
        outcome: 'ignored',
      });
    });
    expect(bench.texts(STRANGER)).toEqual([]);
    expect(bench.trader.sent('stop')).toEqual([]);
  });

  it.each(UNFIT_TEXTS)('is recorded whatever he writes: %s', async (_what, text, plain) => {
    bench.start();
    bench.type(STRANGER, text);
    await eventually(async () => {
      const audit = await readAudit(database.pool, bench.desk.desk);
      const recorded = audit.filter(({ action }) => action === 'telegram.stranger');
      expect(recorded.map(({ parameters }) => parameters)).toContainEqual({ text: plain });
    });
  });

  it('is recorded where the limit of his text cuts a character in half', async () => {
    bench.start();
    bench.type(STRANGER, `${'x'.repeat(99)}🙂 and more`);
    await eventually(async () => {
      const audit = await readAudit(database.pool, bench.desk.desk);
      expect(audit.map(({ parameters }) => parameters)).toContainEqual({ text: `${'x'.repeat(99)}\ufffd` });
    });
  });

  it('in the group of the alerts is told how to be linked, once, and only where it is the bot that he writes to', async () => {
    const group = -1_001_777;
    const { simulation } = bench.simulator;
    simulation.administer(group, true);
    for (const text of ['good morning', '/status@another_bot'])
      simulation.type(STRANGER, text, { chatId: group });
    for (const text of ['/status', '/profit']) simulation.type(STRANGER + 1, text, { chatId: group });
    bench.start({ chatId: group });
    await eventually(() => expect(simulation.bot().unconfirmed).toBe(0));
    await bench.stop();
    const told = bench.texts(group).filter((text) => text.startsWith('I do not know who you are yet'));
    expect(told).toHaveLength(1);
  });

  it('is whoever writes as the group, too, and is told so: a link would not help', async () => {
    const group = -1_001_778;
    bench.type(ANNA, '/stop', { chatId: group, asGroup: true });
    bench.start({ chatId: group });
    await bench.answered(group, /^You write here as a group, not as yourself.* Nothing was done\.$/);
    expect(bench.trader.sent('stop')).toEqual([]);
  });

  it('is also who was known until a moment ago, and was unlinked', async () => {
    bench.start();
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    await unlinkPerson(database.pool, bench.desk.desk, 'anna');
    bench.type(ANNA, '/closeall');
    await eventually(async () => {
      const audit = await readAudit(database.pool, bench.desk.desk);
      expect(audit.map(({ action }) => action)).toContain('telegram.stranger');
    });
    expect(bench.texts(ANNA)).toHaveLength(1);
  });

  it('in the chat of the alerts is told how to be linked, and nothing else', async () => {
    bench.start();
    bench.type(STRANGER, '/stop', { chatId: ALERTS_CHAT });
    await bench.answered(ALERTS_CHAT, /fermata telegram link NAME/);
    expect(bench.trader.sent('stop')).toEqual([]);
  });
});

describe('a one-time code', () => {
  it('links an account to a person, once, and only in a private chat', async () => {
    const code = newToken();
    await createLinkCode(database.pool, telegramMaker(bench.home), bench.desk.desk, 'ben', code, 5);
    bench.start();
    bench.type(STRANGER, `/start ${code}`, { chatId: -1_001_234 });
    bench.type(BEN, `/start ${code}`);
    await bench.answered(BEN, /You are ben on .* \(roles: approver\)/);
    bench.type(STRANGER, `/start ${code}`);
    bench.type(STRANGER, '/status');
    bench.type(BEN, '/status');
    await bench.answered(BEN, /ACTIVE/);
    expect(bench.texts(STRANGER)).toEqual([]);
    expect(bench.texts(BEN).filter((text) => text.startsWith('You are'))).toHaveLength(1);
    const audit = await readAudit(database.pool, bench.desk.desk);
    expect(audit.map(({ action, person }) => `${action}:${person}`)).toContain('telegram.link:ben');
    expect(JSON.stringify(audit)).not.toContain(code);
  });

  it('that is too old links nobody', async () => {
    const code = newToken();
    await createLinkCode(database.pool, telegramMaker(bench.home), bench.desk.desk, 'ben', code, 0);
    bench.start();
    bench.type(BEN, `/start ${code}`);
    bench.type(ANNA, '/help');
    await bench.answered(ANNA, /You are anna/);
    expect(bench.texts(BEN)).toEqual([]);
  });
});
