/**
 * Two desks of one installation with different keys for everything: their operations and pages run in one process each, and
 * each of them reaches its own exchange, bot, mail server and storage, none of which takes the other desk's key.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { DEFAULT_ACCOUNTS, padded, SPOT_ONLY } from '../../simulators/binance/accounts.js';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { type S3Simulator, startS3Simulator } from '../../simulators/s3/start.js';
import { type SmtpSimulator, startSmtpSimulator } from '../../simulators/smtp/start.js';
import { startTelegramSimulator, type TelegramSimulator } from '../../simulators/telegram/start.js';
import { readBotState } from '../../src/store/outbox-delivery.js';
import { withStore } from '../support/desk-store.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const CHAT = 500;
const BUCKET = 'desk-backups';
const SENDER = 'desk@fermata.example';

/** What one desk has outside, each with a key that nothing of the other desk's takes. */
interface Outside {
  readonly exchange: BinanceSimulator;
  readonly telegram: TelegramSimulator;
  readonly mail: SmtpSimulator;
  readonly storage: S3Simulator;
  readonly token: string;
  readonly variables: Readonly<Record<string, string>>;
}

async function outsideOf(name: string, cash: string): Promise<Outside> {
  const key = { apiKey: padded(`key${name}`), secret: padded(`secret${name}`) };
  // Bots of one number would be one: of desks that share it one alone reads.
  const token = `${1_000_000_000 + Number(cash)}:TokenOf${name.padEnd(28, '0')}`;
  const s3 = { id: `AKIA${name.toUpperCase().padEnd(16, '0')}`, secret: `s3-secret-of-${name}` };
  const password = `mail-password-of-${name}`;
  const [exchange, telegram, mail, storage] = await Promise.all([
    startBinanceSimulator({
      accounts: DEFAULT_ACCOUNTS.map((one) =>
        one.name === 'desk' ? { ...one, balances: { USDT: cash } } : one,
      ),
      keys: [{ ...key, account: 'desk', permissions: SPOT_ONLY }],
    }),
    startTelegramSimulator({ tokens: [token] }),
    startSmtpSimulator({ users: { [SENDER]: password } }),
    startS3Simulator({ buckets: [BUCKET], keys: [{ ...s3, may: 'write' }] }),
  ]);
  const bot = telegram.simulation.bot(token);
  bot.ensureChat(CHAT, bot.ensurePerson(CHAT).user);
  const variables = {
    ...{ BINANCE_API_KEY: key.apiKey, BINANCE_SECRET_KEY: key.secret },
    BINANCE_SIMULATOR_URL: exchange.address,
    // Each desk file names variables of its own.
    [`BOT_OF_${name.toUpperCase()}`]: token,
    ...{ TELEGRAM_CHAT_ID: String(CHAT), TELEGRAM_API_ROOT: telegram.address },
    ...{ SMTP_SERVER: '127.0.0.1', SMTP_PORT: String(mail.port), SENDER_EMAIL: SENDER },
    SMTP_PASSWORD: password,
    ...{ AWS_ACCESS_KEY_ID: s3.id, AWS_SECRET_ACCESS_KEY: s3.secret },
    OWN_PROGRAMS_KEY: `own-key-of-${name}`,
  };
  return { exchange, telegram, mail, storage, token, variables };
}

/** The shipped desk with a routine that asks each of them. */
function deskFile(folder: string, name: string, { storage }: Outside): void {
  const document = parseDocument(readFileSync(join(repository, 'desks/crypto-bot/desk.yaml'), 'utf8'));
  document.setIn(['desk'], name);
  document.setIn(['notify', 'telegram', 'tokenEnv'], `BOT_OF_${name.toUpperCase()}`);
  document.setIn(['backup', 's3'], { endpoint: storage.endpoint, region: storage.region, bucket: BUCKET });
  const program = [
    'node',
    '-e',
    'console.log(require("node:crypto").createHash("sha256").update(process.env.OWN_PROGRAMS_KEY ?? "").digest("hex"))',
  ];
  document.setIn(['commands'], { allow: ['node'], environment: ['OWN_PROGRAMS_KEY'] });
  document.addIn(['routines'], {
    ...{ name: 'keys', title: 'Keys', at: ['23:59'] },
    steps: [
      { key: 'exchange', check: 'connection-test', title: 'The exchange', timeoutSeconds: 240 },
      {
        ...{ key: 'telegram', check: 'telegram-round-trip', title: 'The bot', timeoutSeconds: 240 },
        // A busy machine has two desks do all of this at a time: what arrives late here arrives at its own bot all the same.
        with: { waitSeconds: 180, pollAgeSeconds: 300 },
      },
      { key: 'program', command: program, title: 'A program of the desk' },
      { key: 'copy', action: 'backup', title: 'A copy elsewhere', with: { s3: true }, timeoutSeconds: 240 },
      { key: 'exposed', check: 'exposed-secrets', title: 'No secret stands anywhere', timeoutSeconds: 240 },
    ],
  });
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'desk.yaml'), String(document));
}

