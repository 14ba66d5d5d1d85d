/** Trials on all cores: each thread takes the next one as soon as it has finished one. */
import { Worker } from 'node:worker_threads';
import type { TimedAction } from '../backtest/corporate-actions.js';
import type { BacktestReport } from '../backtest/report/build-report.js';
import type { FillModel } from '../backtest/report/execution.js';
import { BacktestInterrupted } from '../backtest/run-backtest.js';
import type { TimedSignal } from '../backtest/signals-file.js';
import { type Trial, type Value, valuesText } from '../backtest/sweep/trial.js';
import { DataFileError, type DataFileProblem } from '../market/recorded/data-file-error.js';
import type { DeskOptions } from './backtest-desk.js';
import { CliFailure } from './failure.js';
import type { DataFile } from './market-choice.js';

export interface TrialSetting {
  /** The desk file and its text, so that all trials are of one desk. */
  readonly file: string;
  readonly text: string;
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
}

export interface TrialDone extends Pick<BacktestReport, 'market' | 'execution' | 'set'> {
  readonly trial: Trial;
  readonly problems: BacktestReport['data']['problems'];
}

export type TrialAnswer = TrialDone | { readonly failed: string } | { readonly damaged: DataFileProblem };

const PROGRAM = new URL('./trial-thread.js', import.meta.url);

/** Threads that serve all trials of one command. */
export class TrialThreads {
  readonly #workers: readonly Worker[];

  constructor(setting: TrialSetting, count: number) {
    this.#workers = Array.from({ length: count }, () => new Worker(PROGRAM, { workerData: setting }));
  }

  /** The result of each job, in order. Rejects with the first failure; with `BacktestInterrupted` after `end`. */
  async run(jobs: readonly TrialJob[], onDone: (done: TrialDone) => void): Promise<readonly TrialDone[]> {
    const results: TrialDone[] = [];
    let next = 0;
    const work = async (worker: Worker): Promise<void> => {
      for (let at = next++; at < jobs.length; at = next++) {
        const done = await ask(worker, jobs[at] as TrialJob);
        results[at] = done;
        onDone(done);
      }
    };
    await Promise.all(this.#workers.map(work));
    return results;
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, job: TrialJob): Promise<TrialDone> {
  return new Promise((resolve, reject) => {
    const ended = (): void => settle(() => reject(new BacktestInterrupted('the sweep was ended')));
    const failed = (error: Error): void => settle(() => reject(error));
    const answered = (answer: TrialAnswer): void =>
      settle(() => {
        if ('failed' in answer) reject(trialFailure(job, answer.failed));
        else if ('damaged' in answer) reject(new DataFileError(answer.damaged));
        else resolve(answer);
      });
    const settle = (then: () => void): void => {
      worker.off('exit', ended).off('error', failed).off('message', answered);
      then();
    };
    worker.once('exit', ended).once('error', failed).once('message', answered);
    worker.postMessage(job);
  });
}

function trialFailure({ values }: TrialJob, why: string): CliFailure {
  return new CliFailure(
    `the trial ${valuesText(values)} failed: ${why}`,
    'nothing was written; a backtest changes nothing else',
    'run it alone, with the same options, to see where',
  );
}
