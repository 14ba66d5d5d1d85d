/**
 * `hash-runs.ts DESK FILE RUNS`: backtests of a desk on that recording in one process, each with another amount of garbage before and
 * after it; prints what each came to, state and fills, as a line. Run with `--expose-gc` it collects at moments of its own.
 */
import { createHash } from 'node:crypto';
import { argv, stdout } from 'node:process';
import { fillLines } from '../../../src/backtest/report/csv.js';
import { runBacktest } from '../../../src/backtest/run-backtest.js';
import { loadDesk } from '../../../src/venue/load-desk.js';

const [, , deskFile = '', file = '', runs = '1'] = argv;
const { desk, configHash } = loadDesk(deskFile);
const kept: object[] = [];
for (let run = 0; run < Number(runs); run += 1) {
  for (let litter = 0; litter < run * 1_000; litter += 1) kept[litter % 997] = { litter, run };
  const { report, measure } = await runBacktest({
    ...{ desk, configHash, set: [], files: [{ symbol: 'BTC/USDT', file }], beginMs: null, untilMs: null },
    ...{ dataKey: null, fillModel: { path: 'nearer', limitFill: 'touch', volumePartPct: null } },
    signal: new AbortController().signal,
    onProgress: () => globalThis.gc?.(),
  });
  const fills = createHash('sha256');
  for (const line of fillLines(measure!)) fills.update(line);
  stdout.write(`${report.stateHash} ${fills.digest('hex')} ${report.fills}\n`);
}
