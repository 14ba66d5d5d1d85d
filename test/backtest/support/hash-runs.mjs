/**
 * `hash-runs.mjs DESK FILE RUNS [PROCESSES]`: backtests of a desk on that recording in one process, each with another amount of garbage
 * before and after it; prints what each came to, state and fills, as a line. Run with `--expose-gc` it collects at moments of its
 * own. With PROCESSES they are the trials of a sweep in so many processes, and a line is the state alone. As built: the compiler
 * would take longer than the runs.
 */
import { createHash } from 'node:crypto';
import { argv, stdout } from 'node:process';
import { FILL_COLUMNS, fillRow, rowLine } from '../../../dist/backtest/report/rows.js';
import { runBacktest } from '../../../dist/backtest/run-backtest.js';
import { TrialProcesses } from '../../../dist/cli/run-trials.js';
import { loadDesk } from '../../../dist/venue/load-desk.js';

const [, , deskFile = '', file = '', runs = '1', processes = '0'] = argv;
const { desk, configHash, text, folder } = loadDesk(deskFile);
const files = [{ symbol: 'BTC/USDT', file }];
const fillModel = { path: 'nearer', limitFill: 'touch', volumePartPct: null };

async function asTrials(count) {
  const pool = new TrialProcesses({ file: deskFile, text, folder, dataKey: null }, count);
  const job = { options: {}, values: [], configHash, files, fillModel, beginMs: null, untilMs: null };
  await pool.run(Array(Number(runs)).fill(job), ({ trial }) => stdout.write(`${trial.stateHash}\n`));
  await pool.end();
}

async function oneAfterTheOther() {
  const kept = [];
  for (let run = 0; run < Number(runs); run += 1) {
    for (let litter = 0; litter < run * 1_000; litter += 1) kept[litter % 997] = { litter, run };
    const fills = createHash('sha256');
    const { report } = await runBacktest({
      ...{ desk, configHash, set: [], files, beginMs: null, untilMs: null, dataKey: null, fillModel },
      signal: new AbortController().signal,
      onProgress: () => globalThis.gc?.(),
      details: {
        onFill: (fill, order, instruments) =>
          void fills.update(rowLine(FILL_COLUMNS, fillRow(instruments, fill, order))),
      },
    });
    stdout.write(`${report.stateHash} ${fills.digest('hex')} ${report.fills}\n`);
  }
}

if (Number(processes) > 0) await asTrials(Number(processes));
else await oneAfterTheOther();
