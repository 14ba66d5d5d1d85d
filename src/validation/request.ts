/**
 * One validation: what was requested, where its files are, and the process that makes it. It is one of its own, since it is
 * busy for seconds at full speed, and for days on live prices.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../backtest/run-on-prices.js';
import { COMPILE_LATER, fromWorkingFolder, plainEnvironment } from '../desk/desk-environment.js';
import type { LoadedDesk } from '../desk/load.js';
import { keepOwnFiles } from '../desk/own-strategies.js';
import type { MarketChoice } from '../home/runtime.js';
import type { Criteria, ValidationReport } from './report/report.js';

export interface ValidationRequest {
  readonly version: 1;
  readonly id: string;
  readonly desk: string;
  readonly configHash: string;
  /** Wall time of the request; the report is named after it. */
  readonly createdMs: number;
  /** Market time to be traded, exactly. */
  readonly durationMs: number;
  /**
   * Market time from which recorded prices are traded; earlier ones are for warm-up. Left out: the first
   * price.
   */
  readonly beginMs?: number;
  readonly market: MarketChoice;
  /** From when it trades. Left out, by former versions: from when every instrument has a price. */
  readonly trades?: 'from-first-price';
  /** A recording that goes over rolls is rolled. Left out, by former versions: it counts as one contract. */
  readonly rolls?: 'by-desk-file';
  readonly criteria: Criteria;
  /** Absolute path: where the reports are put. */
  readonly reportFolder: string;
  readonly requestedBy: string;
}

export interface ValidationPlace {
  readonly directory: string;
  readonly request: string;
  /** The desk file as it was at the request. */
  readonly deskFile: string;
  readonly journal: string;
  readonly prices: string;
  readonly progress: string;
  readonly result: string;
}

/** Folder of a separate instance, apart from every running desk: `FERMATA_HOME/validations/<id>`. */
export function validationPlace(home: string, id: string): ValidationPlace {
  return placeAt(join(resolve(home), 'validations', id));
}

export function placeAt(directory: string): ValidationPlace {
  return {
    directory,
    request: join(directory, 'request.json'),
    deskFile: join(directory, 'desk.yaml'),
    journal: join(directory, 'journal'),
    prices: join(directory, 'prices.log'),
    progress: join(directory, 'progress.json'),
    result: join(directory, 'result.json'),
  };
}

/** The id was used for a different request. Nothing was changed. */
class OtherValidation extends Error {
  override readonly name = 'OtherValidation';
  readonly keptSafe = 'that validation was not touched';
  readonly doThis = 'leave out --id to begin a new one';
}

/**
 * Writes the request down, once. The same request again returns the one that was written first, so that a validation
 * can be continued. Throws `OtherValidation` if the id stands for another one.
 */
export function keepRequest(
  home: string,
  request: ValidationRequest,
  { text, desk }: Pick<LoadedDesk, 'text' | 'desk'>,
): ValidationRequest {
  const place = validationPlace(home, request.id);
  if (existsSync(place.request)) {
    const kept = readRequest(place);
    const differs = WHAT_IS_ASKED.find((key) => JSON.stringify(kept[key]) !== JSON.stringify(request[key]));
    if (differs !== undefined) {
      throw new OtherValidation(`validation ${request.id} is another one: its ${differs} differs`);
    }
    return kept;
  }
  mkdirSync(place.directory, { recursive: true, mode: 0o700 });
  writeFileSync(place.deskFile, text, { mode: 0o600 });
  keepOwnFiles(place.directory, desk);
  const written: ValidationRequest = { ...request, trades: 'from-first-price', rolls: 'by-desk-file' };
  replaceFile(place.request, written);
  return written;
}

const WHAT_IS_ASKED = ['desk', 'configHash', 'durationMs', 'beginMs', 'market', 'criteria'] as const;

export function readRequest(place: ValidationPlace): ValidationRequest {
  return JSON.parse(readFileSync(place.request, 'utf8')) as ValidationRequest;
}

