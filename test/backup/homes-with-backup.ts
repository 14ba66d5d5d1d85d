/** Homes with nothing but one backup, as after everything else was lost; where a test says so, with a server that has nothing in it. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { backupIdAt, backupsFolder } from '../../src/backup/backup-folder.js';
import { openOwnServer } from '../../src/backup/restore/own-server.js';
import { restoreDesk } from '../../src/backup/restore/restore-desk.js';
import { takeBackup } from '../../src/backup/take-backup.js';
import { deskPaths, homePaths } from '../../src/home/runtime.js';
import { ensureSecrets, readSecret } from '../../src/home/secrets.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { startPostgres } from '../../src/supervisor/start-postgres.js';
import { endServerWithThisProcess } from '../support/end-with-this-process.js';
import { DESK, type DeskToBackUp } from './desk-to-back-up.js';

export const BACKUP_ID = backupIdAt(Date.UTC(2026, 0, 10));

export interface HomesWithBackup {
  make(more?: 'and server'): string;
  /** The same in a home that is there. */
  fill(home: string, more?: 'and server'): void;
  dispose(): void;
}

/** Takes the backup. */
export async function openHomesWithBackup(desk: DeskToBackUp): Promise<HomesWithBackup> {
  const taken = await takeBackup(desk.request(BACKUP_ID));
  if (!taken.ok) throw new Error(taken.why);
  const folders: string[] = [];
  const newHome = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-restore-'));
    folders.push(folder);
    return join(folder, 'home');
  };
  // Begun once, and copied: passwords to hash and a server to create take longer than most of what is tested.
  const begun = newHome();
  makeFolders(begun);
  await ensureSecrets(begun);
  await (await openOwnServer(begun)).stop();
  const fill = (home: string, more?: 'and server'): void => {
    cpSync(join(backupsFolder(desk.home), BACKUP_ID), join(backupsFolder(home), BACKUP_ID), {
      recursive: true,
    });
    makeFolders(home);
    cpSync(homePaths(begun).secrets, homePaths(home).secrets, { recursive: true, force: false });
    if (more !== undefined) cpSync(homePaths(begun).postgres, homePaths(home).postgres, { recursive: true });
  };
  return {
    make: (more) => {
      const home = newHome();
      fill(home, more);
      return home;
    },
    fill,
    dispose: () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeFolders(home: string): void {
  mkdirSync(homePaths(home).run, { recursive: true });
  mkdirSync(homePaths(home).logs, { recursive: true });
}

export const restore = (home: string, more: object = {}) =>
  restoreDesk({ home, backupId: BACKUP_ID, by: 'anna', nowMs: Date.now, ...more });

export const journalOf = (home: string): string => deskPaths(homePaths(home), DESK).journal;

/** What the installation's own server holds. */
export async function inServer<T>(
  home: string,
  database: string,
  ask: (client: Client) => Promise<T>,
): Promise<T> {
  const login = {
    host: '127.0.0.1',
    port: await freePort(),
    user: 'fermata',
    password: readSecret(home, 'postgresPassword'),
  };
  const { postgres, logs } = homePaths(home);
  const server = await startPostgres({
    ...{ directory: postgres, logFile: join(logs, 'postgres.log'), ...login },
    onSpawned: endServerWithThisProcess,
  });
  const client = new Client({ ...login, database });
  try {
    await client.connect();
    return await ask(client);
  } finally {
    await client.end();
    await server.stop();
  }
}
