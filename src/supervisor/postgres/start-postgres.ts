/** Our own Postgres server on a loopback port; it recovers by itself from any way in which it ended. */

import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { messageOf } from '../../domain/message-of.js';
import { plainEnvironment } from '../../home/plain-environment.js';
import { endProcess, type ManagedProcess, spawnProcess } from '../managed-process.js';
import { commandLineOf, isAlive } from '../process-table.js';
import { asOrdinaryUser, findPostgresBinaries } from './binaries.js';
import { initialiseCluster } from './initialise.js';

const READY_TIMEOUT_MS = 60_000;
const LEFTOVER_BACKENDS_TIMEOUT_MS = 10_000;

export interface PostgresOptions {
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
  await initialiseCluster(binaries, options.directory, options.user, options.password);
  await clearStaleLock(options.directory);
  const deadline = Date.now() + LEFTOVER_BACKENDS_TIMEOUT_MS;
  for (;;) {
    const child = await launch(binaries.postgres, options);
    await options.onSpawned?.(child);
    const problem = await becomesReady(child, options);
    if (problem === null) return serverOf(child, options.port);
    await stopProcess(child);
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

async function becomesReady(child: ManagedProcess, options: PostgresOptions): Promise<string | null> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let answer = 'no answer';
  while (Date.now() < deadline) {
    if (!child.alive()) return child.lastLines().slice(-6).join(' | ') || 'it ended without a word';
    const client = new Client({
      host: '127.0.0.1',
      port: options.port,
      user: options.user,
      password: options.password,
      database: 'postgres',
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return null;
    } catch (error) {
      answer = messageOf(error);
      if (/password authentication failed/.test(answer)) return answer;
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(50);
  }
  return `no answer within ${READY_TIMEOUT_MS / 1000} s (${answer}): ${child.lastLines().slice(-6).join(' | ')}`;
}

/**
 * A postmaster.pid whose pid now belongs to another program would keep the server from starting, and is removed only
 * then. A server that still runs on this directory is never touched here.
 */
async function clearStaleLock(directory: string): Promise<void> {
  const path = join(directory, 'postmaster.pid');
  if (!existsSync(path)) return;
  const pid = Number((await readFile(path, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return;
  const commandLine = await commandLineOf(pid);
  if (commandLine?.includes(directory)) {
    throw new Error(
      `A Postgres server (process ${pid}) still runs on ${directory}. Nothing was changed. Stop it with: kill -INT ${pid}`,
    );
  }
  await rm(path, { force: true });
}
