/** pg_dump and pg_restore come from the system: Fermata ships only the server. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import { plainEnvironment } from '../desk/desk-environment.js';
import { messageOf } from '../domain/message-of.js';
import type { Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import { APP_ROLE, withClient } from '../store/migrate.js';
import { connectionTo, keptThroughLosses } from '../store/pool.js';

const run = promisify(execFile);
const VERSION_TIMEOUT_MS = 10_000;
/** Long enough for any database that this desk fills in years, yet a hanging program ends at last. */
const RUN_TIMEOUT_MS = 4 * 3_600_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

type PgProgram = 'pg_dump' | 'pg_restore';

type PgVersion =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly why: string };

/** At least the server's major version: an older program refuses to read from it. */
export async function findPgProgram(program: PgProgram, serverMajor: number): Promise<PgVersion> {
  const install = `Install the Postgres ${serverMajor} client programs (Debian and Ubuntu: postgresql-client-${serverMajor}, Fedora: postgresql, Homebrew: libpq)`;
  try {
    const options = { env: plainEnvironment(), timeout: VERSION_TIMEOUT_MS };
    const { stdout } = await run(program, ['--version'], options);
    const version = /(\d+)(\.\d+)*/.exec(stdout)?.[0] ?? '0';
    if (Number.parseInt(version, 10) >= serverMajor) return { ok: true, version };
    const why = `${program} on PATH is version ${version}, older than the server's ${serverMajor}. Nothing was changed. ${install}.`;
    return { ok: false, why };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const found = isMissing ? 'is not on PATH' : `does not say its version (${messageOf(error)})`;
    return { ok: false, why: `${program} ${found}. Nothing was changed. ${install}.` };
  }
}

export interface PgConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Rejects with the program's last output. The password goes through the environment, never the command line.
 */
export async function runPgProgram(
  program: PgProgram,
  connection: PgConnection | null,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...plainEnvironment(), LC_ALL: 'C' };
  if (connection) {
    env.PGHOST = connection.host;
    env.PGPORT = String(connection.port);
    env.PGUSER = connection.user;
    env.PGPASSWORD = connection.password;
    env.PGDATABASE = connection.database;
    env.PGCONNECT_TIMEOUT = '10';
  }
  try {
    const { stdout } = await run(program, [...args], {
      env,
      timeout: RUN_TIMEOUT_MS,
      maxBuffer: OUTPUT_BYTES_MAX,
      killSignal: 'SIGKILL',
      ...(signal ? { signal } : {}),
    });
    return stdout;
  } catch (error) {
    throw new PgProgramFailed(program, (error as { stderr?: string }).stderr?.trim() ?? '', messageOf(error));
  }
}

class PgProgramFailed extends Error {
  override readonly name = 'PgProgramFailed';

  constructor(
    program: PgProgram,
    readonly said: string,
    otherwise: string,
  ) {
    super(`${program} failed: ${said.split('\n').slice(-3).join(' | ') || otherwise}`);
  }
}

/**
 * Restores a dump into an empty database; stops at the first thing that can't be restored. A program of version 17 or
 * newer begins with a setting that a server of before does not know, and has restored nothing then: it is run again
 * past that one error, and past no other.
 */
export async function restoreDump(
  dump: string,
  connection: PgConnection,
  jobs: number,
  signal?: AbortSignal,
): Promise<void> {
  const args = [`--jobs=${jobs}`, `--dbname=${connection.database}`, dump];
  try {
    await runPgProgram('pg_restore', connection, ['--exit-on-error', ...args], signal);
  } catch (error) {
    if (!isOfNewerProgram(error)) throw error;
    await runPgProgram('pg_restore', connection, args, signal).catch((again: unknown) => {
      if (!isOfNewerProgram(again)) throw again;
    });
  }
}

function isOfNewerProgram(error: unknown): boolean {
  if (!(error instanceof PgProgramFailed)) return false;
  const errors = error.said.split('\n').filter((line) => /\b(error|fatal): /i.test(line));
  return (
    errors.length > 0 &&
    errors.every((line) => line.includes('unrecognized configuration parameter "transaction_timeout"'))
  );
}

/** Owner of the tables: the product's own role may not read all of them. */
const OWNER = 'fermata';

export function ownerConnection({ home, postgres }: Pick<Runtime, 'home' | 'postgres'>): PgConnection {
  const { host, port, database } = postgres;
  return { host, port, database, user: OWNER, password: readSecret(home, 'postgresPassword') };
}

/** Counting and hashing tables with many years of data takes long. */
const STATEMENT_TIMEOUT_MS = 3_600_000;

/**
 * Creates a database as before a first migration, and the product's role, which a dump refers to. Drops an
 * existing database of that name first.
 */
export async function createEmptyDatabase(connection: PgConnection): Promise<Pool> {
  await withClient(connection, 'postgres', async (client) => {
    const role = await client.query('select 1 from pg_roles where rolname = $1', [APP_ROLE]);
    // A start sets its password and allows it to log in.
    if (role.rowCount === 0) await client.query(`create role ${client.escapeIdentifier(APP_ROLE)} nologin`);
    const database = client.escapeIdentifier(connection.database);
    await client.query(`drop database if exists ${database}`);
    await client.query(`create database ${database} template template0 encoding 'UTF8'`);
  });
  return poolTo(connection);
}

export const poolTo = (connection: PgConnection): Pool =>
  keptThroughLosses(
    new Pool({ ...connectionTo(connection), max: 4, statement_timeout: STATEMENT_TIMEOUT_MS }),
  );
