/** Runs a validation in a process of its own: it is busy for seconds at full speed, and for days on live prices. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../backtest/run-on-prices.js';
import { COMPILE_LATER, plainEnvironment } from '../desk/desk-environment.js';
import type { ValidationReport } from './report/report.js';
import { placeAt } from './request.js';

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
