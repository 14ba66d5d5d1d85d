/**
 * Program of a process that runs the backtests sent to it, one after another: `dist/run/trial-process.js`.
 */
import { type FillRow, fillRow, type OrderRow, orderRow } from '../backtest/report/rows.js';
import { runBacktest } from '../backtest/run-backtest.js';
import { trialOf } from '../backtest/sweep/trial.js';
import type { LoadedDesk } from '../desk/load.js';
import { messageOf } from '../domain/message-of.js';
import { mapStacks } from '../home/mapped-stacks.js';
import { DataFileError } from '../market/recorded/data-file-error.js';
import { parseDesk } from '../venue/load-desk.js';
import { backtestDesk } from './backtest-desk.js';
import type { TrialAnswer, TrialJob, TrialNews, TrialSetting } from './run-trials.js';

const ROWS_AT_ONCE = 500;
const never = new AbortController().signal;

let setting: TrialSetting | null = null;
let loaded: LoadedDesk | null = null;

mapStacks();
process.on('message', (message: TrialSetting | TrialJob) => {
  if ('text' in message) setting = message;
  else void answerTo(message).then(send);
});
// Ctrl-C reaches every process of the terminal; the one that gave the jobs ends this one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

const send = (message: TrialAnswer | TrialNews): void => void process.send?.(message);

async function answerTo(job: TrialJob): Promise<TrialAnswer> {
  try {
    return await run(job);
  } catch (error) {
    if (error instanceof DataFileError) return { damaged: error.problem };
    return { failed: error instanceof Error ? error : new Error(messageOf(error)) };
  }
}

async function run(job: TrialJob): Promise<TrialAnswer> {
  if (setting === null) throw new Error('a job before its setting');
  const { file, text, folder, dataKey } = setting;
  loaded ??= parseDesk(file, text, { folder });
  const { desk, configHash, set } = backtestDesk(loaded, job.options);
  if (configHash !== job.configHash) throw new Error('a strategy’s files were changed while it ran');
  const { whole } = job;
  const fills = inBatches<FillRow>((rows) => send({ fills: rows }));
  const orders = inBatches<OrderRow>((rows) => send({ orders: rows }));
  const done = await runBacktest({
    ...{ desk, configHash, set, dataKey, files: job.files, fillModel: job.fillModel },
    ...(job.signals === undefined ? {} : { signals: job.signals }),
    ...(job.actions === undefined ? {} : { actions: job.actions }),
    ...{ beginMs: job.beginMs, untilMs: job.untilMs, signal: never },
    tradesMax: whole?.tradesMax ?? 0,
    details: {
      ...(whole?.fills === true
        ? { onFill: (fill, order, instruments) => fills.add(fillRow(instruments, fill, order)) }
        : {}),
      ...(whole?.orders === true
        ? { onOrder: (order, instruments) => orders.add(orderRow(instruments, order)) }
        : {}),
    },
    onProgress: (progress) => (whole === undefined ? undefined : send({ progress })),
  });
  fills.flush();
  orders.flush();
  if (whole !== undefined) return { report: done.report };
  const { data, market, execution, set: said } = done.report;
  return { trial: trialOf(job.values, done), problems: data.problems, market, execution, set: said };
}

/** One message per row would take longer than the run. */
function inBatches<Row>(tell: (rows: readonly Row[]) => void) {
  let rows: Row[] = [];
  const flush = (): void => {
    if (rows.length > 0) tell(rows);
    rows = [];
  };
  const add = (row: Row | null): void => {
    if (row !== null) rows.push(row);
    if (rows.length >= ROWS_AT_ONCE) flush();
  };
  return { add, flush };
}
