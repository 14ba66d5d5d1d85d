import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deriveSigningKey } from '../../src/domain/signed-vote.js';
import { votesEndedMs } from '../../src/home/people-folder.js';
import { passwordHashOf, verifyPassword } from '../../src/home/people-passwords.js';
import { enrolPersonKey, passwordKeyOf, personKeysOf } from '../../src/home/person-keys.js';
import { SoftwareAuthenticator } from '../support/software-authenticator.js';
import { votePasskeyOf } from '../support/vote-passkeys.js';
import { commandsInOneProcess } from './run-command.js';

const runCommand = commandsInOneProcess();

const DESK = fileURLToPath(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url));
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'person-'));
  const deskFile = join(home, 'desk.yaml');
  const anna = '  - { name: anna, roles: [viewer, approver] }\n';
  writeFileSync(
    deskFile,
    readFileSync(DESK, 'utf8').replace(/^people:.*\n/m, (line) => line + anna),
  );
  mkdirSync(join(home, 'run'));
  writeFileSync(
    join(home, 'run', 'runtime.json'),
    JSON.stringify({ home, desk: 'crypto-bot', deskFile, postgres: { host: '127.0.0.1', port: 1 } }),
  );
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const fermata = (args: readonly string[], env: Record<string, string> = {}) =>
  runCommand(home, ['person', ...args], { FERMATA_HOME: home, ...env });

