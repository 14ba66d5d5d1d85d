/** Copies away from this machine at the command line: on a machine that has the desk file and the keys, and nothing else. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { S3Simulator } from '../../simulators/s3/start.js';
import { backupIdAt, backupsFolder } from '../../src/backup/backup-folder.js';
import { sendBackup } from '../../src/backup/offsite/send-backup.js';
import { archiveKey, receiptKey } from '../../src/backup/offsite/storage.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { verifyBackup } from '../../src/backup/verify-backup.js';
import { homePaths, SECRET_FILES } from '../../src/home/runtime.js';
import { ensureSecrets, readSecret } from '../../src/home/secrets.js';
import { saveDrill } from '../../src/store/backup-rows.js';
import { COMMAND, commandsInOneProcess } from '../cli/run-command.js';
import { CRYPTO_DESK_FILE } from '../operations/support/crypto-desk.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { DESK, type DeskToBackUp, deskToBackUp } from './desk-to-back-up.js';
import { BUCKET, KEYS, objectsOf, placeAt, startOffsite } from './offsite-bench.js';

const runCommand = commandsInOneProcess();

const ID = backupIdAt(Date.UTC(2026, 0, 10));
const UNFINISHED = backupIdAt(Date.UTC(2026, 0, 17));
let desk: DeskToBackUp;
let simulator: S3Simulator;
const folders: string[] = [];

beforeAll(async () => {
  desk = await deskToBackUp();
  await ensureSecrets(desk.home);
  simulator = await startOffsite();
  const taken = await takeBackup({ ...desk.request(ID), tag: 'weekly' });
  if (!taken.ok) throw new Error(taken.why);
  const verification = await verifyBackup(taken.folder);
  if (!verification.ok) throw new Error(verification.problems.join());
  const place = await placeAt(simulator, DESK, readSecret(desk.home, 'backupKey'));
  await sendBackup(place, verification.backup);
  objectsOf(simulator).put(
    archiveKey(place, UNFINISHED, 'db_20260117_000000.tar.gz'),
    Buffer.from('half'),
    null,
    0,
  );
  place.storage.close();
});
afterAll(async () => {
  await simulator?.close();
  await desk?.dispose();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** With the desk file, `backup-key`, and what the last start wrote down. */
function anotherMachine(s3 = true, bucket = BUCKET): string {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-machine-'));
  folders.push(folder);
  const home = join(folder, 'home');
  const { secrets, run } = homePaths(home);
  for (const path of [secrets, run]) mkdirSync(path, { recursive: true, mode: 0o700 });
  cpSync(join(homePaths(desk.home).secrets, 'backup-key'), join(secrets, 'backup-key'));
  const deskFile = join(folder, 'desk.yaml');
  const { endpoint, region } = simulator;
  const storage = JSON.stringify({
    ...{ endpoint, region, bucket },
    ...{ accessKeyEnv: 'TEST_ACCESS_KEY', secretKeyEnv: 'TEST_SECRET_KEY' },
  });
  const text = readFileSync(CRYPTO_DESK_FILE, 'utf8').replace(/^backup:.*\n( .*\n)*/m, '');
  writeFileSync(deskFile, s3 ? `${text}\nbackup: { s3: ${storage} }\n` : text);
  writeFileSync(join(run, 'runtime.json'), JSON.stringify({ version: 1, home, desk: DESK, deskFile }));
  return folder;
}

it('lists the copies with what they are and what is wrong with them, and fetches one to be restored', async () => {
  const machine = anotherMachine();
  const before = await runCommand(machine, ['backups', '--json'], KEYS);
  expect(JSON.parse(before.out), before.err).toMatchObject([
    { place: 's3', id: UNFINISHED, tag: null, bytes: 4, problem: 'its upload has not ended' },
    { place: 's3', id: ID, desk: DESK, tag: 'weekly', problem: null },
  ]);
  // The newest one that is whole.
  const args = ['restore', '--latest', '--s3', '--to-scratch', '--json'];
  const restored = await runCommand(machine, args, KEYS);
  expect([restored.code, JSON.parse(restored.out || '{}')], restored.err).toMatchObject([
    0,
    { backup: ID, restored: true },
  ]);
  expect(restored.err).toContain('Fetching db_');
  const after = await runCommand(machine, ['backups', '--verify'], KEYS);
  expect(after.out.split('\n')).toEqual([
    expect.stringMatching(
      new RegExp(
        `^${ID}  ✓ ${DESK}, \\d+\\.\\d MB, [\\d\u202f]+ rows, weekly; every byte was read, and it is good$`,
      ),
    ),
    `${UNFINISHED} in s3  ✗ its upload has not ended`,
    expect.stringMatching(new RegExp(`^${ID} in s3  ${DESK}, \\d+\\.\\d MB, [\\d\u202f]+ rows, weekly$`)),
    '',
  ]);
  const named = await runCommand(machine, ['restore', UNFINISHED, '--s3', '--to-scratch'], KEYS);
  expect([named.code, named.err]).toEqual([
    1,
    expect.stringContaining('is no backup: its upload has not ended'),
  ]);
});

