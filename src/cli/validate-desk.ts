/** Runs a validation: as a workflow of the running desk or, if it does not run, within this command. */
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../backtest/run-on-prices.js';
import type { ValidationOutcome } from '../contracts/validation.js';
import { isContainer } from '../home/is-container.js';
import { homePaths, type Runtime } from '../home/runtime.js';
import { makeSecret, readSecret } from '../home/secrets.js';
import { askSupervisor } from '../home/supervisor-protocol.js';
import type { SignedReport } from '../validation/report/report.js';
import { signReport } from '../validation/report/sign-report.js';
import { keepReport, type WrittenReport, writeReport } from '../validation/report/write-report.js';
import { type ValidationRequest, validationPlace } from '../validation/request.js';
import { readProgress } from '../validation/run.js';
import { runInProcess } from '../validation/start-process.js';

const LOOK_EVERY_MS = 500;

export interface Validated {
  readonly report: SignedReport;
  readonly files: WrittenReport;
  /** Null: it ran in this command. */
  readonly workflowId: string | null;
  /** Side problems, each with what it means. */
  readonly problems: readonly string[];
}

type OnProgress = (progress: Progress) => void;

/** True if the supervisor of this FERMATA_HOME runs this very desk, or the containers beside this one do. */
export async function runsDesk({ home, desk: here }: Runtime, desk: string): Promise<boolean> {
  if (isContainer(process.env)) return here === desk;
  try {
    return (await askSupervisor(home, 'who', {})).desk === desk;
  } catch {
    return false;
  }
}

/** Survives the end of every process, including this command: the same id joins it again. */
export async function validateByWorkflow(
  runtime: Runtime,
  request: ValidationRequest,
  onProgress: OnProgress,
): Promise<Validated> {
  const { openTemporal } = await import('../temporal/open-temporal.js');
  const { awaitValidation, startValidation } = await import('../operations/validations.js');
  const temporal = openTemporal(runtime);
  const workflowId = await startValidation(temporal, request);
  const place = validationPlace(runtime.home, request.id);
  const over = new AbortController();
  const showing = showUntil(over.signal, place.progress, onProgress);
  try {
    const outcome = await awaitValidation(temporal, workflowId);
    return { report: reportOf(outcome), files: outcome.files, workflowId, problems: [] };
  } finally {
    over.abort();
    await showing;
  }
}

/** Ends with this command; the same id continues it. */
export async function validateHere(
  home: string,
  request: ValidationRequest,
  onProgress: OnProgress,
): Promise<Validated> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const { directory } = validationPlace(home, request.id);
    const unsigned = await runInProcess(directory, { onProgress, signal: ending.signal });
    const report = signReport(keyOf(home), unsigned);
    keepReport(home, report);
    const files = writeReport(request.reportFolder, report);
    const problem =
      `The desk does not run: the report is in files only, and nobody was told. With the desk running (fermata up), ` +
      `the same command with --id ${request.id} records and tells it.`;
    return { report, files, workflowId: null, problems: [problem] };
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

/** The installation's key, made here if no desk was ever started: an earlier validation counts all the same. */
function keyOf(home: string): string {
  mkdirSync(homePaths(home).secrets, { recursive: true, mode: 0o700 });
  makeSecret(home, 'decisionKey');
  return readSecret(home, 'decisionKey');
}

/** The report that was written for people is the one that was signed. */
function reportOf({ files }: ValidationOutcome): SignedReport {
  return JSON.parse(readFileSync(files.json, 'utf8')) as SignedReport;
}

async function showUntil(over: AbortSignal, file: string, onProgress: OnProgress): Promise<void> {
  while (!over.aborted) {
    const progress = readProgress(file);
    if (progress !== null) onProgress(progress);
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}
