/**
 * `fermata doctor`: every check, in the order in which a start depends on them. They run side by side and don't
 * disturb a running desk.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { access, chmod, constants, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { freemem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { folderNotice } from '../../desk/resolve-desk.js';
import { venueOfFeed } from '../../domain/feed-name.js';
import { messageOf } from '../../domain/message-of.js';
import { homePaths } from '../../home/runtime.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { freeBytes } from '../../supervisor/ballast.js';
import { portIsFree } from '../../supervisor/free-port.js';
import { asOrdinaryUser, findPostgresBinaries } from '../../supervisor/start-postgres.js';
import { cachedBinary } from '../../supervisor/temporal/fetch-temporal.js';
import { examineBinary } from '../../supervisor/temporal/resolve-temporal.js';
import { loadDesk } from '../../venue/load-desk.js';
import { priceSourceOf } from '../../venue/registry.js';
import { EXIT_FAILED, EXIT_OK } from '../failure.js';
import { sayingWhat } from '../in-place.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { MARKS, printJson, printLines } from '../output.js';
import { fermataHome } from '../running-desk.js';

export function doctorCommand(command: Command): void {
  command
    .option('--desk <name or file>', 'desk whose port and venues are looked at')
    .option('--json', 'for scripts')
    .action(async (options: { desk?: string; json?: boolean }) => {
      process.exitCode = await doctor(options.desk, options.json === true);
    });
}

async function doctor(deskNamed: string | undefined, json: boolean): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const file = namedDeskFile(deskNamed, runtime);
  const { desk } = loadDesk(file, { parts: stepPartsOf(file, runtime) });
  const looking = runDoctor({
    home,
    env: process.env,
    deskFile: file,
    apiPort: desk.api.port,
    feeds: desk.feeds,
    nowMs: Date.now,
  });
  const diagnosis = await sayingWhat(
    () => 'waiting for the programs and the public venues to answer',
    looking,
  );
  if (json) {
    printJson(diagnosis);
  } else {
    printLines(diagnosisLines(diagnosis));
  }
  return diagnosis.verdict === 'fail' ? EXIT_FAILED : EXIT_OK;
}

/** The result of one check of doctor. */
type Verdict = 'pass' | 'warn' | 'fail' | 'not_run';

interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly observed: string;
  readonly expected: string;
  /** Null if there is nothing to do. */
  readonly doThis: string | null;
}

interface DoctorContext {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly deskFile: string;
  /** Port of dashboard and API; 0: any free one. */
  readonly apiPort: number;
  /** Venues whose public servers send the time. */
  readonly feeds: readonly string[];
  readonly nowMs: () => number;
}

type DoctorCheck = (context: DoctorContext) => Promise<Finding>;

/** A finding that has advice only if it does not pass. */
function finding(
  name: string,
  verdict: Verdict,
  observed: string,
  expected: string,
  doThis: string,
): Finding {
  return { name, verdict, observed, expected, doThis: verdict === 'pass' ? null : doThis };
}

/** What four Node processes, Postgres and the Temporal dev server need to run well. */
const MEMORY_WARN_MB = 1024;

const MEMORY_FAIL_MB = 512;

const NODE_MAJOR_MIN = 20;

const NODE_MINOR_MIN = 19;

const CHECKS: readonly DoctorCheck[] = [
  checkNode,
  checkMemory,
  checkDisk,
  checkHome,
  checkDesk,
  checkPorts,
  checkTemporal,
  checkPostgres,
  checkPgDump,
  checkClock,
];

interface Diagnosis {
  readonly verdict: Exclude<Verdict, 'not_run'>;
  readonly findings: readonly Finding[];
}

async function runDoctor(context: DoctorContext): Promise<Diagnosis> {
  const findings = await Promise.all(CHECKS.map((check) => check(context)));
  const verdicts = findings.map((one) => one.verdict);
  return {
    verdict: verdicts.includes('fail') ? 'fail' : verdicts.includes('warn') ? 'warn' : 'pass',
    findings,
  };
}

function diagnosisLines({ findings }: Diagnosis): string[] {
  return findings.flatMap((one) => {
    const line = `${MARKS[one.verdict]} ${one.name.padEnd(13)} ${one.observed}`;
    return one.doThis === null
      ? [line]
      : [line, `${' '.repeat(16)}expected: ${one.expected}`, `${' '.repeat(16)}do this:  ${one.doThis}`];
  });
}

