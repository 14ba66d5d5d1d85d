/** A separate Postgres server for one restore, in its own folder, removed afterwards. Never the desk's server. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { freePort } from '../../supervisor/free-port.js';
import { startPostgres } from '../../supervisor/postgres/start-postgres.js';
import { commandLineOf, isAlive } from '../../supervisor/process-table.js';
import { createEmptyDatabase, type PgConnection } from '../pg-programs.js';

const OWNER = 'fermata';
const DATABASE = 'restored';
const END_TIMEOUT_MS = 10_000;
/** Fast instead of durable, because the server is thrown away in any case. */
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_wal_size=4GB',
  'maintenance_work_mem=256MB',
  'max_connections=20',
];

export interface ScratchServer {
  readonly connection: PgConnection;
  readonly pool: Pool;
  /** Ends the server and removes its folder. */
  remove(): Promise<void>;
}

const scratchFolder = (home: string): string => join(home, 'drill');

/** With an empty database and the product's role, as before a first migration. */
export async function startScratchServer(home: string): Promise<ScratchServer> {
  await removeLeftoverScratch(home);
  const folder = join(scratchFolder(home), `${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const connection: PgConnection = {
    host: '127.0.0.1',
    port: await freePort(),
    user: OWNER,
    password: randomBytes(24).toString('hex'),
    database: DATABASE,
  };
  try {
    const server = await startPostgres({
      directory: join(folder, 'postgres'),
      port: connection.port,
      user: OWNER,
      password: connection.password,
      logFile: join(folder, 'postgres.log'),
      settings: SETTINGS,
    });
    try {
      const pool = await createEmptyDatabase(connection);
      const remove = async (): Promise<void> => {
        await pool.end().catch(() => undefined);
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      };
      return { connection, pool, remove };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Cleans up after a process that was killed during a restore: ends its server and removes the folder. */
export async function removeLeftoverScratch(home: string): Promise<void> {
  const names = await readdir(scratchFolder(home)).catch((): string[] => []);
  for (const name of names) {
    const pid = Number(/^(\d+)-[0-9a-f]+$/.exec(name)?.[1] ?? 0);
    if (pid === 0 || pid === process.pid || isAlive(pid)) continue;
    const folder = join(scratchFolder(home), name);
    await endServerOn(join(folder, 'postgres'));
    await rm(folder, { recursive: true, force: true });
  }
}

async function endServerOn(directory: string): Promise<void> {
  const lock = join(directory, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  // The pid may belong to another program by now.
  if (!(await commandLineOf(pid))?.includes(directory)) return;
  process.kill(pid, 'SIGQUIT');
  const untilMs = Date.now() + END_TIMEOUT_MS;
  while (isAlive(pid) && Date.now() < untilMs) await sleep(50);
}
