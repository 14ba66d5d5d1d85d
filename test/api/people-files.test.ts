/** The files about people: one that is damaged gives nobody access, and is not written over. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  endPasskey,
  endPerson,
  endSignIns,
  endTelegramLinks,
  isEndedPasskey,
  linkMark,
  passkeyMark,
  peopleFolder,
  signInMark,
  votesEndedMs,
} from '../../src/home/people-folder.js';
import {
  passwordHashOf,
  removePassword,
  setPassword,
  verifyPassword,
} from '../../src/home/people-passwords.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { startWebUnderTest } from './web-under-test.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'people-'));
  mkdirSync(peopleFolder(home), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const DAMAGED = ['{ "anna": "abc', '[]', '{ "anna": 7 }', ''];
const fileOf = (name: string): string => join(peopleFolder(home), name);

it('that do not exist say that nothing was ended and nobody has a password', () => {
  expect([signInMark(home, 'anna'), linkMark(home, 'anna'), passkeyMark(home, 'anna')]).toEqual(['', '', '']);
  expect(isEndedPasskey(home, 'abc')).toBe(false);
  expect(passwordHashOf(home, 'anna')).toBeNull();
});

describe.each(DAMAGED)('damaged to %j', (text) => {
  it.each([
    ['ended-sign-ins.json', () => signInMark(home, 'anna'), () => endSignIns(home, 'ben')],
    ['ended-telegram-links.json', () => linkMark(home, 'anna'), () => endTelegramLinks(home, 'ben')],
    ['ended-passkeys.json', () => passkeyMark(home, 'anna'), () => endPasskey(home, 'abc')],
    ['ended-votes.json', () => votesEndedMs(home, 'anna'), () => endPerson(home, 'ben')],
  ])('%s ends everything, and keeps what it holds', (name, read, end) => {
    writeFileSync(fileOf(name), text);
    expect(read).toThrow(`${fileOf(name)} is damaged`);
    expect(end).toThrow(`${fileOf(name)} is damaged`);
    expect(readFileSync(fileOf(name), 'utf8')).toBe(text);
  });

  it('passwords.json signs nobody in, and takes no password that would drop the others', async () => {
    writeFileSync(fileOf('passwords.json'), text);
    expect(() => passwordHashOf(home, 'anna')).toThrow('is damaged');
    await expect(setPassword(home, 'ben', 'a long enough password')).rejects.toThrow(
      /passwords\.json is damaged.*fermata person add/s,
    );
    expect(() => removePassword(home, 'anna')).toThrow('is damaged');
    expect(readFileSync(fileOf('passwords.json'), 'utf8')).toBe(text);
  });
});

it.each(['', 'abc', 'scrypt$32768$8$1$c2FsdA', 'scrypt$32768$8$1$c2FsdHNhbHRzYWx0c2FsdA$Y3V0IG9mZg'])(
  'passwords.json with %j for one person names that one, signs in the others, and takes a new one',
  async (damaged) => {
    await setPassword(home, 'ben', 'a long enough password');
    const bens = passwordHashOf(home, 'ben');
    writeFileSync(fileOf('passwords.json'), JSON.stringify({ anna: damaged, ben: bens }));
    expect(() => passwordHashOf(home, 'anna')).toThrow(
      `${fileOf('passwords.json')} is damaged where it has the password of anna`,
    );
    expect(() => passwordHashOf(home, 'anna')).toThrow('fermata person add anna');
    expect(passwordHashOf(home, 'ben')).toBe(bens);
    await setPassword(home, 'anna', 'another password');
    expect(await verifyPassword('another password', passwordHashOf(home, 'anna') ?? '')).toBe(true);
    expect(passwordHashOf(home, 'ben')).toBe(bens);
  },
);

it.each([
  ['{ "anna": "hunter2', 'a text for each name is expected as JSON, and it holds what is no JSON'],
  ['{ "anna": ["hunter2"] }', 'a text for each name is expected as JSON, and it holds JSON of another shape'],
])(
  'passwords.json damaged to %j says what was expected and what it holds, and nothing of its text',
  (text, says) => {
    writeFileSync(fileOf('passwords.json'), text);
    expect(() => passwordHashOf(home, 'ben')).toThrow(says);
    expect(() => passwordHashOf(home, 'ben')).not.toThrow('hunter2');
  },
);

it('that are damaged are named by the page, which says what to do and does not blame the database', async () => {
  const damaged = (name: string, read: () => unknown) => async () => {
    writeFileSync(fileOf(name), '{');
    return read() as never;
  };
  const web = await startWebUnderTest(null, {
    consumeLink: damaged('ended-sign-ins.json', () => signInMark(home, 'anna')),
    passkeys: {
      find: damaged('ended-passkeys.json', () => isEndedPasskey(home, 'abc')),
      of: damaged('ended-passkeys.json', () => passkeyMark(home, 'anna')),
    } as never,
  });
  try {
    const { accessToken } = await web.signIn();
    const signature = {
      id: 'a'.repeat(22),
      ...{ clientDataJSON: 'e30', authenticatorData: 'a'.repeat(50), signature: 'e30' },
    };
    const byName = new URL('/api/auth/passkey', web.origin);
    byName.hostname = 'localhost';
    const headers = { 'content-type': 'application/json' };
    for (const [file, ask] of [
      ['ended-sign-ins.json', () => web.call('POST', '/api/auth/link', { body: { token: 'a'.repeat(43) } })],
      ['ended-passkeys.json', () => web.call('GET', '/api/passkeys', { token: accessToken })],
      [
        'ended-passkeys.json',
        () => fetch(byName, { method: 'POST', headers, body: JSON.stringify(signature) }),
      ],
    ] as const) {
      const problem = await (await ask()).json();
      expect(problem).toMatchObject({
        ...{ status: 503, type: 'urn:fermata:problem:people-file-unusable' },
        detail: expect.stringContaining(`people/${file} below FERMATA_HOME is damaged`),
        doThis: expect.stringContaining('fermata person remove NAME'),
      });
      // Whoever asks may be anybody: where the desk has its files is for the log.
      expect(JSON.stringify(problem)).not.toContain(home);
      expect(web.logged.join('')).toContain(fileOf(file));
    }
  } finally {
    await web.stop();
  }
});

it('who is removed while the password is checked is not let in by it', async () => {
  await setPassword(home, 'anna', 'a long enough password');
  let reads = 0;
  const passwordOf = (person: string) => {
    const hash = passwordHashOf(home, person);
    reads += 1;
    if (reads === 1) removePassword(home, 'anna');
    return hash;
  };
  const web = await startWebUnderTest(null, { passwordHashOf: passwordOf });
  try {
    const body = { username: 'anna', password: 'a long enough password' };
    expect((await web.call('POST', '/api/auth/login', { body })).status).toBe(401);
    expect(reads).toBeGreaterThan(1);
  } finally {
    await web.stop();
  }
});

it('passwords.json that is damaged is named to who signs in: the password may be right', async () => {
  writeFileSync(fileOf('passwords.json'), '{');
  const web = await startWebUnderTest(null, { passwordHashOf: (person) => passwordHashOf(home, person) });
  try {
    const body = { username: 'anna', password: 'a long enough password' };
    const problem = await (await web.call('POST', '/api/auth/login', { body })).json();
    expect(problem).toMatchObject({
      ...{ status: 503, type: 'urn:fermata:problem:people-file-unusable' },
      detail: expect.stringContaining('people/passwords.json below FERMATA_HOME is damaged'),
      doThis: expect.stringContaining('fermata person add NAME'),
    });
  } finally {
    await web.stop();
  }
});

it('lose nothing where several processes write in them at the same time', async () => {
  const program = new URL('../../dist/home/people-folder.js', import.meta.url);
  const code = (name: string) =>
    `const { endSignIns } = await import(${JSON.stringify(program.href)});
     for (let at = 0; at < 20; at += 1) endSignIns(${JSON.stringify(home)}, '${name}' + at);`;
  const names = ['anna', 'ben', 'carla'];
  const ended = names.map(
    (name) =>
      new Promise((resolve) => {
        const args = ['--input-type=module', '-e', code(name)];
        endChildWithThisProcess(spawn(process.execPath, args, { stdio: 'inherit' })).once('exit', resolve);
      }),
  );
  expect(await Promise.all(ended)).toEqual([0, 0, 0]);
  const marks = names.flatMap((name) =>
    Array.from({ length: 20 }, (_, at) => signInMark(home, `${name}${at}`)),
  );
  expect(marks).not.toContain('');
});
