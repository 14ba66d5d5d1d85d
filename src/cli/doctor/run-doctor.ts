/** Every check of doctor, in the order in which a start depends on them. */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { folderNotice } from '../../desk/resolve-desk.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { portIsFree } from '../../supervisor/free-port.js';
import { MARKS } from '../output.js';
import { checkClock, checkDisk, checkHome } from './check-machine.js';
import { checkPgDump, checkPostgres, checkTemporal } from './check-servers.js';
import { type DoctorCheck, type DoctorContext, type Finding, finding, type Verdict } from './finding.js';

/** What four Node processes, Postgres and the Temporal dev server need to run well. */
const WARN_MB = 1024;

const FAIL_MB = 512;

const MAJOR_MIN = 20;

const MINOR_MIN = 19;

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

/** The checks run side by side and don't disturb a running desk. */
export async function runDoctor(context: DoctorContext): Promise<Diagnosis> {
  const findings = await Promise.all(CHECKS.map((check) => check(context)));
  const verdicts = findings.map((one) => one.verdict);
  return {
    verdict: verdicts.includes('fail') ? 'fail' : verdicts.includes('warn') ? 'warn' : 'pass',
    findings,
  };
}

export function diagnosisLines({ findings }: Diagnosis): string[] {
  return findings.flatMap((one) => {
    const line = `${MARKS[one.verdict]} ${one.name.padEnd(13)} ${one.observed}`;
    return one.doThis === null
      ? [line]
      : [line, `${' '.repeat(16)}expected: ${one.expected}`, `${' '.repeat(16)}do this:  ${one.doThis}`];
  });
}

async function checkNode(): Promise<Finding> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > MAJOR_MIN || (major === MAJOR_MIN && minor >= MINOR_MIN);
  return finding(
    'Node',
    isEnough ? 'pass' : 'fail',
    process.versions.node,
    `${MAJOR_MIN}.${MINOR_MIN} or newer`,
    `install Node ${MAJOR_MIN}.${MINOR_MIN} or newer`,
  );
}

async function checkMemory(): Promise<Finding> {
  const availableMb = Math.round(availableBytes() / 1024 / 1024);
  return finding(
    'Memory',
    availableMb < FAIL_MB ? 'fail' : availableMb < WARN_MB ? 'warn' : 'pass',
    `${availableMb} MB available`,
    `at least ${WARN_MB} MB`,
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
  if (apiPort === null) {
    return finding('Ports', 'not_run', 'the desk file can’t be read', expected, 'fermata desk check FILE');
  }
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