it('takes none for the newest while one is dated ahead of the clock, and restores one that is named', async () => {
  const aheadMs = Date.now() + 10 * 86_400_000;
  const ahead = backupIdAt(aheadMs);
  const taken = await takeBackup({ ...desk.request(ahead), nowMs: () => aheadMs });
  const verification = await verifyBackup(join(backupsFolder(desk.home), ahead));
  if (!taken.ok || !verification.ok) throw new Error('no backup');
  const place = await placeAt(simulator, DESK, readSecret(desk.home, 'backupKey'));
  const { archives } = await sendBackup(place, verification.backup);
  const machine = anotherMachine();
  const latest = await runCommand(machine, ['restore', '--latest', '--s3', '--to-scratch'], KEYS);
  expect([latest.code, latest.err.split('\n')]).toEqual([
    1,
    [
      `✗ backup ${ahead} is dated ahead of this machine’s clock, so dates do not say which backup is the newest`,
      '  kept safe: nothing was touched',
      '  do this:   put the clock right if it is wrong; otherwise name a backup: fermata backups lists them, then fermata restore ID --s3',
      '',
    ],
  ]);
  const named = await runCommand(machine, ['restore', ID, '--s3', '--to-scratch', '--json'], KEYS);
  expect([named.code, JSON.parse(named.out || '{}')], named.err).toMatchObject([0, { backup: ID }]);
  await place.storage.remove([
    receiptKey(place, ahead),
    ...archives.map(({ name }) => archiveKey(place, ahead, name)),
  ]);
  place.storage.close();
});

it('goes on with a restore although nobody reads any more what it is doing', async () => {
  const machine = anotherMachine();
  const child = spawn(process.execPath, [COMMAND, 'restore', ID, '--s3', '--to-scratch', '--json'], {
    cwd: machine,
    env: {
      ...{ PATH: process.env.PATH, TMPDIR: tmpdir(), HOME: machine, FERMATA_HOME: join(machine, 'home') },
      ...KEYS,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endChildWithThisProcess(child);
  // It says each step there.
  child.stderr.destroy();
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, JSON.parse(out || '{}')]).toMatchObject([0, { backup: ID, restored: true }]);
});

it('shows what is here also where the storage refuses, and says which setting is wrong', async () => {
  const machine = anotherMachine();
  cpSync(join(backupsFolder(desk.home), ID), join(backupsFolder(join(machine, 'home')), ID), {
    recursive: true,
  });
  const { code, out, err } = await runCommand(machine, ['backups'], { ...KEYS, TEST_SECRET_KEY: 'another' });
  expect([code, out, err]).toEqual([
    1,
    expect.stringContaining(ID),
    expect.stringContaining('TEST_SECRET_KEY is not the secret of the access key'),
  ]);
  const local = await runCommand(machine, ['backups', '--local', '--json']);
  expect([local.code, JSON.parse(local.out)]).toMatchObject([0, [{ place: 'here', id: ID, tag: 'weekly' }]]);
  // Found missing without reading every byte.
  rmSync(join(backupsFolder(join(machine, 'home')), ID, 'desk.yaml'));
  const damaged = await runCommand(machine, ['backups', '--local']);
  expect(damaged.out).toContain(`${ID}  ✗ desk.yaml is missing`);
});

it('says which one here nothing has verified, as far as the desk’s Postgres knows', async () => {
  const machine = anotherMachine();
  const home = join(machine, 'home');
  cpSync(join(backupsFolder(desk.home), ID), join(backupsFolder(home), ID), { recursive: true });
  const { host, port, database, appUser, appPassword, pool } = desk.database;
  const runtimeFile = join(homePaths(home).run, 'runtime.json');
  const postgres = { host, port, database, user: appUser };
  writeFileSync(runtimeFile, JSON.stringify({ ...JSON.parse(readFileSync(runtimeFile, 'utf8')), postgres }));
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.postgresAppPassword), appPassword);
  const listed = async () => (await runCommand(machine, ['backups', '--local'])).out;
  expect(await listed()).toMatch(
    /^\S+ {2}crypto-bot, .*; nothing says that it was verified: fermata backups --verify\n$/,
  );
  const drill = { desk: DESK, workflowId: 'drill', firstRunId: 'one', backupId: ID, detail: '', tookMs: 1 };
  await saveDrill(pool, { ...drill, verdict: 'fail', finishedMs: Date.now() });
  expect(await listed()).toContain('nothing says that it was verified');
  await saveDrill(pool, { ...drill, firstRunId: 'two', verdict: 'pass', finishedMs: Date.now() });
  expect(await listed()).toMatch(/^\S+ {2}crypto-bot, .* rows, weekly\n$/);
  await desk.database.ownerPool.query('truncate restore_drill');
  expect(await listed()).toContain('nothing says that it was verified');
  // Whoever reads every byte is not told to do so again.
  const read = await runCommand(machine, ['backups', '--local', '--verify']);
  expect(read.out).toContain('every byte was read, and it is good');
  expect(await listed()).toMatch(/^\S+ {2}crypto-bot, .* rows, weekly\n$/);
});

