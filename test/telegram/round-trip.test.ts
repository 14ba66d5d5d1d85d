import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { telegramRoundTrip } from '../../src/checks/telegram-round-trip.js';
import type { CheckOutcome } from '../../src/contracts/routine.js';
import type { Desk } from '../../src/desk/schema.js';
import type { Runtime } from '../../src/home/runtime.js';
import { telegramCredentials } from '../../src/notify/channel-credentials.js';
import { readBotState, savePoll, savePollProblem } from '../../src/store/outbox-delivery.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ALERTS_CHAT, type BotBench, openBotBench } from './support/bot-bench.js';

const TOKEN = '1:aaaaaaaaaaaaaaaa';
let database: TestDatabase;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
  vi.stubEnv('TELEGRAM_BOT_TOKEN', TOKEN);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bench.close();
});

const check = (desk: Desk = bench.desk, waitSeconds = 30, more: object = {}): Promise<CheckOutcome> =>
  telegramRoundTrip(
    {
      desk,
      pool: database.pool,
      runtime: { home: bench.home } as Runtime,
      trader: bench.trader.client,
    },
    { waitSeconds, ...more },
  );

describe('the check telegram-round-trip', () => {
  it('passes once a message was delivered and people are read', async () => {
    bench.start();
    await eventually(async () => expect(await readBotState(database.pool, bench.desk.desk)).not.toBeNull());
    expect(await check()).toMatchObject({
      verdict: 'pass',
      observed: expect.stringMatching(/^delivered in \d+ ms \(message \d+\), last read \d+ s ago$/),
    });
    expect(bench.sent(ALERTS_CHAT).at(-1)?.text).toContain('alerts arrive');
    // What people write is read every few seconds: at no moment within the last 0.
    expect(await check(bench.desk, 30, { pollAgeSeconds: 0 })).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^delivered in \d+ ms \(message \d+\), but last read \d+ s ago\.$/),
    });
  });

  it('fails while Telegram is away, or while no bot runs', async () => {
    expect(await check(bench.desk, 1)).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('nobody to tell'),
    });
    bench.simulator.simulation.setAway(true);
    bench.start();
    expect(await check(bench.desk, 5)).toMatchObject({
      verdict: 'fail',
      observed: expect.stringContaining('not delivered'),
    });
  });

  it('fails where a bot delivers and never read what people write', async () => {
    const { pool } = database;
    const neverPolled = Object.create(pool, {
      query: {
        value: (text: unknown, ...rest: unknown[]) =>
          String(text).startsWith('insert into telegram_bot')
            ? Promise.resolve({ rows: [] })
            : Reflect.apply(pool.query, pool, [text, ...rest]),
      },
    });
    bench.start({ pool: neverPolled });
    const failed = {
      verdict: 'fail',
      observed: expect.stringMatching(
        /^delivered in \d+ ms \(message \d+\), but the bot never read what people write$/,
      ),
    };
    // One of which nothing is known, and one whose first poll was refused.
    expect(await check()).toMatchObject(failed);
    await savePollProblem(pool, bench.desk.desk, 'refused');
    expect(await check()).toMatchObject(failed);
    // It read long ago, or a moment ago and something keeps it from reading now.
    await savePoll(pool, bench.desk.desk, 1);
    await pool.query(`update telegram_bot set last_poll = now() - interval '91 seconds' where desk = $1`, [
      bench.desk.desk,
    ]);
    expect(await check()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/, but last read 9\d s ago\.$|, but last read \d{3} s ago\.$/),
    });
    // As a clock that was ahead has dated it: of no known age.
    await pool.query(`update telegram_bot set last_poll = now() + interval '6 minutes' where desk = $1`, [
      bench.desk.desk,
    ]);
    expect(await check()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/, but last read \d{4}-\S+ \S+ UTC, which is ahead of now$/),
    });
    await savePoll(pool, bench.desk.desk, 1);
    await savePollProblem(pool, bench.desk.desk, 'Conflict: another bot reads');
    expect(await check()).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/, but last read \d+ s ago\. Conflict: another bot reads$/),
    });
  });

  it('is not run on paper without a token, and fails with real money', async () => {
    vi.stubEnv('TELEGRAM_BOT_TOKEN', '');
    expect(await check()).toMatchObject({ verdict: 'not_run' });
    expect(await check({ ...bench.desk, mode: 'live' })).toMatchObject({ verdict: 'fail' });
  });
});

describe('token and chat', () => {
  const read = (env: NodeJS.ProcessEnv) => telegramCredentials(bench.home, bench.desk, env);

  it('come from the environment, and a token never leaves this machine in clear', () => {
    const env = { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_CHAT_ID: '-100123' };
    expect(read(env)).toEqual({ token: TOKEN, chatId: '-100123', apiRoot: 'https://api.telegram.org' });
    expect(read({ ...env, TELEGRAM_API_ROOT: 'http://127.0.0.1:9081/' })?.apiRoot).toBe(
      'http://127.0.0.1:9081',
    );
    expect(() => read({ ...env, TELEGRAM_API_ROOT: 'http://example.com' })).toThrow('must be https');
    // A token alone switches alerts on for linked people; a chat alone, or a desk file that says no, switches nothing on.
    expect(read({ TELEGRAM_BOT_TOKEN: TOKEN })).toMatchObject({ token: TOKEN, chatId: null });
    expect(read({ TELEGRAM_CHAT_ID: '-100123' })).toBeNull();
    const { telegram } = bench.desk.notify;
    const off = { notify: { ...bench.desk.notify, telegram: { ...telegram, enabled: false } } };
    expect(telegramCredentials(bench.home, off, env)).toBeNull();
    expect(() => read({ ...env, TELEGRAM_CHAT_ID: 'alerts' })).toThrow('TELEGRAM_CHAT_ID does not hold');
  });

  it('that can’t be right are refused without being shown', () => {
    expect(() => read({ TELEGRAM_BOT_TOKEN: 'my secret' })).toThrow(/does not hold a bot's token/);
    expect(() => read({ TELEGRAM_BOT_TOKEN: 'my secret' })).not.toThrow(/my secret/);
    expect(() => read({ TELEGRAM_BOT_TOKEN_FILE: '/nowhere/token' })).toThrow(
      "/nowhere/token can't be (ENOENT)",
    );
    expect(read({})).toBeNull();
  });
});
