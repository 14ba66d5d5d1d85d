/** Who is signed in: which sign-in ends where there are too many, and where the file that has it can't be written. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SessionStore } from '../../src/api/auth/session-store.js';

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
  const open = () =>
    SessionStore.open(
      file,
      Date.now,
      () => 'as before',
      (why) => problems.push(why),
    );
  const sessions = open();
  const { family, refreshToken } = sessions.begin('anna');
  // What is written first can't be written to, as on a full disk.
  mkdirSync(`${file}.next`);
  const renewed = sessions.rotate(refreshToken);
  expect([renewed.ok, sessions.isActive(family)]).toEqual([true, true]);
  const again = sessions.rotate(renewed.ok ? renewed.refreshToken : '');
  expect([again.ok, sessions.isActive(family)]).toEqual([true, true]);
  const bert = sessions.begin('bert');
  expect(sessions.isActive(bert.family)).toBe(true);
  expect(problems).toEqual([expect.stringMatching(/EISDIR/)]);

  rmSync(`${file}.next`, { recursive: true });
  const last = sessions.rotate(again.ok ? again.refreshToken : '');
  const after = open();
  expect([after.isActive(family), after.isActive(bert.family)]).toEqual([true, true]);
  expect(after.rotate(last.ok ? last.refreshToken : '').ok).toBe(true);
});

it.each([
  ['renewed', (sessions: SessionStore, token: string) => sessions.rotate(token)],
  ['asked about', (sessions: SessionStore, _token: string, family: string) => sessions.isActive(family)],
])(
  'a sign-in that was %s stays, however often a script signs in: the one unused for longest ends',
  (_how, use) => {
    const file = join(mkdtempSync(join(folder, 'many-')), 'sessions.json');
    const open = () =>
      SessionStore.open(
        file,
        Date.now,
        () => 'as before',
        () => undefined,
      );
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
