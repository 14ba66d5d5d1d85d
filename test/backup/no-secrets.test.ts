/** What a backup must never hold: whoever gets one gets no key, password or token of the installation. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { backupIdAt } from '../../src/backup/backup-folder.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { homePaths } from '../../src/home/runtime.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { signInMaker } from '../../src/store/access-rows.js';
import { createSignInToken } from '../../src/store/sign-in-means.js';
import { DESK, type DeskToBackUp, deskToBackUp } from './desk-to-back-up.js';

let desk: DeskToBackUp;
beforeAll(async () => {
  desk = await deskToBackUp();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await desk?.dispose();
});

/** Of a custom archive, uncompressed: its SQL. */
const sqlOf = (dump: string): string =>
  execFileSync('pg_restore', ['--file=-', dump], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });

it('holds no secret file, no secret of the environment, no password of Postgres, and no token that signs in', async () => {
  await ensureSecrets(desk.home, 'operators-own-password');
  const { secrets } = homePaths(desk.home);
  const environment = Object.fromEntries(
    ['BINANCE_API_KEY', 'BINANCE_SECRET_KEY', 'TELEGRAM_BOT_TOKEN'].map((name) => [
      name,
      randomBytes(32).toString('hex'),
    ]),
  );
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const signIn = await createSignInToken(desk.database.pool, signInMaker(desk.home), 'operator');
  const taken = await takeBackup(desk.request(backupIdAt(Date.UTC(2026, 0, 10))));
  if (!taken.ok) throw new Error(taken.why);
  const kept = readdirSync(taken.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const content = kept
    .map((path) => (path.endsWith('.dump') ? sqlOf(path) : readFileSync(path, 'latin1')))
    .join('\n');
  expect(content).toContain('COPY public.evidence');
  expect(content).toContain(DESK);
  const forbidden = [
    ...readdirSync(secrets).map((name) => readFileSync(join(secrets, name), 'utf8').trim()),
    ...Object.values(environment),
    desk.database.password,
    desk.database.appPassword,
    'operators-own-password',
    signIn,
  ];
  expect(forbidden.length).toBeGreaterThan(10);
  for (const secret of forbidden) expect(content.includes(secret), secret.slice(0, 6)).toBe(false);
});