it('finds them in the bucket that the environment names, as the desk that sent them does', async () => {
  const machine = anotherMachine(true, 'not-this-one');
  const env = { ...KEYS, AWS_S3_BUCKET: BUCKET };
  const listed = await runCommand(machine, ['backups', '--desk', 'desk.yaml', '--json'], env);
  expect(JSON.parse(listed.out || '[]'), listed.err).toMatchObject([
    { place: 's3', id: UNFINISHED },
    { place: 's3', id: ID, desk: DESK },
  ]);
});

it('asks for the storage in the desk file where there is none', async () => {
  const machine = anotherMachine(false);
  expect((await runCommand(machine, ['backups'])).code).toBe(0);
  const { code, err } = await runCommand(machine, ['restore', ID, '--s3', '--to-scratch']);
  expect([code, err]).toEqual([2, expect.stringMatching(/names no storage.*write backup\.s3/s)]);
});

it('goes on to the next copy where the newest one came with another byte, and names those that it skipped', async () => {
  const damaged = backupIdAt(Date.UTC(2026, 0, 24));
  const taken = await takeBackup(desk.request(damaged));
  if (!taken.ok) throw new Error(taken.why);
  const verification = await verifyBackup(taken.folder);
  if (!verification.ok) throw new Error(verification.problems.join());
  const place = await placeAt(simulator, DESK, readSecret(desk.home, 'backupKey'));
  const { archives } = await sendBackup(place, verification.backup);
  place.storage.close();
  const database = archives.find(({ name }) => name.startsWith('db_'))?.name ?? '';
  const flipDatabaseOf = (id: string): void => {
    const stored = objectsOf(simulator);
    const key = [...stored.objects.keys()].find((one) => one.includes(`/${id}/db_`)) ?? '';
    const bytes = Buffer.from(stored.object(key).bytes);
    bytes.writeUInt8(bytes.readUInt8(500) ^ 1, 500);
    stored.put(key, bytes, null, 0);
  };
  flipDatabaseOf(damaged);
  const machine = anotherMachine();
  const says = `${database} is not what its receipt says: it was changed there, or on its way`;
  const args = ['restore', '--latest', '--s3', '--to-scratch', '--json'];
  const restored = await runCommand(machine, args, KEYS);
  expect([restored.code, JSON.parse(restored.out || '{}')], restored.err).toMatchObject([
    0,
    {
      ...{ backup: ID, restored: true },
      passedOver: [
        { id: damaged, why: says },
        { id: UNFINISHED, why: 'its upload has not ended' },
      ],
    },
  ]);
  expect(restored.err).toContain(`! the copy of backup ${damaged} is damaged (${says}): it is passed over`);
  const named = await runCommand(machine, ['restore', damaged, '--s3', '--to-scratch'], KEYS);
  expect([named.code, named.err]).toEqual([
    1,
    expect.stringMatching(
      /is no backup: db_\S+ is not what its receipt says.*name another one; this lists them: fermata backups$/ms,
    ),
  ]);
  flipDatabaseOf(ID);
  const none = await runCommand(anotherMachine(), ['restore', '--latest', '--s3', '--to-scratch'], KEYS);
  expect([none.code, none.err]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`there is no good copy of ${DESK} in bucket ${BUCKET}: .*${damaged}.*${UNFINISHED}.*${ID}`),
    ),
  ]);
});