const NAMES = ['one', 'two'] as const;
const CASH = { one: '1111', two: '2222' } as const;
const outside = new Map<string, Outside>();
const at = (name: string): Outside => outside.get(name) as Outside;
let first: DeskUnderTest;
let second: DeskUnderTest;

/** In a folder of its own, whose `.env` has its variables, and its mail's password in a file beside it. */
function secondDesk({ SMTP_PASSWORD = '', ...variables }: Readonly<Record<string, string>>): DeskUnderTest {
  const folder = join(first.home, 'folder-of-two');
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries({ ...variables, SMTP_PASSWORD_FILE: './mail-password' });
  writeFileSync(join(folder, '.env'), lines.map(([name, value]) => `${name}=${value}\n`).join(''));
  writeFileSync(join(folder, 'mail-password'), SMTP_PASSWORD);
  return deskUnderTest('two', {}, first, folder);
}

const start = (desk: DeskUnderTest) => desk.up('--market', 'simulated', '--desk', desk.desk, '--seed', '8');

beforeAll(async () => {
  for (const name of NAMES) outside.set(name, await outsideOf(name, CASH[name]));
  first = deskUnderTest('one', at('one').variables);
  for (const name of NAMES) deskFile(join(first.home, 'desks'), name, at(name));
  await start(first);
  second = secondDesk({
    ...at('two').variables,
    BINANCE_SECRET_KEY: padded('wrong'),
    AWS_SECRET_ACCESS_KEY: 'wrong-secret',
  });
  await start(second);
});

afterAll(async () => {
  await second?.dispose();
  await first?.dispose();
  for (const { exchange, telegram, mail, storage } of outside.values())
    for (const one of [exchange, telegram, mail, storage]) await one.close();
});

interface Step {
  readonly key: string;
  readonly verdict: string;
  readonly observed: string;
}

/** A bot whom nobody writes to reads nothing until its long question ends, and one whose process was killed begins a new one. */
async function botReads(desk: DeskUnderTest): Promise<void> {
  const { telegram, token } = at(desk.desk);
  const typedMs = Date.now();
  telegram.simulation.type(CHAT, 'hello', { token });
  await until('the bot to read what was written', () =>
    withStore(desk, async (pool) => ((await readBotState(pool, desk.desk))?.lastPollMs ?? 0) >= typedMs),
  );
}

async function stepsOf(desk: DeskUnderTest): Promise<ReadonlyMap<string, Step>> {
  await botReads(desk);
  const { stdout, stderr } = await desk.ask('run', 'keys', '--desk', desk.desk, '--json');
  const { steps } = JSON.parse(stdout || stderr) as { steps: Step[] };
  return new Map(steps.map((step) => [step.key, step]));
}

const pass = (observed: unknown) => expect.objectContaining({ verdict: 'pass', observed });

async function reachesItsOwn(desk: DeskUnderTest): Promise<void> {
  const name = desk.desk as (typeof NAMES)[number];
  const { telegram, storage, token, exchange } = at(name);
  const copies = storage.asked.length;
  const steps = await stepsOf(desk);
  const digits = CASH[name].split('').join('.?');
  expect(steps.get('exchange')).toEqual(
    pass(expect.stringMatching(new RegExp(`${exchange.address}.*${digits}`))),
  );
  expect(steps.get('telegram')).toEqual(pass(expect.stringContaining('delivered in')));
  expect(
    telegram.simulation
      .bot(token)
      .sentTo(CHAT)
      .map(({ text }) => text)
      .join('\n'),
  ).toContain('alerts arrive');
  const key = createHash('sha256').update(`own-key-of-${name}`).digest('hex');
  expect(steps.get('program')).toEqual(pass(expect.stringContaining(key)));
  expect(steps.get('copy')).toEqual(pass(expect.any(String)));
  expect(storage.asked.slice(copies).some((asked) => asked.startsWith('PUT '))).toBe(true);
  expect(steps.get('exposed')).toEqual(pass(expect.any(String)));
}

