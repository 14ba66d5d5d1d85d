/** Credentials are replaced by the command’s own code, at servers of Telegram and mail that know the old and the new ones. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startSmtpSimulator } from '../../simulators/smtp/start.js';
import { startTelegramSimulator } from '../../simulators/telegram/start.js';
import { type CredentialName, rotateSecret } from '../../src/cli/commands/secret.js';
import { withVariable } from '../../src/cli/environment-file.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { verifyPassword } from '../../src/home/people-passwords.js';
import type { Runtime } from '../../src/home/runtime.js';
import { ensureSecrets, keepOwnSecret } from '../../src/home/secrets.js';
import { signInPasswordHash, standingOf } from '../../src/home/sign-in-standing.js';
import { mailSettings, secretsNotUsed, telegramCredentials } from '../../src/notify/channel-credentials.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const deskFile = resolveDesk('slob');
const { desk } = loadDesk(deskFile);
const OLD_TOKEN = '1000001:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const NEW_TOKEN = '1000002:AAbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';
const home = mkdtempSync(join(tmpdir(), 'fermata-rotate-'));
let database: TestDatabase;
let telegram: Awaited<ReturnType<typeof startTelegramSimulator>>;
let smtp: Awaited<ReturnType<typeof startSmtpSimulator>>;

beforeAll(async () => {
  database = await createTestDatabase();
  await ensureSecrets(home, 'the old password');
  writeFileSync(join(home, 'secrets', 'postgres-app-password'), database.appPassword);
  telegram = await startTelegramSimulator({ tokens: [OLD_TOKEN, NEW_TOKEN] });
  smtp = await startSmtpSimulator({ users: { 'desk@desk.example': 'new app password' } });
});
beforeEach(async () => {
  await keepOwnSecret(home, 'telegram-bot-token', OLD_TOKEN);
  await keepOwnSecret(home, 'smtp-password', 'old app password');
});
afterAll(async () => {
  await telegram?.close();
  await smtp?.close();
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  TELEGRAM_API_ROOT: telegram.address,
  SMTP_SERVER: '127.0.0.1',
  SMTP_PORT: `${smtp.port}`,
  SENDER_EMAIL: 'desk@desk.example',
});
const rotate = (name: CredentialName, value: string, env: NodeJS.ProcessEnv = {}) => {
  const { host, port, database: name_, appUser: user } = database;
  const runtime = { home, desk: 'slob', deskFile, postgres: { host, port, database: name_, user } };
  return rotateSecret(runtime as Runtime, name, 'operator', value, { ...environment(), ...env });
};
const passwordIs = async (password: string): Promise<boolean> =>
  verifyPassword(password, signInPasswordHash(home, 'operator') ?? '');

it.each([
  ['too short', /fewer than 12 characters/],
  ['the old password', /the password of before/],
])('keeps the old password of the dashboard where the new one is %s', async (value, why) => {
  await expect(rotate('dashboard-password', value)).rejects.toThrow(why);
  expect(await passwordIs('the old password')).toBe(true);
});

it('replaces the password of the dashboard at once, and signs everybody out who used the old one', async () => {
  const before = standingOf(home, 'operator');
  // As a start makes it where none is given.
  await keepOwnSecret(home, 'operator-password', 'the old password');
  await rotate('dashboard-password', 'a new long password');
  expect([await passwordIs('a new long password'), await passwordIs('the old password')]).toEqual([
    true,
    false,
  ]);
  expect(standingOf(home, 'operator')).not.toBe(before);
  expect(existsSync(join(home, 'secrets', 'operator-password'))).toBe(false);
});

it('keeps the new password over a start whose environment still has an old one, until that has another', async () => {
  await ensureSecrets(home, 'given by the unit');
  await rotate('dashboard-password', 'a first new password');
  await rotate('dashboard-password', 'a second new password');
  expect(await ensureSecrets(home, 'given by the unit')).toMatchObject({
    unusedPassword: expect.stringContaining('was replaced since'),
  });
  expect(await passwordIs('a second new password')).toBe(true);
  expect(await ensureSecrets(home, 'changed in the unit')).toEqual({ generatedPassword: false });
  expect(await passwordIs('changed in the unit')).toBe(true);
  await rotate('dashboard-password', 'given by the unit');
  expect(await passwordIs('given by the unit')).toBe(true);
});

it('replaces the token of the bot with one that Telegram knows, and says while the old one still works', async () => {
  const unknown = '1000003:AAccccccccccccccccccccccccccccccccc';
  await expect(rotate('telegram-token', unknown)).rejects.toThrow('Telegram does not know it');
  await expect(rotate('telegram-token', 'no token')).rejects.toThrow('does not hold a bot');
  expect(telegramCredentials(home, desk, environment())?.token).toBe(OLD_TOKEN);
  const { next, kept } = await rotate('telegram-token', NEW_TOKEN);
  expect(telegramCredentials(home, desk, environment())?.token).toBe(NEW_TOKEN);
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  expect(next.join('\n')).toContain(
    'A start with TELEGRAM_BOT_TOKEN in its environment goes on with that one: take it out',
  );
  expect(next.join('\n')).toContain('The old token still works: take it away at BotFather (/revoke)');
  await keepOwnSecret(home, 'telegram-bot-token', unknown);
  expect((await rotate('telegram-token', NEW_TOKEN)).next.join('\n')).not.toContain('/revoke');
});

it('replaces the password at the mail server with one that it takes', async () => {
  await expect(rotate('mail-password', 'a wrong password')).rejects.toThrow(
    /the mail server does not take it: 535/,
  );
  expect(mailSettings(home, desk, environment())?.login?.password).toBe('old app password');
  await rotate('mail-password', 'new app password');
  expect(mailSettings(home, desk, environment())?.login?.password).toBe('new app password');
  const audited = await database.pool.query(
    `select person, action, parameters, outcome from audit where parameters ->> 'credential' = 'mail-password'`,
  );
  expect(audited.rows).toEqual([
    {
      person: 'operator',
      action: 'secret.rotate',
      parameters: { credential: 'mail-password' },
      outcome: 'rotated',
    },
  ]);
});

it('writes where it is kept: the file that a variable names, never under a variable of the shell', async () => {
  const file = join(home, 'mail-password');
  writeFileSync(file, 'old app password\n', { mode: 0o640 });
  const rotated = await rotate('mail-password', 'new app password', { SMTP_PASSWORD_FILE: file });
  expect([rotated.kept, readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([
    ...[file, 'new app password\n', 0o640],
  ]);
  const shell = { SMTP_PASSWORD: 'old app password' };
  await expect(rotate('mail-password', 'new app password', shell)).rejects.toThrow(
    /counts before every file/,
  );
  await expect(rotate('mail-password', 'new app password', { FERMATA_SECRETS: '/secrets' })).rejects.toThrow(
    /dealt out to the containers/,
  );
});

it('leaves the file readable for the same accounts, whatever its own account creates files with', async () => {
  const file = join(home, 'shared-mail-password');
  writeFileSync(file, 'old app password\n');
  chmodSync(file, 0o644);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(file, 12_345, 12_346);
  const usual = process.umask(0o077);
  await rotate('mail-password', 'new app password', { SMTP_PASSWORD_FILE: file }).finally(() =>
    process.umask(usual),
  );
  const { mode, uid, gid } = statSync(file);
  expect(mode & 0o777).toBe(0o644);
  if (isRoot) expect([uid, gid]).toEqual([12_345, 12_346]);
});

it('changes one line of a file of settings, whatever the value holds', () => {
  const text = '# desk\nSMTP_USER=desk\n  export SMTP_PASSWORD="old" # app\nSMTP_PASSWORD_FILE=\n';
  expect(withVariable(text, 'SMTP_PASSWORD', "it's # $1 new")).toBe(
    '# desk\nSMTP_USER=desk\n  export SMTP_PASSWORD="it\'s # $1 new"\nSMTP_PASSWORD_FILE=\n',
  );
  expect(() => withVariable(text, 'SMTP_PASSWORD', '\'"`')).toThrow(/can’t hold this value/);
});

it('says at a start which secret that was replaced here is not used, because the environment has another', async () => {
  await rotate('telegram-token', NEW_TOKEN);
  const said = (env: NodeJS.ProcessEnv) => secretsNotUsed(home, desk, env);
  expect(said({})).toEqual([]);
  expect(said({ TELEGRAM_BOT_TOKEN: NEW_TOKEN, SMTP_PASSWORD: 'old app password' })).toEqual([]);
  expect(said({ TELEGRAM_BOT_TOKEN: OLD_TOKEN, SMTP_PASSWORD: 'another' })).toEqual([
    expect.stringMatching(/^TELEGRAM_BOT_TOKEN of the environment is used, not secrets\/telegram-bot-token/),
    expect.stringMatching(/^SMTP_PASSWORD of the environment is used, not secrets\/smtp-password/),
  ]);
});
