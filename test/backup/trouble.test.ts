/** What goes wrong on the way to a backup: it says what, leaves nothing behind, and the next one is whole. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { backupIdAt, backupsFolder, listBackupIds } from '../../src/backup/backup-folder.js';
import { runDrill } from '../../src/backup/drill/run-drill.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { verifyBackup } from '../../src/backup/verify-backup.js';
import { newestGood } from '../../src/cli/restore-in-place.js';
import { DESK, type DeskToBackUp, deskToBackUp } from './desk-to-back-up.js';

let desk: DeskToBackUp;
let day = 0;
beforeAll(async () => {
  desk = await deskToBackUp();
});
afterAll(() => desk?.dispose());

const nextId = (): string => {
  day += 1;
  return backupIdAt(Date.UTC(2026, 0, day));
};

/** Stands before the system's `pg_dump` on PATH. */
function insteadOfPgDump(script: string): void {
  const folder = join(desk.home, `bin-${day}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pg_dump'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'pg_dump'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** Whether a process here may have a file system of its own, for a disk that is full. */
const NAMESPACE = ['--user', '--map-root-user', '--mount'];
const hasNamespaces = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;
const PROGRAM = fileURLToPath(new URL('./take-backup-until.mjs', import.meta.url));

/** By a process whose folder of backups lies on a disk of 64 KB; `left`: what is there when it has ended. */
async function takenOnFullDisk(id: string): Promise<{ readonly said: string; readonly left: string }> {
  const script = `mount -t tmpfs -o size=64k tmpfs "$0" && { "$@" 1>&2; ls -A "$0"; }`;
  const program = [process.execPath, PROGRAM, JSON.stringify(desk.request(id)), 'none'];
  const place = backupsFolder(desk.home);
  const { stdout, stderr } = await promisify(execFile)(
    'unshare',
    [...NAMESPACE, 'sh', '-c', script, place, ...program],
    { encoding: 'utf8' },
  );
  return { said: stderr, left: stdout };
}

async function leavesNothing(id: string): Promise<void> {
  expect(await listBackupIds(desk.home)).not.toContain(id);
  expect(readdirSync(backupsFolder(desk.home)).filter((name) => name.startsWith('.'))).toEqual([]);
}

describe('a backup', () => {
  it('with a pg_dump older than the server names both versions and the package, and changes nothing', async () => {
    const id = nextId();
    insteadOfPgDump("echo 'pg_dump (PostgreSQL) 13.14'");
    const taken = await takeBackup(desk.request(id));
    expect(taken).toMatchObject({ ok: false });
    expect(taken.ok === false && taken.why).toMatch(
      /pg_dump on PATH is version 13\.14, older than the server's 15\. Nothing was changed\. .*postgresql-client-15/,
    );
    await leavesNothing(id);
  });

  it('whose pg_dump fails in the middle says its last words', async () => {
    const id = nextId();
    insteadOfPgDump(
      'case "$1" in --version) exec /usr/bin/pg_dump --version;; esac; echo "pg_dump: error: connection lost" >&2; exit 1',
    );
    await expect(takeBackup(desk.request(id))).rejects.toThrow(/pg_dump failed: .*connection lost/);
    await leavesNothing(id);
  });

  it('ends before it takes the room that the desk’s journal needs, whatever it is at', async () => {
    const id = nextId();
    const refused = {
      ok: false,
      why: `only 255 MB are left where ${backupsFolder(desk.home)} lies, and the desk needs 256 MB there: the backup was given up, and nothing of it is left. Free some space, then take it again.`,
    };
    let freeBytes = 255.9 * 1024 * 1024;
    const free = async () => freeBytes;
    expect(await takeBackup({ ...desk.request(id), free })).toEqual(refused);
    insteadOfPgDump('case "$1" in --version) exec /usr/bin/pg_dump --version;; esac; exec sleep 45');
    freeBytes = 257 * 1024 * 1024;
    const onPhase = (phase: string): void => {
      if (phase === 'dump') freeBytes = 255.9 * 1024 * 1024;
    };
    expect(await takeBackup({ ...desk.request(id), free, onPhase })).toEqual(refused);
    await leavesNothing(id);
  });

  it.skipIf(!hasNamespaces)(
    'on a full disk says so, leaves nothing that takes room, and the next one is whole',
    async () => {
      const id = nextId();
      const folder = backupsFolder(desk.home);
      mkdirSync(folder, { recursive: true });
      const { said, left } = await takenOnFullDisk(id);
      expect(said).toMatch(/No space left on device|ENOSPC/);
      expect(left).toBe('');
      expect(await takeBackup(desk.request(id))).toMatchObject({ ok: true });
      expect(await verifyBackup(join(folder, id))).toMatchObject({ ok: true });
    },
  );
});

describe('a restore drill', () => {
  it('restores nothing where the desk that trades beside it would lose the room for its journal', async () => {
    const id = nextId();
    await takeBackup(desk.request(id));
    const { passed, steps } = await runDrill({
      home: desk.home,
      backupId: id,
      free: async () => 280_000_000,
    });
    expect(passed).toBe(false);
    expect(steps.find(({ verdict }) => verdict === 'fail')).toMatchObject({
      key: 'restore',
      observed: expect.stringMatching(
        /^280 MB free, \d{3} MB needed where \S+ lies: nothing was restored\. Free some space there$/,
      ),
    });
    expect(existsSync(join(desk.home, 'drill'))).toBe(false);
  });
});

it('of backups, one of which a clock that was ahead has dated, none is taken for the newest', async () => {
  const other = await deskToBackUp();
  onTestFinished(() => other.dispose());
  const good = nextId();
  await takeBackup(other.request(good));
  expect(await newestGood(other.home, DESK)).toEqual({ id: good, passedOver: [] });
  const aheadMs = Date.now() + 10 * 86_400_000;
  const ahead = backupIdAt(aheadMs);
  await takeBackup({ ...other.request(ahead), nowMs: () => aheadMs });
  await expect(newestGood(other.home, DESK)).rejects.toMatchObject({
    message: `backup ${ahead} is dated ahead of this machine’s clock, so dates do not say which backup is the newest`,
    keptSafe: 'nothing was touched',
  });
});
