import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { backupIdAt, backupsFolder, listBackupIds, removeIfLeft } from '../../src/backup/backup-folder.js';
import { removeLeftoverScratch } from '../../src/backup/drill/run-drill.js';
import { BACKUP_PHASES, takeBackup } from '../../src/backup/take-backup.js';
import { verifyBackup } from '../../src/backup/verify-backup.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { isAlive } from '../../src/supervisor/process-table.js';
import { startPostgres } from '../../src/supervisor/start-postgres.js';
import { endChildWithThisProcess, endServerWithThisProcess } from '../support/end-with-this-process.js';
import { type DeskToBackUp, deskToBackUp } from './desk-to-back-up.js';

const PROGRAM = fileURLToPath(new URL('./take-backup-until.mjs', import.meta.url));
const ID = backupIdAt(Date.UTC(2026, 0, 10));
let desk: DeskToBackUp;
beforeAll(async () => {
  desk = await deskToBackUp();
});
afterAll(() => desk?.dispose());

function killedAt(phase: string): Promise<NodeJS.Signals | null> {
  const args = [PROGRAM, JSON.stringify(desk.request(ID)), phase];
  const child = endChildWithThisProcess(spawn(process.execPath, args, { stdio: 'ignore' }));
  return new Promise((settle) => child.once('exit', (_code, signal) => settle(signal)));
}

/** A process id that nobody has. */
async function deadPid(): Promise<number> {
  const child = endChildWithThisProcess(spawn(process.execPath, ['-e', '']));
  await new Promise((settle) => child.once('exit', settle));
  return child.pid ?? 0;
}

/** A folder whose lock another process holds, as who writes in it does. */
async function holdElsewhere(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  // Without a fork of its own: what is killed is what holds it.
  const args = ['--no-fork', '-x', join(folder, '.held'), 'sh', '-c', 'echo held; exec sleep 600'];
  const holder = endChildWithThisProcess(spawn('flock', args, { stdio: ['ignore', 'pipe', 'ignore'] }));
  onTestFinished(() => void holder.kill());
  await once(holder.stdout, 'data');
  return folder;
}

describe('a backup that is killed', () => {
  it('in any phase leaves no half backup, and the next one is whole and cleans up', async () => {
    for (const phase of BACKUP_PHASES) {
      expect(await killedAt(phase), phase).toBe('SIGKILL');
      expect(await listBackupIds(desk.home), phase).toEqual([]);
    }
    expect(readdirSync(backupsFolder(desk.home)).length).toBeGreaterThan(0);
    const taken = await takeBackup(desk.request(ID));
    expect(taken.ok).toBe(true);
    expect(readdirSync(backupsFolder(desk.home))).toEqual([ID]);
    expect(await verifyBackup(join(backupsFolder(desk.home), ID))).toMatchObject({ ok: true });
  });

  it('never takes away what a living process is writing', async () => {
    const living = await holdElsewhere(join(backupsFolder(desk.home), `.partial-${await deadPid()}-aa`));
    await takeBackup(desk.request(backupIdAt(Date.UTC(2026, 0, 11))));
    expect(existsSync(living)).toBe(true);
  });

  it('is cleaned up where a living process has its id, as in a container that was started again', async () => {
    const left = [process.pid, 1].map((pid) => join(backupsFolder(desk.home), `.partial-${pid}-ab`));
    for (const folder of left) mkdirSync(folder, { recursive: true });
    await takeBackup(desk.request(backupIdAt(Date.UTC(2026, 0, 12))));
    expect(left.filter((folder) => existsSync(folder))).toEqual([]);
  });
});

describe('a drill that is killed', () => {
  it('has its folder removed whatever process has its id by now, and one that still runs is left alone', async () => {
    const left = [process.pid, 1].map((pid) => join(desk.home, 'drill', `${pid}-00aa11cc`));
    for (const folder of left) mkdirSync(folder, { recursive: true });
    const living = await holdElsewhere(join(desk.home, 'drill', `${await deadPid()}-00aa11dd`));
    await removeLeftoverScratch(desk.home);
    expect(left.filter((folder) => existsSync(folder))).toEqual([]);
    expect(existsSync(living)).toBe(true);
    rmSync(living, { recursive: true });
  });

  it('is no trouble where another drill, which saw it too, has just removed its folder', async () => {
    const seen = join(desk.home, 'drill', `${await deadPid()}-00aa11ee`);
    mkdirSync(seen, { recursive: true });
    await removeIfLeft(seen);
    await removeIfLeft(seen);
    expect(existsSync(seen)).toBe(false);
  });

  it('leaves a server that the next drill ends, and a folder that it removes', async () => {
    const folder = join(desk.home, 'drill', `${await deadPid()}-00aa11bb`);
    mkdirSync(folder, { recursive: true });
    const server = await startPostgres({
      directory: join(folder, 'postgres'),
      port: await freePort(),
      user: 'fermata',
      password: 'scratch',
      logFile: join(folder, 'postgres.log'),
      onSpawned: endServerWithThisProcess,
    });
    onTestFinished(() => server.stop());
    writeFileSync(join(desk.home, 'drill', 'notes.txt'), 'of a person');
    await removeLeftoverScratch(desk.home);
    await server.process.exited;
    expect(isAlive(server.process.pid)).toBe(false);
    expect(readdirSync(join(desk.home, 'drill'))).toEqual(['notes.txt']);
  });
});
