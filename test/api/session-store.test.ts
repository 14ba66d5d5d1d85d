/** Who is signed in: which sign-in ends where there are too many, and where the file that has it can't be written. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SessionStore } from '../../src/api/auth/session-store.js';

const ANYBODY = { standingOf: () => 'as before', mayHere: () => true };
const tokenOf = (rotation: ReturnType<SessionStore['rotate']>): string =>
  (rotation.ok ? rotation.refreshToken : null) ?? '';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sessions-'));
});
afterAll(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

it('a full disk signs nobody out, and nobody is kept from signing in: the file has it once it can be written', () => {
  const file = join(folder, 'sessions.json');
  const problems: string[] = [];
  const open = () => SessionStore.open(file, Date.now, ANYBODY, (why) => problems.push(why));
  const sessions = open();
  const { family, refreshToken } = sessions.begin('anna');
  // What is written first can't be written to, as on a full disk.
  mkdirSync(`${file}.next`);
  const renewed = sessions.rotate(refreshToken);
  expect([renewed.ok, sessions.isActive(family)]).toEqual([true, true]);
  const again = sessions.rotate(tokenOf(renewed));
  expect([again.ok, sessions.isActive(family)]).toEqual([true, true]);
  const bert = sessions.begin('bert');
  expect(sessions.isActive(bert.family)).toBe(true);
  expect(problems).toEqual([expect.stringMatching(/EISDIR/)]);

  rmSync(`${file}.next`, { recursive: true });
  const last = sessions.rotate(tokenOf(again));
  const after = open();
  expect([after.isActive(family), after.isActive(bert.family)]).toEqual([true, true]);
  expect(after.rotate(tokenOf(last)).ok).toBe(true);
});

it('desks that share their people share who is signed in: none ends the sign-in of the others by being asked', () => {
  const file = join(mkdtempSync(join(folder, 'desks-')), 'sessions.json');
  const clock = { ms: Date.now() };
  const mayAtOther = new Set(['anna']);
  const open = (mayHere: (person: string) => boolean) =>
    SessionStore.open(
      file,
      () => clock.ms,
      { ...ANYBODY, mayHere },
      () => undefined,
    );
  const [one, other] = [open(() => true), open((person) => mayAtOther.has(person))];
  const { family, refreshToken } = one.begin('anna');
  expect(other.isActive(family)).toBe(true);
  // Two pages present the same cookie: the second is let in, and only one new token is made.
  const renewed = other.rotate(refreshToken, true);
  expect(one.rotate(refreshToken, true)).toEqual({ ok: true, person: 'anna', family, refreshToken: null });
  expect(one.rotate(tokenOf(renewed), true).ok).toBe(true);
  const bert = one.begin('bert');
  expect(other.rotate(bert.refreshToken, true)).toEqual({ ok: false, reason: 'no-role' });
  expect(one.rotate(bert.refreshToken, true).ok).toBe(true);
  other.end(bert.family);
  expect(one.isActive(bert.family)).toBe(false);
  // A program has one token: presented twice, somebody has a copy. So has a cookie later on.
  const script = one.begin('anna');
  other.rotate(script.refreshToken);
  expect(one.rotate(script.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  const page = one.begin('anna');
  other.rotate(page.refreshToken, true);
  clock.ms += 30_000;
  expect(one.rotate(page.refreshToken, true)).toEqual({ ok: false, reason: 'reused' });
  expect(other.isActive(page.family)).toBe(false);
  expect(other.isActive(family)).toBe(true);
});

it('what could not be written counts, and what ended elsewhere meanwhile stays ended', () => {
  const file = join(mkdtempSync(join(folder, 'apart-')), 'sessions.json');
  const open = () => SessionStore.open(file, Date.now, ANYBODY, () => undefined);
  const [one, other] = [open(), open()];
  const anna = one.begin('anna');
  mkdirSync(`${file}.next`);
  const renewed = one.rotate(anna.refreshToken);
  const carl = one.begin('carl');
  rmSync(`${file}.next`, { recursive: true });
  other.end(anna.family);
  const bert = other.begin('bert');
  expect([anna, bert, carl].map(({ family }) => one.isActive(family))).toEqual([false, true, true]);
  expect(one.rotate(tokenOf(renewed)).ok).toBe(false);
  one.begin('dora');
  expect([anna, bert, carl].map(({ family }) => other.isActive(family))).toEqual([false, true, true]);
});

it('pages of many desks that renew at once are all let in', () => {
  const file = join(mkdtempSync(join(folder, 'tabs-')), 'sessions.json');
  const sessions = SessionStore.open(file, Date.now, ANYBODY, () => undefined);
  const { family, refreshToken } = sessions.begin('anna');
  const second = sessions.rotate(refreshToken, true);
  sessions.rotate(tokenOf(second), true);
  expect(sessions.rotate(refreshToken, true).ok).toBe(true);
  expect(sessions.rotate(tokenOf(second), true).ok).toBe(true);
  expect(sessions.isActive(family)).toBe(true);
});

it.each([
  ['renewed', (sessions: SessionStore, token: string) => sessions.rotate(token)],
  ['asked about', (sessions: SessionStore, _token: string, family: string) => sessions.isActive(family)],
])(
  'a sign-in that was %s stays, however often a script signs in: the one unused for longest ends',
  (_how, use) => {
    const file = join(mkdtempSync(join(folder, 'many-')), 'sessions.json');
    const open = () => SessionStore.open(file, Date.now, ANYBODY, () => undefined);
    const sessions = open();
    const page = sessions.begin('anna');
    const first = sessions.begin('anna');
    for (let count = 0; count < 10; count += 1) sessions.begin('anna');
    use(sessions, page.refreshToken, page.family);
    const bert = sessions.begin('bert');
    // The file keeps which of them was used last.
    const after = open();
    for (let count = 0; count < 12; count += 1) after.begin('anna');
    const active = [page, first, bert].map(({ family }) => after.isActive(family));
    expect(active).toEqual([true, false, true]);
  },
);