async function checkNode(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > NODE_MAJOR_MIN || (major === NODE_MAJOR_MIN && minor >= NODE_MINOR_MIN);
  return finding(
    'Node',
    isEnough ? 'pass' : 'fail',
    process.versions.node,
    `${NODE_MAJOR_MIN}.${NODE_MINOR_MIN} or newer`,
    `install Node ${NODE_MAJOR_MIN}.${NODE_MINOR_MIN} or newer`,
  );
}

async function checkMemory(): Promise<Finding> {
  const availableMb = Math.round(availableBytes() / 1024 / 1024);
  return finding(
    'Memory',
    availableMb < MEMORY_FAIL_MB ? 'fail' : availableMb < MEMORY_WARN_MB ? 'warn' : 'pass',
    `${availableMb} MB available`,
    `at least ${MEMORY_WARN_MB} MB`,
    'end other programs, or use a machine with more memory',
  );
}

/** Linux counts the file cache that it would give back; elsewhere only free memory is known. */
function availableBytes(): number {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    return freemem();
  }
}

async function checkDesk({ deskFile }: DoctorContext): Promise<Finding> {
  const notice = folderNotice(deskFile);
  const doThis = notice?.split(': ').at(-1) ?? '';
  return finding('Desk', notice === null ? 'pass' : 'warn', deskFile, 'a folder with desk.yaml', doThis);
}

async function checkPorts({ home, apiPort }: DoctorContext): Promise<Finding> {
  const expected = 'the port of dashboard and API free, or used by this desk';
  const advice = 'end the other program, or give the desk another api.port (0: any free one)';
  if (apiPort === 0 || (await portIsFree(apiPort))) {
    return finding('Ports', 'pass', apiPort === 0 ? 'any free port' : `${apiPort} is free`, expected, advice);
  }
  const isOurs = runtimeHere(home)?.web.port === apiPort;
  return finding(
    'Ports',
    isOurs ? 'pass' : 'fail',
    `${apiPort} is used by ${isOurs ? 'this desk' : 'another program'}`,
    expected,
    advice,
  );
}

/** Longer paths of Unix sockets are silently truncated, so that two desks could share one. */
const SOCKET_PATH_BYTES_MAX = 103;
const SOCKET_NAME_BYTES = 20;

