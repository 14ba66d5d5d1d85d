/** What a token and a chat in the environment switch on, with a validation's result as what is to be told; and a mail server without them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { startSmtpSimulator } from '../../simulators/smtp/start.js';
import { DEFAULT_TOKEN } from '../../simulators/telegram/simulation.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import { createValidationActivities } from '../../src/activities/create-go-live-activities.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { homePaths, type Runtime, SECRET_FILES } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { spoolNotice } from '../../src/notify/notify.js';
import { validationPlace } from '../../src/validation/request.js';
import { startChannels, startTelegram } from '../../src/worker/channels.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { HOUR_MS, SIMULATED, validate } from '../validation/support/validations.js';
import { DECISION_KEY } from '../workflows/support/desk-bench.js';
import { ALERTS_CHAT } from './support/bot-bench.js';

const DESK = 'crypto-bot';
let database: TestDatabase;
let simulator: TelegramSimulator;
let home: string;
let runtime: Runtime;
beforeAll(async () => {
  database = await createTestDatabase();
  simulator = await startTelegramSimulator();
  simulator.simulation.bot().ensureChat(ALERTS_CHAT);
  home = mkdtempSync(join(tmpdir(), 'fermata-told-'));
  await ensureSecrets(home);
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.postgresAppPassword), database.appPassword);
  const { host, port, appUser } = database;
  runtime = {
    home,
    desk: DESK,
    deskFile: resolveDesk(DESK),
    postgres: { host, port, database: database.database, user: appUser },
    temporal: { kind: 'external', address: '127.0.0.1:1', namespace: 'default', uiAddress: null },
  } as Runtime;
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  await simulator?.close();
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});

const told = () =>
  simulator.simulation
    .bot()
    .sentTo(ALERTS_CHAT)
    .map(({ text }) => text);

it('is that the result of a validation arrives in the chat, with each shortfall; without them nothing is sent', async () => {
  const report = await validate(home, { market: SIMULATED, durationMs: 4 * HOUR_MS });
  const { pool } = database;
  const good = validationPlace(home, 'good');
  mkdirSync(good.directory);
  const go = { ...report, id: 'good', recommendation: 'GO', reasons: [] };
  writeFileSync(good.result, JSON.stringify(go));
  const activities = createValidationActivities({ home, pool, decisionKey: () => DECISION_KEY });
  for (const id of [report.id, 'good']) await activities.announceValidation({ desk: DESK, id });
  const { rows } = await pool.query('select event, severity from notice order by id');
  expect(rows).toEqual([
    { event: 'report', severity: 'warning' },
    { event: 'report', severity: 'info' },
  ]);
  vi.stubEnv('TELEGRAM_API_ROOT', simulator.address);
  const off = await startTelegram(runtime);
  await off.stop();
  expect(simulator.simulation.requests).toEqual([]);

  vi.stubEnv('TELEGRAM_BOT_TOKEN', DEFAULT_TOKEN);
  vi.stubEnv('TELEGRAM_CHAT_ID', String(ALERTS_CHAT));
  const on = await startTelegram(runtime);
  await eventually(() => {
    expect(told().join('\n')).toMatch(/Paper validation of crypto-bot: NO-GO[\s\S]*too little/);
    expect(told().join('\n')).toMatch(/Paper validation of crypto-bot: GO\n/);
  });
  await on.stop();
});

it('is mail where a mail server is given alone: what was spooled is taken in and mailed without a bot', async () => {
  const mail = await startSmtpSimulator();
  vi.stubEnv('TELEGRAM_BOT_TOKEN', '');
  vi.stubEnv('SMTP_SERVER', '127.0.0.1');
  vi.stubEnv('SMTP_PORT', String(mail.port));
  vi.stubEnv('SENDER_EMAIL', 'desk@fermata.example');
  await spoolNotice(home, {
    ...{ desk: DESK, event: 'warning', severity: 'critical', fingerprint: 'spooled' },
    ...{ title: 'Postgres was away', text: 'It is back.' },
  });
  const running = await startChannels(runtime);
  await eventually(() =>
    expect(mail.simulation.letters.map(({ data }) => data).join()).toContain('Postgres was away'),
  );
  await running.stop();
  await mail.close();
});
