import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../../domain/message-of.js';
import { asOrdinaryUser, findPostgresBinaries } from '../../supervisor/postgres/binaries.js';
import { type DoctorContext, type Finding, finding } from './finding.js';

const run = promisify(execFile);
const TIMEOUT_MS = 5000;
/** Major version of the bundled server; an older pg_dump refuses to read it. */
const SERVER_MAJOR = 15;

/** Runs Postgres as `fermata up` would: a missing library or a forbidden user namespace shows here. */
export async function checkPostgres(): Promise<Finding> {
  const expected = `the Postgres ${SERVER_MAJOR} that comes with Fermata runs here`;
  try {
    const { postgres } = await findPostgresBinaries();
    const { command, args } = asOrdinaryUser(postgres, ['--version']);
    const { stdout } = await run(command, [...args], { timeout: TIMEOUT_MS });
    return finding('Postgres', 'pass', stdout.trim(), expected, '');
  } catch (error) {
    const observed = messageOf(error).split('\n')[0] ?? '';
    return finding(
      'Postgres',
      'fail',
      observed,
      expected,
      'npm ci; as root: allow user namespaces, or use another user',
    );
  }
}

/** Backups need it; a desk runs without it. */
export async function checkPgDump(_context: DoctorContext): Promise<Finding> {
  const expected = `pg_dump ${SERVER_MAJOR} or newer on PATH, for backups`;
  const advice = `install the Postgres ${SERVER_MAJOR} client programs (Debian: postgresql-client, Homebrew: libpq)`;
  try {
    const { stdout } = await run('pg_dump', ['--version'], { timeout: TIMEOUT_MS });
    const major = Number(/(\d+)\.\d+/.exec(stdout)?.[1] ?? 0);
    return finding('pg_dump', major >= SERVER_MAJOR ? 'pass' : 'warn', stdout.trim(), expected, advice);
  } catch {
    return finding('pg_dump', 'warn', 'not on PATH', expected, advice);
  }
}