/** File modes protect the secrets, and the trader listens on a Unix socket: both have to work where the home is. */
async function checkHome({ home }: DoctorContext): Promise<Finding> {
  const expected = 'file modes are kept, and Unix sockets can be made';
  const advice = 'point FERMATA_HOME at a folder of this system’s own disk (in WSL2 not below /mnt/c)';
  const paths = homePaths(home);
  if (Buffer.byteLength(paths.sockets) + SOCKET_NAME_BYTES > SOCKET_PATH_BYTES_MAX) {
    const observed = `the path for sockets is too long: ${paths.sockets}`;
    return finding('FERMATA_HOME', 'fail', observed, expected, 'set XDG_RUNTIME_DIR to a shorter folder');
  }
  let probe: string | null = null;
  try {
    probe = await mkdtemp(join(nearestFolder(paths.home), '.fermata-probe-'));
    await chmod(probe, 0o700);
    const mode = (await stat(probe)).mode & 0o777;
    const observed = `${paths.home}: mode ${mode.toString(8)}, ${await homeMode(paths.home)}`;
    await tryListen(join(nearestFolder(paths.sockets), `fermata-probe-${process.pid}.sock`));
    return finding('FERMATA_HOME', mode === 0o700 ? 'pass' : 'fail', observed, expected, advice);
  } catch (error) {
    const observed = `${paths.home}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    return finding('FERMATA_HOME', 'fail', observed, expected, advice);
  } finally {
    if (probe !== null) {
      await rm(probe, { recursive: true, force: true });
    }
  }
}

async function homeMode(home: string): Promise<string> {
  const found = await stat(home).catch(() => null);
  return found === null ? 'made at the first start' : `exists with mode ${(found.mode & 0o777).toString(8)}`;
}

function tryListen(path: string): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => server.close(() => resolve()));
  });
}

const DISK_WARN_MB = 2048;
const DISK_FAIL_MB = 512;

async function checkDisk({ home }: DoctorContext): Promise<Finding> {
  const freeMb = Math.floor((await freeBytes(nearestFolder(home))) / 1024 / 1024);
  return finding(
    'Disk',
    freeMb < DISK_FAIL_MB ? 'fail' : freeMb < DISK_WARN_MB ? 'warn' : 'pass',
    `${freeMb} MB free for ${home}`,
    `at least ${DISK_WARN_MB} MB`,
    'free some space, or point FERMATA_HOME at a larger disk',
  );
}

/** The nearest existing folder: the home itself may not exist before the first start. */
function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return folder;
}

const DATE_TIMEOUT_MS = 3000;
/** The response's date has whole seconds, and the response itself takes time. */
const CLOCK_WARN_MS = 3000;
const CLOCK_FAIL_MS = 30_000;

/** Compares this machine's clock with the date that the desk's public venues send. */
async function checkClock({ feeds, nowMs }: DoctorContext): Promise<Finding> {
  const expected = `at most ${CLOCK_WARN_MS / 1000} s from the venue’s clock`;
  const advice = 'let the system keep the time (for example: timedatectl set-ntp true)';
  const venues = [...new Set(feeds.map(venueOfFeed))];
  const addresses = venues.map((venue) => priceSourceOf(venue).probe).filter((address) => address !== null);
  const dates = await Promise.all(addresses.map((address) => dateOf(address)));
  const answer = dates.find((date) => date !== null);
  if (answer === undefined || answer === null) {
    const observed = 'no public venue could be reached to compare with';
    return finding(
      'Clock',
      'not_run',
      observed,
      expected,
      'needs the network; a desk on simulated prices does not',
    );
  }
  const differenceMs = Math.abs(nowMs() - answer);
  const verdict = differenceMs > CLOCK_FAIL_MS ? 'fail' : differenceMs > CLOCK_WARN_MS ? 'warn' : 'pass';
  return finding('Clock', verdict, `${(differenceMs / 1000).toFixed(1)} s apart`, expected, advice);
}

async function dateOf(address: string): Promise<number | null> {
  try {
    const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(DATE_TIMEOUT_MS) });
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? null : date;
  } catch {
    return null;
  }
}

const run = promisify(execFile);
const ANSWER_MS = 5000;
/** Major version of the bundled server; an older pg_dump refuses to read it. */
const POSTGRES_MAJOR = 15;

/** Runs Postgres as `fermata up` would: a missing library or a forbidden user namespace shows here. */
async function checkPostgres(): Promise<Finding> {
  const expected = `the Postgres ${POSTGRES_MAJOR} that comes with Fermata runs here`;
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
async function checkPgDump(_context: DoctorContext): Promise<Finding> {
  const expected = `pg_dump ${POSTGRES_MAJOR} or newer on PATH, for backups`;
  const advice = `install the Postgres ${POSTGRES_MAJOR} client programs (Debian: postgresql-client, Homebrew: libpq)`;
  try {
    const { stdout } = await run('pg_dump', ['--version'], { timeout: ANSWER_MS });
    const major = Number(/(\d+)\.\d+/.exec(stdout)?.[1] ?? 0);
    return finding('pg_dump', major >= POSTGRES_MAJOR ? 'pass' : 'warn', stdout.trim(), expected, advice);
  } catch {
    return finding('pg_dump', 'warn', 'not on PATH', expected, advice);
  }
}

const CONNECT_TIMEOUT_MS = 2000;
const TEMPORAL_EXPECTED =
  'FERMATA_TEMPORAL=external, a temporal on PATH, one kept from before, or Go to build one';

/** Only looks: `fermata up` downloads what is missing and shows its progress. */
async function checkTemporal({ env }: DoctorContext): Promise<Finding> {
  const address = env.FERMATA_TEMPORAL === 'external' ? env.TEMPORAL_ADDRESS : undefined;
  if (address !== undefined && address !== '') {
    const answers = await canConnect(address);
    const advice = 'start that server, or FERMATA_TEMPORAL=managed to use one of our own';
    const observed = `${address} ${answers ? 'answers' : 'does not answer'}`;
    return finding('Temporal', answers ? 'pass' : 'fail', observed, TEMPORAL_EXPECTED, advice);
  }
  const skipped: string[] = [];
  for (const path of [await onPath('temporal', env), cachedBinary(env)]) {
    if (path === null || !(await isExecutable(path))) {
      continue;
    }
    const examined = await examineBinary(path);
    if (examined.usable) {
      const observed = `${path}, server ${examined.serverVersion}`;
      return finding('Temporal', 'pass', observed, TEMPORAL_EXPECTED, '');
    }
    skipped.push(`${path}: ${examined.why}`);
  }
  const go = await onPath('go', env);
  const observed = [...skipped, `none here; ${go === null ? 'no Go' : 'Go is there'}`].join('; ');
  const advice =
    'the first `fermata up` downloads it or builds it with Go (needs the network once); or put Temporal CLI 1.5 on PATH';
  return finding('Temporal', 'warn', observed, TEMPORAL_EXPECTED, advice);
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