/** By the desk's own supervisor: without roles that run elsewhere. */
const ownProcesses = (desk: DeskUnderTest): string[] => [...desk.pids().keys()].sort();

const letters = (name: string): string[] =>
  at(name).mail.simulation.letters.map(({ user, data }) => `${user} ${/^Subject: (.*)$/m.exec(data)?.[1]}`);

describe('two desks with different keys', () => {
  it('share the processes of operations and page', () => {
    expect(ownProcesses(first)).toEqual(expect.arrayContaining(['operations-worker', 'web']));
    expect(ownProcesses(second)).toEqual(['engine-worker', 'trader']);
  });

  it('a key that is refused is one desk’s alone, and a changed one counts from its next start', async () => {
    const before = ['operations-worker', 'web'].map((name) => first.pids().get(name));
    const [steps] = await Promise.all([stepsOf(second), reachesItsOwn(first)]);
    expect(steps.get('exchange')?.verdict).not.toBe('pass');
    expect(steps.get('copy')?.verdict).not.toBe('pass');
    expect(steps.get('telegram')?.verdict).toBe('pass');
    expect(await second.interrupt()).toBe(0);
    second = secondDesk(at('two').variables);
    await start(second);
    expect(ownProcesses(second)).toEqual(['engine-worker', 'trader']);
    expect(['operations-worker', 'web'].map((name) => first.pids().get(name))).toEqual(before);
  });

  it('each reach what is theirs, with their own key, at the same time', async () => {
    await Promise.all([reachesItsOwn(first), reachesItsOwn(second)]);
  });

  it('tell their own people by mail', async () => {
    const stop = await first.run('stop', '--desk', 'two', '--reason', 'only the second');
    expect(stop.stdout + stop.stderr).toContain('✓ stop: proven');
    await until('a mail of the second desk', () => letters('two').length > 0);
    expect(letters('two').every((letter) => letter.startsWith(`${SENDER} `) && letter.includes('two'))).toBe(
      true,
    );
    expect(letters('one').filter((letter) => letter.includes('two'))).toEqual([]);
  });

  it('no key of either is in a file, and none of the second in the environment of their common processes', () => {
    const secrets = NAMES.flatMap((name) =>
      Object.entries(at(name).variables)
        .filter(([variable]) => /KEY|SECRET|PASSWORD|BOT_OF/.test(variable))
        .map(([, value]) => value),
    );
    expect(secrets).toHaveLength(14);
    const files = readdirSync(first.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(log|json|yaml)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.some((file) => file.endsWith('fermata.log'))).toBe(true);
    const found = files.filter((file) => {
      const text = readFileSync(file, 'utf8');
      return secrets.some((secret) => text.includes(secret));
    });
    expect(found).toEqual([]);
    const logs = files.filter((file) => file.endsWith('.log')).map((file) => readFileSync(file, 'utf8'));
    expect(logs.join('\n')).not.toContain('nothing says for which');
    for (const name of ['operations-worker', 'web'].filter(() => process.platform === 'linux')) {
      const given = readFileSync(`/proc/${first.pids().get(name)}/environ`, 'utf8');
      expect(given).toContain('PATH=');
      for (const secret of secrets.slice(secrets.length / 2)) expect(given).not.toContain(secret);
    }
  });

  it('keep them where the process that they share is killed, and where it ends with its desk', async () => {
    process.kill(await first.pidOf('operations-worker'), 'SIGKILL');
    await until('operations of each desk', () => ownProcesses(second).includes('operations-worker'));
    await Promise.all([reachesItsOwn(first), reachesItsOwn(second)]);
    expect(await first.interrupt()).toBe(0);
    await until('a page of its own', () => ownProcesses(second).includes('web'));
    await reachesItsOwn(second);
    await start(first);
    await Promise.all([reachesItsOwn(first), reachesItsOwn(second)]);
  });
});
