import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { backupIdAt, backupsFolder, listBackupIds } from '../../src/backup/backup-folder.js';
import { removeLeftoverScratch } from '../../src/backup/drill/run-drill.js';
import { BACKUP_PHASES, takeBackup } from '../../src/backup/take-backup.js';
import { verifyBackup } from '../../src/backup/verify-backup.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { isAlive } from '../../src/supervisor/process-table.js';
import { startPostgres } from '../../src/supervisor/start-postgres.js';
import { endChildWithThisProcess, endServerWithThisProcess } from '../support/end-with-this-process.js';
import { type DeskToBackUp, deskToBackUp } from './desk-to-back-up.js';

const PROGRAM = fileURLToPath(new URL('./take-backup-until.ts', import.meta.url));
const ID = backupIdAt(Date.UTC(2026, 0, 10));
let desk: DeskToBackUp;
beforeAll(async () => {
  desk = await deskToBackUp();
});
afterAll(() => desk?.dispose());

function killedAt(phase: string): Promise<NodeJS.Signals | null> {
  const args = ['--import', 'tsx', PROGRAM, JSON.stringify(desk.request(ID)), phase];
  const child = endChildWithThisProcess(spawn(process.execPath, args, { stdio: 'ignore' }));
  return new Promise((settle) => child.once('exit', (_code, signal) => settle(signal)));
}

/** A process id that nobody has. */
async function deadPid(): Promise<number> {
  const child = endChildWithThisProcess(spawn(process.execPath, ['-e', '']));
  await new Promise((settle) => child.once('exit', settle));
  return child.pid ?? 0;
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
    const living = join(backupsFolder(desk.home), `.partial-${process.ppid}-aa`);
    mkdirSync(living);
    await takeBackup(desk.request(backupIdAt(Date.UTC(2026, 0, 11))));
    expect(readdirSync(backupsFolder(desk.home))).toContain(`.partial-${process.ppid}-aa`);
  });
});

describe('a drill that is killed', () => {
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
