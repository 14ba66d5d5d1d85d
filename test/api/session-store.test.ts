/** Who is signed in, where the file that has it can't be written. */
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
