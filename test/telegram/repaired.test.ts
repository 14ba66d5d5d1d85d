/** What becomes of alerts that could not be told, and what is said of it meanwhile. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Notice } from '../../src/contracts/notice.js';
import { channelHealth } from '../../src/home/channel-health.js';
import { makeSecret } from '../../src/home/secrets.js';
import { notify } from '../../src/notify/notify.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ALERTS_CHAT, ANNA, type BotBench, openBotBench } from './support/bot-bench.js';

const WRONG_CHAT = 987_654;
let database: TestDatabase;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
  makeSecret(bench.home, 'decisionKey');
});
afterEach(() => bench.close());

const tell = (number: number, change: Partial<Notice> = {}): Promise<void> =>
  notify(database.pool, {
    desk: bench.desk.desk,
    event: 'warning',
    severity: 'critical',
    title: `alert ${number}`,
    text: 'something happened',
    fingerprint: `alert:${number}`,
    ...change,
  });
const health = (ahead = 0) => channelHealth(bench.home, bench.desk.desk, Date.now() + ahead)[0];
const became = (what: object) => eventually(() => expect(health()).toMatchObject(what));
const titles = (chat = ALERTS_CHAT): string[] =>
  bench
    .sent(chat)
    .flatMap(({ text }) => /alert \d+|\d+ alerts? (?:was|were) not told here/.exec(text)?.[0] ?? []);
const age = (titled: string, hours: number) =>
  database.pool.query(
    'update notice set created = now() - make_interval(hours => $3) where desk = $1 and title = $2',
    [bench.desk.desk, titled, hours],
  );

it('a wrong chat is seen before anything is sent, and what was refused arrives after repair, once', async () => {
  bench.start({ chatId: WRONG_CHAT });
  await became({ state: 'refusing', refused: 0 });
  expect(health()?.problem).toMatch(
    /do not arrive on Telegram: the chat of the alerts \(TELEGRAM_CHAT_ID\) takes no messages: 400 Bad Request: chat not found/,
  );
  for (const number of [0, 1, 2, 3]) await tell(number);
  await became({ refused: 4 });
  await age('alert 0', 30);
  await age('alert 1', 25);
  await bench.stop();

  bench.start();
  await became({ state: 'ok', waiting: 0, refused: 0, problem: null });
  const after = ['alert 2', 'alert 3', '2 alerts were not told here'];
  await eventually(() => expect(titles()).toEqual(after));
  expect(bench.sent(ALERTS_CHAT).at(-1)?.text).toMatch(
    /2 of them critical. The newest critical one: alert 1/,
  );
  await bench.stop();
  bench.start();
  await tell(4);
  await eventually(() => expect(titles()).toEqual([...after, 'alert 4']));
});

it('somebody who blocks the bot is named, and gets what was missed once it is let in again', async () => {
  await bench.link('anna', ANNA);
  bench.start();
  await tell(0, { audience: ['operator'] });
  await eventually(() => expect(titles(ANNA)).toEqual(['alert 0']));
  bench.simulator.simulation.block(ANNA, true);
  await tell(1, { audience: ['operator'] });
  await became({ state: 'refusing', refused: 1 });
  expect(health()?.problem).toContain('the chat of anna takes no messages: 403');
  bench.simulator.simulation.block(ANNA, false);
  await became({ state: 'ok', refused: 0 });
  await eventually(() => expect(titles(ANNA)).toEqual(['alert 0', 'alert 1']));
  await eventually(() => expect(titles()).toEqual(['alert 0', 'alert 1']));
});

it('a test alert that is refused is not sent again', async () => {
  bench.start({ chatId: WRONG_CHAT });
  const { ok, detail } = await bench.operations.testAlert({ person: 'anna', via: 'cli' }, 'telegram');
  expect([ok, detail]).toEqual([false, expect.stringContaining('chat not found')]);
  await bench.stop();
  bench.start();
  await became({ state: 'ok' });
  await tell(1);
  await eventually(() => expect(titles()).toEqual(['alert 1']));
  expect(bench.texts(ALERTS_CHAT).join()).not.toContain('a test alert');
});

it('a token that is not taken is seen where linked people alone are told, too', async () => {
  await bench.link('anna', ANNA);
  bench.start({ chatId: null, token: '654321:zyxwvutsrqponmlkjihgfedcba' });
  await became({ state: 'refusing', why: expect.stringContaining('does not accept the token (401') });
  await bench.stop();
  bench.start({ chatId: null });
  await became({ state: 'ok' });
});

it('what a wrong chat of the desk refused is no person’s, and reaches the right one', async () => {
  await bench.link('anna', ANNA);
  bench.start({ chatId: WRONG_CHAT });
  await tell(0);
  await tell(1, { audience: ['operator'] });
  await eventually(() => expect(titles(ANNA)).toContain('alert 1'));
  await bench.stop();
  bench.start();
  await eventually(() => expect(titles()).toContain('alert 0'));
  expect(titles(ANNA).filter((title) => title === 'alert 0')).toEqual([]);
});

it('what happens at once at a first start is told one by one', async () => {
  for (let number = 0; number < 7; number += 1) await tell(number);
  bench.start();
  await eventually(() => expect(titles()).toHaveLength(7));
  expect(titles().join()).not.toContain('not told here');
});

it('what happened before anybody was there to be told is one message', async () => {
  for (let number = 0; number < 9; number += 1) await tell(number);
  for (let number = 0; number < 9; number += 1) await age(`alert ${number}`, 1);
  bench.start();
  await eventually(() => expect(titles()).toEqual(['9 alerts were not told here']));
  await tell(9);
  await eventually(() => expect(titles()).toEqual(['9 alerts were not told here', 'alert 9']));
});

it('what the bot slept through is told one by one', async () => {
  bench.start();
  await tell(0);
  await eventually(() => expect(titles()).toEqual(['alert 0']));
  await bench.stop();
  for (let number = 1; number < 9; number += 1) await tell(number);
  bench.start();
  await eventually(() => expect(titles()).toHaveLength(9));
});

it('a token that is not taken, a Telegram that is away and a bot that is gone are each said', async () => {
  bench.simulator.simulation.setAway(true);
  bench.start();
  await became({ state: 'silent', why: expect.stringContaining('Telegram was not reached') });
  bench.simulator.simulation.setAway(false);
  await became({ state: 'ok' });
  await bench.stop();
  bench.start({ token: '654321:zyxwvutsrqponmlkjihgfedcba' });
  await became({ state: 'refusing', why: expect.stringContaining('does not accept the token (401') });
  await bench.stop();
  bench.start();
  await became({ state: 'ok' });
  await bench.stop();
  expect(health(60_000)).toMatchObject({ state: 'silent', why: expect.stringContaining('does not run') });
});

it('alerts are told although how the bot is can not be kept', async () => {
  bench.start();
  await became({ state: 'ok' });
  await bench.stop();
  // Nothing can be written there any more.
  mkdirSync(join(bench.home, 'notify', `telegram-health-${bench.desk.desk}.json.new`));
  bench.start();
  await tell(0);
  await eventually(() => expect(titles()).toEqual(['alert 0']));
});

it('a group in which the bot does not get everything is named, with what to write there, until it gets it', async () => {
  const group = -1_001_234;
  const { simulation } = bench.simulator;
  simulation.bot().ensureChat(group);
  await bench.link('anna', ANNA);
  bench.start({ chatId: group });
  const bot = simulation.bot().user.username;
  const why = expect.stringContaining(`write /stop@${bot} there, since the bare word stop does not arrive`);
  await became({ state: 'ok', why, problem: null });
  expect(bench.log.filter((line) => line.includes(`/stop@${bot}`))).toHaveLength(1);
  bench.type(ANNA, 'stop', { chatId: group });
  expect(simulation.bot().unconfirmed).toBe(0);
  bench.type(ANNA, `/stop@${bot}`, { chatId: group });
  await bench.answered(group, /Stop: /);
  simulation.administer(group, true);
  await became({ state: 'ok', why: null });
  bench.type(ANNA, 'stop', { chatId: group });
  await eventually(() => expect(bench.trader.sent('stop').length).toBeGreaterThan(1));
});
