import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../domain/message-of.js';
import { asOrdinaryUser, findPostgresBinaries } from '../../supervisor/postgres/binaries.js';
import { cachedBinary } from '../../supervisor/temporal/cache.js';
import { examineBinary } from '../../supervisor/temporal/resolve-temporal.js';
import { type DoctorContext, type Finding, finding } from './finding.js';

const run = promisify(execFile);
const ANSWER_MS = 5000;
/** Major version of the bundled server; an older pg_dump refuses to read it. */
const SERVER_MAJOR = 15;

/** Runs Postgres as `fermata up` would: a missing library or a forbidden user namespace shows here. */
export async function checkPostgres(): Promise<Finding> {
  const expected = `the Postgres ${SERVER_MAJOR} that comes with Fermata runs here`;
  try {
    const { postgres } = await findPostgresBinaries();
    const { command, args } = asOrdinaryUser(postgres, ['--version']);
    const { stdout } = await run(command, [...args], { timeout: ANSWER_MS });
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
    const { stdout } = await run('pg_dump', ['--version'], { timeout: ANSWER_MS });
    const major = Number(/(\d+)\.\d+/.exec(stdout)?.[1] ?? 0);
    return finding('pg_dump', major >= SERVER_MAJOR ? 'pass' : 'warn', stdout.trim(), expected, advice);
  } catch {
    return finding('pg_dump', 'warn', 'not on PATH', expected, advice);
  }
}

const CONNECT_TIMEOUT_MS = 2000;
const EXPECTED = 'FERMATA_TEMPORAL=external, a temporal on PATH, one kept from before, or Go to build one';

/** Only looks: `fermata up` downloads what is missing and shows its progress. */
export async function checkTemporal({ env }: DoctorContext): Promise<Finding> {
  const address = env.FERMATA_TEMPORAL === 'external' ? env.TEMPORAL_ADDRESS : undefined;
  if (address !== undefined && address !== '') {
    const answers = await canConnect(address);
    const advice = 'start that server, or FERMATA_TEMPORAL=managed to use one of our own';
    const observed = `${address} ${answers ? 'answers' : 'does not answer'}`;
    return finding('Temporal', answers ? 'pass' : 'fail', observed, EXPECTED, advice);
  }
  const skipped: string[] = [];
  for (const path of [await onPath('temporal', env), cachedBinary(env)]) {
    if (path === null || !(await isExecutable(path))) {
      continue;
    }
    const examined = await examineBinary(path);
    if (examined.usable) {
      const observed = `${path}, server ${examined.serverVersion}`;
      return finding('Temporal', 'pass', observed, EXPECTED, '');
    }
    skipped.push(`${path}: ${examined.why}`);
  }
  const go = await onPath('go', env);
  const observed = [...skipped, `none here; ${go === null ? 'no Go' : 'Go is there'}`].join('; ');
  const advice =
    'the first `fermata up` downloads it or builds it with Go (needs the network once); or put Temporal CLI 1.5 on PATH';
  return finding('Temporal', 'warn', observed, EXPECTED, advice);
}

async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env.PATH ?? '').split(delimiter).filter((part) => part !== '')) {
    if (await isExecutable(join(folder, program))) {
      return join(folder, program);
    }
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function canConnect(address: string): Promise<boolean> {
  const [host = '', port = '7233'] = address.split(':');
  const socket = new Socket();
  return new Promise<boolean>((resolve) => {
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => resolve(false));
    socket.once('error', () => resolve(false));
    socket.connect(Number(port), host, () => resolve(true));
  }).finally(() => socket.destroy());
}
