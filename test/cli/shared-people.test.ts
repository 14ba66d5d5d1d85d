/** One installation, three desks: two share their people, the third has had people of its own since before that was possible. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedInPerson } from '../../src/cli/desk-person.js';
import { requireRuntime } from '../../src/cli/running-desk.js';
import { APPROVER } from '../../src/domain/people-roles.js';
import { namedOnCli } from '../../src/home/cli-session.js';
import {
  endPasskey,
  endTelegramLinks,
  isEndedPasskey,
  linkMark,
  signInMark,
} from '../../src/home/people-folder.js';
import { passwordHashOf, setPassword, verifyPassword } from '../../src/home/people-passwords.js';
import { enrolPersonKey } from '../../src/home/person-keys.js';
import { ensureSecrets, readSecret } from '../../src/home/secrets.js';
import { joinPeople } from '../../src/home/sign-in-standing.js';
import { commandsInOneProcess } from './run-command.js';
import { writeRuntime } from './trader-double.js';

const runCommand = commandsInOneProcess();
const PASSWORD = 'a password of annas own';

let folder: string;
const homes = { first: '', further: '', older: '' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shared-people-'));
  const installation = join(folder, 'home');
  homes.first = installation;
  for (const name of ['further', 'older'] as const) homes[name] = join(installation, 'desk-homes', name);
  const desk = (name: string, people: string, others = ''): string => {
    const file = join(folder, `${name}.yaml`);
    const shipped = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');
    writeFileSync(
      file,
      shipped
        .replace(/^desk: .*$/m, `desk: ${name}`)
        .replace(/^people:.*\n/m, (line) => `${line}  - { name: anna, roles: ${people} }\n${others}`),
    );
    return file;
  };
  await ensureSecrets(homes.first);
  await setPassword(homes.first, 'anna', PASSWORD);
  // As an earlier build left it.
  await ensureSecrets(homes.older);
  await setPassword(homes.older, 'anna', 'annas password of old');
  for (const home of Object.values(homes)) {
    mkdirSync(home, { recursive: true });
    joinPeople(home);
    await ensureSecrets(home);
  }
  writeRuntime(homes.first, desk('crypto-bot', '[viewer]'));
  writeRuntime(homes.further, desk('further', '[operator, approver]'), 'further');
  writeRuntime(homes.older, desk('older', '[viewer]', '  - { name: ben, roles: [approver] }\n'), 'older');
  await setPassword(homes.older, 'ben', 'a password of bens own');
  enrolPersonKey(homes.older, 'ben', {
    ...{ kind: 'ed25519-scrypt', keyId: 'a'.repeat(16), enrolledMs: 0 },
    ...{ salt: 'a'.repeat(22), publicKey: 'a'.repeat(43) },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fermata = (...args: string[]) => runCommand(folder, args);
const passwordIs = (home: string, password: string): Promise<boolean> =>
  verifyPassword(password, passwordHashOf(home, 'anna') ?? '');
function login(password: string, ...more: string[]) {
  const file = join(folder, 'password');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return fermata('login', 'anna', '--password-file', file, ...more);
}

const desksLine = (desk: string, { out }: { readonly out: string }): string | undefined =>
  out.split('\n').find((line) => line.startsWith(`${desk} `));

describe('a further desk', () => {
  it('has the passwords of the installation, the operator’s too, unless it has people of its own', async () => {
    const hashOf = (home: string) => readSecret(home, 'operatorPasswordHash');
    expect(hashOf(homes.further)).toBe(hashOf(homes.first));
    expect(hashOf(homes.older)).not.toBe(hashOf(homes.first));
    const known = Object.values(homes).map((home) => passwordIs(home, PASSWORD));
    expect(await Promise.all(known)).toEqual([true, true, false]);
  });

  it('is signed in to once, for all that share their people, with the roles that each desk gives', async () => {
    const { code, out, err } = await login(PASSWORD, '--desk', 'crypto-bot');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('✓ anna (crypto-bot: viewer; further: operator, approver) is signed in here');
    const nowMs = Date.now();
    expect(Object.values(homes).map((home) => namedOnCli(home, nowMs))).toEqual(['anna', 'anna', null]);
    const decide = (home: string) => signedInPerson(requireRuntime(home), APPROVER, undefined);
    expect(() => decide(homes.first)).toThrow('anna may not decide this');
    expect(decide(homes.further)).toBe('anna');
    expect(() => decide(homes.older)).toThrow('nobody is signed in');
  });

  it('keeps the operator’s password whatever its own environment has, and says so', async () => {
    const before = readSecret(homes.first, 'operatorPasswordHash');
    expect(await ensureSecrets(homes.further, 'the password of last year')).toMatchObject({
      unusedPassword: expect.stringContaining('shares with the others'),
    });
    expect(readSecret(homes.first, 'operatorPasswordHash')).toBe(before);
    await ensureSecrets(homes.first, 'the password of this year');
    expect(
      await verifyPassword('the password of this year', readSecret(homes.further, 'operatorPasswordHash')),
    ).toBe(true);
  });

  it('whose file can’t be read keeps nobody out of the others', async () => {
    const { deskFile } = requireRuntime(homes.further);
    const text = readFileSync(deskFile, 'utf8');
    writeFileSync(deskFile, 'desk: [');
    expect((await login(PASSWORD, '--desk', 'crypto-bot')).code).toBe(0);
    writeFileSync(deskFile, text);
  });

  it('is left by whoever is removed at one of them', async () => {
    const before = signInMark(homes.further, 'anna');
    await fermata('person', 'remove', 'anna', '--desk', 'crypto-bot');
    expect(await passwordIs(homes.further, PASSWORD)).toBe(false);
    expect(signInMark(homes.further, 'anna')).not.toBe(before);
    expect(namedOnCli(homes.further, Date.now())).toBeNull();
    expect(await passwordIs(homes.older, 'annas password of old')).toBe(true);
  });

  it('takes the people of the installation, or people of its own, once a person says so', async () => {
    await setPassword(homes.first, 'anna', PASSWORD);
    const share = (...args: string[]) => fermata('person', 'share', ...args);
    expect((await share('--desk', 'crypto-bot')).err).toContain(
      'the people of crypto-bot are those of the installation',
    );
    expect((await share('--desk', 'further')).err).toContain(
      'further shares the installation’s people already',
    );
    expect((await share('--desk', 'older', '--end')).err).toContain('older has people of its own already');

    // A lost phone stays lost, and nobody is signed in again by what was set aside.
    endPasskey(homes.older, 'lost-phone');
    endTelegramLinks(homes.older, 'anna');
    writeFileSync(join(homes.older, 'session.json'), '{}');
    const lacking = await share('--desk', 'older');
    expect(lacking.code).toBe(1);
    const bens = ['password', 'signing key'].map(
      (what) => `ben has no ${what} among the installation’s people: fermata --desk older person `,
    );
    for (const line of bens) expect(lacking.err).toContain(line);
    expect(lacking.err).not.toContain('anna has');
    expect(await passwordIs(homes.older, 'annas password of old')).toBe(true);
    const list = () => fermata('person', 'list', '--desk', 'older');
    expect((await list()).out).toContain('older has people of its own');
    expect(desksLine('older', await fermata('desks'))).toContain('people of its own');
    const shared = await share('--desk', 'older', '--yes');
    expect(shared.out).toContain('older has the people of the installation');
    for (const line of bens) expect(shared.out).toContain(`! ${line}`);
    expect((await list()).out).not.toContain('people of its own');
    const desks = await fermata('desks');
    for (const desk of ['crypto-bot', 'older'])
      expect(desksLine(desk, desks)).not.toContain('people of its own');
    expect(await passwordIs(homes.older, PASSWORD)).toBe(true);
    expect(isEndedPasskey(homes.first, 'lost-phone')).toBe(true);
    expect(linkMark(homes.older, 'anna')).not.toBe('');
    expect(existsSync(join(homes.older, 'session.json'))).toBe(false);
    // All of them share now: none needs to be named.
    expect((await login(PASSWORD)).code).toBe(0);
    expect(namedOnCli(homes.older, Date.now())).toBe('anna');

    expect((await share('--desk', 'further', '--end')).out).toContain('further has people of its own');
    expect(await passwordIs(homes.further, PASSWORD)).toBe(true);
    await setPassword(homes.further, 'anna', 'another password of annas');
    expect(await passwordIs(homes.first, PASSWORD)).toBe(true);
    expect((await login(PASSWORD)).err).toMatch(/which desk is meant/);
  });
});
