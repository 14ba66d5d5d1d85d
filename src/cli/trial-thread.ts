/** A thread that runs trials one after the other, as they are sent to it. */
import { parentPort, workerData } from 'node:worker_threads';
import { runBacktest } from '../backtest/run-backtest.js';
import { trialOf } from '../backtest/sweep/trial.js';
import { messageOf } from '../domain/message-of.js';
import { DataFileError } from '../market/recorded/data-file-error.js';
import { parseDesk } from '../venue/load-desk.js';
import { backtestDesk } from './backtest-desk.js';
import type { TrialAnswer, TrialJob, TrialSetting } from './run-trials.js';

const { file, text, dataKey } = workerData as TrialSetting;
const loaded = parseDesk(file, text);
const never = new AbortController().signal;

async function answer(job: TrialJob): Promise<TrialAnswer> {
  const { desk, configHash, set } = backtestDesk(loaded, job.options);
  if (configHash !== job.configHash) return { failed: 'a strategy’s files were changed while it ran' };
  const done = await runBacktest({
    ...{ desk, configHash, set, dataKey, files: job.files, fillModel: job.fillModel },
    tradesMax: 0,
    ...(job.signals === undefined ? {} : { signals: job.signals }),
    ...(job.actions === undefined ? {} : { actions: job.actions }),
    ...{ beginMs: job.beginMs, untilMs: job.untilMs, signal: never, onProgress: () => undefined },
  });
  const { data, market, execution, set: said } = done.report;
  return { trial: trialOf(job.values, done), problems: data.problems, market, execution, set: said };
}

parentPort?.on('message', (job: TrialJob) => {
  void answer(job)
    .catch(
      (error: unknown): TrialAnswer =>
        error instanceof DataFileError ? { damaged: error.problem } : { failed: messageOf(error) },
    )
    .then((result) => parentPort?.postMessage(result));
});