/** Replaces the whole file or nothing. */
export function replaceFile(file: string, value: unknown): void {
  const next = `${file}.next`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, file);
}

/** Where the runbook looks for reports. */
const REPORT_FOLDER = 'data';

export interface ValidationAsked {
  readonly id?: string | undefined;
  readonly durationMs: number;
  readonly beginMs?: number;
  readonly market: MarketChoice;
  readonly criteria?: { readonly [C in keyof Criteria]?: Criteria[C] | undefined };
  readonly requestedBy: string;
}

/** A request for a validation, from any source. Whatever is left out comes from the desk file. */
export function newRequest(
  { desk, configHash }: Pick<LoadedDesk, 'desk' | 'configHash'>,
  { id, durationMs, beginMs, market, criteria = {}, requestedBy }: ValidationAsked,
  nowMs: number,
): ValidationRequest {
  const { minTrades, minWinRatePct, minSharpe, maxDrawdownPct } = desk.goLive.criteria;
  return {
    version: 1,
    id: id ?? newId(nowMs),
    desk: desk.desk,
    configHash,
    createdMs: nowMs,
    durationMs,
    ...(beginMs === undefined ? {} : { beginMs }),
    market,
    criteria: {
      minTrades: criteria.minTrades ?? minTrades,
      minWinRatePct: criteria.minWinRatePct ?? minWinRatePct,
      minSharpe: criteria.minSharpe ?? minSharpe,
      maxDrawdownPct: criteria.maxDrawdownPct ?? maxDrawdownPct,
    },
    reportFolder: fromWorkingFolder(REPORT_FOLDER),
    requestedBy,
  };
}

/** Sorts by time; two of the same moment differ. */
function newId(nowMs: number): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'z')
    .replaceAll(/[-:]/g, '')
    .toLowerCase();
  return `${stamp}-${randomBytes(3).toString('hex')}`;
}

const PROGRAM = fileURLToPath(new URL('../../dist/run/run-validation.js', import.meta.url));
/** Time to end after SIGTERM. */
const END_MS_MAX = 10_000;
const STDERR_CHARACTERS_MAX = 4000;

/** The process ended without a report. Its progress is kept: the same validation can be continued. */
class ValidationProcessFailed extends Error {
  override readonly name = 'ValidationProcessFailed';
  readonly keptSafe = 'what it had traded is in its journal; no running desk was touched';
}

interface ProcessOptions {
  readonly onProgress: (progress: Progress) => void;
  /** Ends the process; it can be continued later. */
  readonly signal: AbortSignal;
  readonly program?: string;
}

/** Resolves with the report. Rejects with `ValidationProcessFailed`. */
export async function runInProcess(directory: string, options: ProcessOptions): Promise<ValidationReport> {
  await ended(directory, options);
  return JSON.parse(readFileSync(placeAt(directory).result, 'utf8')) as ValidationReport;
}

function ended(directory: string, { onProgress, signal, program = PROGRAM }: ProcessOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(program, [directory], {
      // It reads public prices and files and needs none of the worker's secrets.
      env: plainEnvironment(),
      // Not the worker's own options, which keep its heap small: this process computes for minutes.
      execArgv: ['--enable-source-maps', ...COMPILE_LATER],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let failure: string | null = null;
    let errors = '';
    let timer: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGTERM');
      timer = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-STDERR_CHARACTERS_MAX);
    });
    child.on('message', (message: ValidationMessage) => {
      if (message.type === 'progress') onProgress(message.progress);
      else if (message.type === 'failed') failure = message.message;
    });
    child.on('error', (error) => {
      failure ??= error.message;
    });
    child.on('close', (code, killedBy) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (code === 0) resolve();
      else
        reject(new ValidationProcessFailed(failure ?? `it ended with ${killedBy ?? code}: ${errors.trim()}`));
    });
  });
}

/** Messages from the process of a validation to the process that started it. */
export type ValidationMessage =
  | { readonly type: 'progress'; readonly progress: Progress }
  /** The report is on disk. */
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string; readonly interrupted: boolean };