it('gives a person of the desk file a password, shown once and kept as a hash with mode 0600', async () => {
  const { code, out } = await fermata(['add', 'anna', '--role', 'approver', '--json']);
  expect(code).toBe(0);
  const { password, roles } = JSON.parse(out) as { password: string; roles: string[] };
  expect(roles).toEqual(['viewer', 'approver']);
  expect(await verifyPassword(password, passwordHashOf(home, 'anna') ?? '')).toBe(true);
  // What makes each guess dear.
  expect(passwordHashOf(home, 'anna')).toMatch(/^scrypt\$32768\$8\$1\$/);
  const file = join(home, 'people', 'passwords.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain(password);
});

it('takes the password from the environment and never prints it', async () => {
  const given = 'a long enough password';
  const { code, out } = await fermata(['add', 'anna'], { FERMATA_PERSON_PASSWORD: given });
  expect(code).toBe(0);
  expect(out).not.toContain(given);
  expect(await verifyPassword(given, passwordHashOf(home, 'anna') ?? '')).toBe(true);
});

it('refuses somebody whom the desk file does not name, or not with that role, and says what to write', async () => {
  const stranger = await fermata(['add', 'mallory', '--role', 'operator']);
  expect(stranger.code).toBe(1);
  expect(stranger.err).toContain('{ name: mallory, roles: [operator] }');
  const role = await fermata(['add', 'anna', '--role', 'operator']);
  expect(role.code).toBe(1);
  expect(role.err).toContain('viewer, approver, not operator');
  expect(passwordHashOf(home, 'anna')).toBeNull();
});

it('suggests a name that the desk file can take', async () => {
  const { code, err } = await fermata(['add', 'Anna!']);
  expect(code).toBe(2);
  expect(err).toContain('lower case letters');
  expect(err).toMatch(/fermata person add anna$/m);
  expect(err).not.toContain('{ name:');
  expect((await fermata(['add', '4 Ärzte & Söhne'])).err).toMatch(/fermata person add rzte-s-hne$/m);
  expect((await fermata(['add', '42'])).err).toContain('choose another one');
});

it('refuses a short password, and the built-in operator', async () => {
  expect((await fermata(['add', 'anna'], { FERMATA_PERSON_PASSWORD: 'short' })).code).toBe(2);
  expect((await fermata(['add', 'operator'])).code).toBe(2);
});

it('lists who has a password', async () => {
  await fermata(['add', 'anna']);
  expect(JSON.parse((await fermata(['list', '--json'])).out)).toMatchObject({
    people: [
      { name: 'anna', password: true },
      { name: 'operator', password: true },
    ],
  });
});

it('signs somebody out while the database is down too, and says what it could not take away', async () => {
  await fermata(['add', 'anna']);
  const { code, err } = await fermata(['remove', 'anna']);
  expect(code).toBe(1);
  expect(err).toContain('the Telegram link and unused sign-in links of anna stay');
  expect(err).toContain('anna has no password any more, and every sign-in has ended');
  expect(passwordHashOf(home, 'anna')).toBeNull();
  expect(votesEndedMs(home, 'anna')).not.toBeNull();
});

it('enrols the public half of a key from a signing password that is not the sign-in password', async () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(home, name), text, { mode: 0o600 });
    return join(home, name);
  };
  const signIn = file('sign-in', 'a long enough password');
  const own = file('own', 'another one, for signing');
  await fermata(['add', 'anna'], { FERMATA_PERSON_PASSWORD: 'a long enough password' });
  const key = (password: string, signing: string) =>
    fermata(['key', 'anna', '--password-file', password, '--signing-password-file', signing]);
  expect((await key(own, own)).err).toContain('name or sign-in password is wrong');
  expect((await key(signIn, signIn)).err).toContain('the signing password is the sign-in password');
  expect((await key(signIn, file('short', 'short'))).err).toContain('the signing password has 5 characters');
  expect(passwordKeyOf(home, 'anna')).toBeNull();
  expect((await key(signIn, own)).code).toBe(0);
  const enrolled = passwordKeyOf(home, 'anna')!;
  const again = await deriveSigningKey('another one, for signing', enrolled.salt);
  expect(again.publicKey).toBe(enrolled.publicKey);
  expect(statSync(join(home, 'people', 'keys.json')).mode & 0o777).toBe(0o600);
  const { out } = await fermata(['list']);
  expect(out).toContain(`anna: viewer, approver; key ${enrolled.keyId} since`);

  // A passkey beside it, as `--passkey` enrols it while the database answers.
  const { keyId, ...passkey } = votePasskeyOf(new SoftwareAuthenticator(), 'localhost');
  enrolPersonKey(home, 'anna', { keyId, ...passkey });
  const digits = keyId.slice(0, 8);
  const both = (await fermata(['list'])).out;
  expect(both).toContain(`; passkey “Phone” for votes ${digits.slice(0, 4)}-${digits.slice(4)} since`);
  const remove = (...args: string[]) =>
    fermata(['key', 'anna', '--password-file', signIn, '--remove', '--passkey', ...args]);
  expect((await remove('zz')).err).toContain('zz is no code of a passkey');
  expect((await remove(digits, '--json')).out).toContain('"changed": true');
  expect(personKeysOf(home, 'anna')).toEqual([enrolled]);
});

it('shows the passkeys that vote, and takes one away by the beginning of its code', async () => {
  const signIn = join(home, 'sign-in');
  writeFileSync(signIn, 'a long enough password', { mode: 0o600 });
  await fermata(['add', 'anna'], { FERMATA_PERSON_PASSWORD: 'a long enough password' });
  // As `--passkey` enrols them while the database answers.
  const [gone, kept] = [0, 1].map(() => votePasskeyOf(new SoftwareAuthenticator(), 'localhost'));
  for (const passkey of [gone!, kept!]) enrolPersonKey(home, 'anna', passkey);
  const digits = gone!.keyId.slice(0, 8);
  const { out } = await fermata(['list']);
  expect(out).toContain(`; passkey “Phone” for votes ${digits.slice(0, 4)}-${digits.slice(4)} since`);
  const removed = await fermata(['key', 'anna', '--password-file', signIn, '--remove', '--passkey', digits]);
  expect(removed.out).toContain('✓ the passkey signs no vote of anna any more');
  expect(personKeysOf(home, 'anna')).toEqual([kept]);
});
