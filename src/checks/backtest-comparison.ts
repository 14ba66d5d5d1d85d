import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { DAY_MS, HOUR_MS } from '../domain/civil-date.js';
import { isUnusual } from '../domain/statistics.js';
import { deskFolderOf } from '../home/runtime.js';
import { readEquityFigures } from '../reports/equity-figures.js';
import { readClosings, readEquitySteps, readTrades } from '../store/ledger-figures.js';
import { type CheckContext, check } from './check.js';
import { marketNowMs } from './market-now.js';

/** A win rate lower by more than this many standard errors, given the number of trades, is not chance. */
const STANDARD_ERRORS = 2;

/** The parts of a `fermata backtest --json` report that are compared. */
const reportSchema = z.object({
  kind: z.literal('backtest-report'),
  configHash: z.string(),
  period: z.object({ days: z.number().positive() }),
  figures: z.object({
    trades: z.number(),
    winRatePct: z.number().nullable(),
    averageR: z.number().nullable(),
    sharpe: z.number().nullable(),
    maxDrawdownPct: z.number(),
  }),
});
type BacktestReport = z.output<typeof reportSchema>;

/**
 * Compares the last `days` with a backtest's report, figure by figure. Fails if a difference can't be chance:
 * a deeper drawdown, fewer wins than expected for the number of trades, or an unusual number of trades
 * (Poisson). A desk that began since then is judged only from its first equity on.
 */
export const backtestComparison = check(
  'The last days beside a backtest',
  z.strictObject({ days: z.number().positive().default(30), file: z.string().min(1).optional() }),
  async (context, { days, file }) => {
    const expectedOf = (told: number): string =>
      `the last ${Number(told.toFixed(1))} days are as the backtest leads one to expect`;
    const expected = expectedOf(days);
    if (file === undefined)
      return {
        verdict: 'not_run',
        observed: 'no backtest is named: name its report with file under with:',
        expected,
      };
    const path = resolve(deskFolderOf(context.runtime), file);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return null;
    });
    if (text === null)
      return {
        verdict: 'not_run',
        observed: `there is no ${path}: write it with fermata backtest --json`,
        expected,
      };
    const backtest = reportOf(text, path);
    const live = await liveFigures(context, days);
    if (live === null)
      return { verdict: 'not_run', observed: `no equity in the last ${days} days`, expected };
    const isOther = backtest.configHash !== context.runtime.configHash;
    const apart = differences(live, backtest);
    const of = isOther ? '; the backtest is of another configuration' : '';
    const observed = `${compared(live, backtest)}${of}${apart.length === 0 ? '' : `; not by chance: ${apart.join(', ')}`}`;
    const verdict = apart.length > 0 ? 'fail' : isOther ? 'warn' : 'pass';
    return { verdict, observed, expected: expectedOf(live.days) };
  },
);

function reportOf(text: string, path: string): BacktestReport {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = null;
  }
  const read = reportSchema.safeParse(parsed);
  if (!read.success) throw new Error(`${path} is no report of fermata backtest --json with figures`);
  return read.data;
}

interface LiveFigures {
  /** How many days they cover. */
  readonly days: number;
  readonly trades: number;
  readonly wins: number;
  readonly averageR: number | null;
  readonly sharpe: number | null;
  readonly maxDrawdownPct: number;
}

async function liveFigures({ pool, desk, trader }: CheckContext, days: number): Promise<LiveFigures | null> {
  const toMs = await marketNowMs(trader);
  const span = { desk: desk.desk, fromMs: toMs - days * DAY_MS, toMs: toMs + 1 };
  const hours = readEquitySteps(pool, span, HOUR_MS);
  const [{ sharpe, maxDrawdownPct }, [first], closings, trades] = await Promise.all([
    readEquityFigures((stepMs) => (stepMs === HOUR_MS ? hours : readEquitySteps(pool, span, stepMs))),
    hours,
    readClosings(pool, span),
    readTrades(pool, span),
  ]);
  if (maxDrawdownPct === null || first === undefined) return null;
  const rated = trades.reduce((sum, one) => sum + one.rated, 0);
  return {
    days: (toMs - Math.max(span.fromMs, first.marketMs)) / DAY_MS,
    trades: closings.length,
    wins: closings.filter(({ net }) => net > 0).length,
    averageR: rated === 0 ? null : trades.reduce((sum, { r }) => sum + r, 0) / rated,
    sharpe,
    maxDrawdownPct,
  };
}

const tradesExpected = ({ figures, period }: BacktestReport, { days }: LiveFigures): number =>
  (figures.trades * days) / period.days;

function compared(live: LiveFigures, backtest: BacktestReport): string {
  const { figures } = backtest;
  const beside = (name: string, found: string, wanted: string): string =>
    `${name} ${found} (backtest ${wanted})`;
  const winRatePct = live.trades === 0 ? null : (live.wins / live.trades) * 100;
  return [
    beside('trades', String(live.trades), tradesExpected(backtest, live).toFixed(1)),
    beside('win rate', shown(winRatePct, ' %'), shown(figures.winRatePct, ' %')),
    beside('average R', shown(live.averageR), shown(figures.averageR)),
    beside('Sharpe', shown(live.sharpe), shown(figures.sharpe)),
    beside('largest drawdown', shown(live.maxDrawdownPct, ' %'), shown(figures.maxDrawdownPct, ' %')),
  ].join(', ');
}

const shown = (value: number | null, unit = ''): string =>
  value === null ? 'not known' : `${value.toFixed(2)}${unit}`;

function differences(live: LiveFigures, backtest: BacktestReport): readonly string[] {
  const { winRatePct, maxDrawdownPct } = backtest.figures;
  const rate = (winRatePct ?? 0) / 100;
  const least = rate - STANDARD_ERRORS * Math.sqrt((rate * (1 - rate)) / Math.max(1, live.trades));
  return [
    ...(isUnusual(tradesExpected(backtest, live), live.trades) ? ['trades'] : []),
    ...(live.trades > 0 && live.wins / live.trades < least ? ['win rate'] : []),
    ...(live.maxDrawdownPct > maxDrawdownPct ? ['largest drawdown'] : []),
  ];
}
