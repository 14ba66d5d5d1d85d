/**
 * Backtests: a million generated minutes traded by averages that cross, from a strategy of the user's own, with a stop for each entry and
 * the shipped limits; the crypto desk as it ships on the same minutes; and how both grow. Bars and orders a second are of the processor's
 * time, collector and compiler included, so that other work on the machine changes them little.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveDesk } from '../src/desk/resolve-desk.js';
import { walkSymbols, writeCrossDesk, writeWalk } from '../test/backtest/support/walks.js';
import { atLength, print } from './print.js';

const MINUTES = Number(process.env.FERMATA_BENCH_MINUTES ?? atLength(1_000_000, 1_000));
/** Ten years without a pause, where somebody has the time: `FERMATA_BENCH_YEARS=10`. */
const YEARS = Number(process.env.FERMATA_BENCH_YEARS ?? 0);
const MINUTES_A_YEAR = 525_960;
const GROWTH = [10, 100] as const;
const RUN = fileURLToPath(new URL('backtest-run.mjs', import.meta.url));

interface Ran {
  readonly seconds: number;
  readonly orders: number;
  readonly trades: number;
  readonly peakMebibytes: number;
}

const folder = mkdtempSync(join(tmpdir(), 'fermata-bench-'));

/** `minutes`: of each instrument. */
function run(
  way: 'file' | 'read' | 'engine',
  desk: string,
  symbols: readonly string[],
  minutes: number,
): Ran {
  const data = symbols.map((symbol, at) => {
    const file = join(folder, `walk-${at}-${minutes}.csv`);
    writeWalk(file, minutes, at + 1);
    return `${symbol}=${file}`;
  });
  const told = execFileSync(process.execPath, [RUN, way, desk, ...data], { encoding: 'utf8' });
  for (const one of data) rmSync(one.slice(one.indexOf('=') + 1));
  return JSON.parse(told) as Ran;
}

function tell(name: string, { seconds, orders, trades, peakMebibytes }: Ran, bars: number): void {
  print(`${name}: bars a second`, bars / seconds, '1/s');
  if (orders > 0) print(`${name}: orders a second`, orders / seconds, '1/s');
  if (orders > 0) print(`${name}: round trips`, trades, '');
  print(`${name}: peak memory`, peakMebibytes, 'MiB');
}

try {
  const one = walkSymbols(1);
  const cross = writeCrossDesk(join(folder, 'cross'));
  const whole = run('file', cross, one, MINUTES);
  tell('averages that cross, whole backtest from a file', whole, MINUTES);
  const read = run('read', cross, one, MINUTES);
  tell('reading the file into prices', read, MINUTES);
  print(
    'averages that cross, whole backtest without the reading: bars a second',
    MINUTES / Math.max(0.001, whole.seconds - read.seconds),
    '1/s',
  );
  tell('averages that cross, engine alone without orders', run('engine', cross, one, MINUTES), MINUTES);
  tell('the crypto desk as it ships', run('file', resolveDesk('crypto-bot'), one, MINUTES), MINUTES);
  for (const count of GROWTH) {
    const symbols = walkSymbols(count);
    const desk = writeCrossDesk(join(folder, `cross-${count}`), symbols);
    const each = Math.max(100, Math.floor(MINUTES / (5 * count)));
    tell(`${count} instruments, ${each} minutes each`, run('file', desk, symbols, each), each * count);
  }
  const years = Math.round(YEARS * MINUTES_A_YEAR);
  if (years > 0) tell(`${YEARS} years`, run('file', cross, one, years), years);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
