/** Every check of doctor, in the order in which a start needs what it looks at. */
import { checkClock } from './check-clock.js';
import { checkDisk } from './check-disk.js';
import { checkHome } from './check-home.js';
import { checkMemory } from './check-memory.js';
import { checkNode } from './check-node.js';
import { checkPorts } from './check-ports.js';
import { checkPgDump, checkPostgres } from './check-postgres.js';
import { checkTemporal } from './check-temporal.js';
import type { DoctorCheck, DoctorContext, Finding, Verdict } from './finding.js';

const CHECKS: readonly DoctorCheck[] = [
  checkNode,
  checkMemory,
  checkDisk,
  checkHome,
  checkPorts,
  checkTemporal,
  checkPostgres,
  checkPgDump,
  checkClock,
];

export interface Diagnosis {
  readonly verdict: Exclude<Verdict, 'not_run'>;
  readonly findings: readonly Finding[];
}

/** The checks don't disturb a running desk; they run side by side. */
export async function runDoctor(context: DoctorContext): Promise<Diagnosis> {
  const findings = await Promise.all(CHECKS.map((check) => check(context)));
  const verdicts = findings.map((one) => one.verdict);
  return {
    verdict: verdicts.includes('fail') ? 'fail' : verdicts.includes('warn') ? 'warn' : 'pass',
    findings,
  };
}

const MARKS: Readonly<Record<Verdict, string>> = { pass: '✓', warn: '!', fail: '✗', not_run: '-' };

export function diagnosisLines({ findings }: Diagnosis): string[] {
  return findings.flatMap((one) => {
    const line = `${MARKS[one.verdict]} ${one.name.padEnd(13)} ${one.observed}`;
    return one.doThis === null
      ? [line]
      : [line, `${' '.repeat(16)}expected: ${one.expected}`, `${' '.repeat(16)}do this:  ${one.doThis}`];
  });
}
