/**
 * Backtests in their own processes: a single one, or trials on all cores, where each process gets the next
 * trial as soon as it has finished one. If a strategy's memory grows without limit, its process ends and
 * cannot even report why; a thread would take all the others with it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import type { TimedAction } from '../backtest/corporate-actions.js';
import type { BacktestReport } from '../backtest/report/build-report.js';
import type { FillModel } from '../backtest/report/execution.js';
import type { FillRow, OrderRow } from '../backtest/report/rows.js';
import { BacktestInterrupted } from '../backtest/run-backtest.js';
import type { Progress } from '../backtest/run-on-prices.js';
import type { TimedSignal } from '../backtest/signals-file.js';
import { type Trial, type Value, valuesText } from '../backtest/sweep/trial.js';
import { COMPILE_LATER } from '../desk/desk-environment.js';
import { moment } from '../domain/moment.js';
import { DataFileError, type DataFileProblem } from '../market/recorded/data-file-error.js';
import type { DeskOptions } from './backtest-desk.js';
import { CliFailure } from './failure.js';
import type { DataFile } from './market-choice.js';

export interface TrialSetting {
  /** The desk file and its text, so that all trials are of one desk. */
  readonly file: string;
  readonly text: string;
  readonly folder: string;
  readonly dataKey: string | null;
}

export interface TrialJob {
  readonly options: DeskOptions;
  readonly values: readonly Value[];
  /** The hash that the desk must have: a strategy's files can change between two trials. */
  readonly configHash: string;
  readonly files: readonly DataFile[];
  readonly signals?: readonly TimedSignal[];
  readonly actions?: readonly TimedAction[];
  readonly fillModel: FillModel;
  readonly beginMs: number | null;
  readonly untilMs: number | null;
  /** For a single backtest: its whole report, with at most this many trades, and news of it. */
  readonly whole?: { readonly tradesMax: number; readonly fills: boolean; readonly orders: boolean };
}

export interface TrialDone extends Pick<BacktestReport, 'market' | 'execution' | 'set'> {
  readonly trial: Trial;
  readonly problems: BacktestReport['data']['problems'];
}

export type TrialAnswer =
  | TrialDone
  | { readonly report: BacktestReport }
  | { readonly failed: Error }
  | { readonly damaged: DataFileProblem };

/** Sent while a single backtest runs; rows in order, several at once. */
export type TrialNews =
  | { readonly progress: Progress }
  | { readonly fills: readonly FillRow[] }
  | { readonly orders: readonly OrderRow[] };

/** The same from src and dist: only the bundle of a build has this program. */
const PROGRAM = fileURLToPath(new URL('../../dist/run/trial-process.js', import.meta.url));
const SAID_CHARACTERS_MAX = 8_000;
const BYTES_PER_MB = 1024 * 1024;

/** Processes that serve all trials of one command. */
export class TrialProcesses {
  readonly #processes: readonly TrialProcess[];

  constructor(setting: TrialSetting, count: number) {
    this.#processes = Array.from({ length: count }, () => new TrialProcess(setting));
  }

  /**
   * The result of each job, in order. Rejects with the first failure; with `BacktestInterrupted` after `end`.
   */
  async run(jobs: readonly TrialJob[], onDone: (done: TrialDone) => void): Promise<readonly TrialDone[]> {
    const results: TrialDone[] = [];
    let next = 0;
    const work = async (process: TrialProcess): Promise<void> => {
      for (let at = next++; at < jobs.length; at = next++) {
        const job = jobs[at] as TrialJob;
        const done = await process.ask(job, () => undefined);
        if ('failed' in done) throw trialFailure(job, done.failed.message);
        if ('report' in done) throw new Error('a report in the place of a trial');
        results[at] = done;
        onDone(done);
      }
    };
    await Promise.all(this.#processes.map(work));
    return results;
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end()));
  }
}

export class TrialProcess {
  readonly #child: ChildProcess;
  /** Never rejects. */
  readonly #over: Promise<unknown>;
  #said = '';
  #isEnding = false;

  constructor(setting: TrialSetting) {
    this.#child = fork(PROGRAM, [], {
      execArgv: [...process.execArgv, ...COMPILE_LATER],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#over = new Promise((resolve) => this.#child.once('close', resolve).once('error', resolve));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-SAID_CHARACTERS_MAX);
    });
    this.#send(setting);
  }

  /** Rejects if the file is damaged, or the process ends; with `BacktestInterrupted` after `end`. */
  ask(
    job: TrialJob,
    onNews: (news: TrialNews) => void,
  ): Promise<Exclude<TrialAnswer, { readonly damaged: unknown }>> {
    return new Promise((resolve, reject) => {
      let reachedMs: number | null = null;
      const heard = (message: TrialAnswer | TrialNews): void => {
        if ('progress' in message) reachedMs = message.progress.marketMs;
        if ('progress' in message || 'fills' in message || 'orders' in message) {
          onNews(message);
          return;
        }
        this.#child.off('message', heard);
        if ('damaged' in message) reject(new DataFileError(message.damaged));
        else resolve(message);
      };
      this.#child.on('message', heard);
      void this.#over.then(() => reject(this.#whyOver(job, reachedMs)));
      this.#send(job);
    });
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
    await this.#over;
  }

  /** If the process has ended and nothing was sent, `#over` reports it. */
  #send(message: TrialSetting | TrialJob): void {
    this.#child.send(message, () => undefined);
  }

  #whyOver({ values }: TrialJob, reachedMs: number | null): Error {
    if (this.#isEnding) return new BacktestInterrupted('the backtest was ended');
    const what = values.length === 0 ? 'the backtest' : `the trial ${valuesText(values)}`;
    const at = reachedMs === null ? '' : `, after ${moment(reachedMs)}`;
    if (!this.#said.includes('heap out of memory')) {
      const { exitCode, signalCode } = this.#child;
      return new CliFailure(
        `the process of ${what} ended by ${signalCode ?? exitCode ?? 'itself'}${at}`,
        NOTHING_WRITTEN,
        'fermata doctor looks at this machine and its memory; then give the same command again',
      );
    }
    const mb = Math.round(getHeapStatistics().heap_size_limit / BYTES_PER_MB);
    return new CliFailure(
      `${what} took more and more memory${at}: ${mb} MB were not enough for it`,
      NOTHING_WRITTEN,
      `look for what the strategy keeps with each bar, price or fill and never drops; if it needs as much, let it have more: NODE_OPTIONS=--max-old-space-size=${2 * mb}`,
    );
  }
}

const NOTHING_WRITTEN = 'nothing was written; a backtest changes nothing else';

function trialFailure({ values }: TrialJob, why: string): CliFailure {
  return new CliFailure(
    `the trial ${valuesText(values)} failed: ${why}`,
    NOTHING_WRITTEN,
    'run it alone, with the same options, to see where',
  );
}
