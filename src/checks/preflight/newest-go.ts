/** The validation that may stand for real money: sealed here, a GO, and of the very desk file that is to trade. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readSecret } from '../../home/secrets.js';
import type { SignedReport } from '../../validation/report/report.js';
import { isGenuine } from '../../validation/report/sign-report.js';
import { keptReports } from '../../validation/report/write-report.js';
import type { Reading } from './exchange-reading.js';
import type { PreflightSubject } from './preflight-check.js';

export interface FoundReport {
  readonly file: string;
  readonly report: SignedReport;
}

const NAME = /^validation_report_.*\.json$/;
/** Newest first; what is older than that many reports counts as none. */
const READ_MAX = 200;

export function newestGo({
  desk,
  configHash,
  home,
  reportFolder,
}: Pick<PreflightSubject, 'desk' | 'configHash' | 'home' | 'reportFolder'>): Reading<FoundReport> {
  const files = reportsIn(reportFolder, keptReports(home));
  if (files.length === 0)
    return { ok: false, why: `no validation report of this installation: fermata validate` };
  const key = keyOf(home);
  if (key === null)
    return { ok: false, why: 'this installation has no key yet, so no report is sealed by it' };
  let nearest = 'no report is about this desk';
  for (const file of files) {
    const report = read(file);
    if (report === null || report.desk !== desk.desk) continue;
    const problem = problemOf(report, key, configHash);
    if (problem === null) return { ok: true, value: { file, report } };
    if (nearest.startsWith('no report')) nearest = `${basename(file)}: ${problem}`;
  }
  return { ok: false, why: nearest };
}

function problemOf(report: SignedReport, key: string, configHash: string): string | null {
  if (!isGenuine(key, report)) return 'its seal is not of this installation, or it was changed';
  if (report.recommendation !== 'GO') return `NO-GO: ${report.reasons.join('; ')}`;
  if (report.configHash !== configHash) return 'it is about another version of the desk file';
  return report.goLive.qualifies
    ? null
    : `it can't stand for real money: ${report.goLive.because.join('; ')}`;
}

function keyOf(home: string): string | null {
  try {
    return readSecret(home, 'decisionKey');
  } catch {
    return null;
  }
}

/** Newest first: the time is in the name. */
function reportsIn(...folders: readonly string[]): readonly string[] {
  const files = folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  return files.sort((one, other) => (basename(one) < basename(other) ? 1 : -1)).slice(0, READ_MAX);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => NAME.test(name));
  } catch {
    return [];
  }
}

function read(file: string): SignedReport | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SignedReport;
  } catch {
    return null;
  }
}
