import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { BacktestReport } from '../../backtest/report/build-report.js';
import { fillLines, orderLines } from '../../backtest/report/csv.js';
import { FIGURES, figureText, reportHtml } from '../../backtest/report/report-html.js';
import { type Backtest, type BacktestSetting, runBacktest } from '../../backtest/run-backtest.js';
import { scopeOf } from '../../backtest/scope.js';
import { DEFAULT_DESK } from '../../desk/resolve-desk.js';
import { amountText } from '../../domain/amount-text.js';
import { moment } from '../../domain/moment.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { dataKey } from '../../home/secrets.js';
import { DataFileError } from '../../market/recorded/data-file-error.js';
import { BAR_PATHS, type BarPath } from '../../venue/bar-path.js';
import { loadDesk } from '../../venue/load-desk.js';
import { LIMIT_FILLS, type LimitFill } from '../../venue/paper/matching.js';
import { backtestDesk, type DeskOptions, feesValue, settingValue } from '../backtest-desk.js';
import { dayValue } from '../days.js';
import { EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { type DataFile, dataFile, marketChoice } from '../market-choice.js';
import { namedDeskFile } from '../named-desk.js';
import { collected, positiveNumber, simulatorAddress, wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { progressPrinter } from '../progress-printer.js';
import { fermataHome } from '../running-desk.js';
import { storedMinutes } from '../stored-minutes.js';

const SLIPPAGE_TICKS_MAX = 10_000;
const LATENCY_MS_MAX = 10_000;
const PROGRESS_TOTAL = 1000;
/** What the terminal shows of the figures; the report has all. */
const SHOWN = new Set<string>([
  ...['cagrPct', 'volatilityPct', 'sharpe', 'sortino', 'calmar', 'maxDrawdownPct', 'longestDrawdownHours'],
  ...['trades', 'winRatePct', 'profitFactor', 'expectancy', 'averageR', 'exposurePct', 'turnover', 'fees'],
]);

interface BacktestOptions extends DeskOptions {
  readonly desk?: string;
  readonly data?: readonly DataFile[];
  readonly from?: number;
  readonly to?: number;
  readonly simulatedVenue?: string;
  readonly path: BarPath;
  readonly limitFill: LimitFill;
  readonly volumePart?: number;
  readonly fills?: string;
  readonly orders?: string;
  readonly report?: string;
  readonly json?: boolean;
}

export function backtestCommand(command: Command): void {
  command
    .option('--desk <name or file>', 'which desk; by default crypto-bot')
    .option(
      '--data <file>',
      'recorded prices: FILE or SYMBOL=FILE; repeat for more, also of one symbol',
      collected(dataFile),
    )
    .option('--from <date>', 'on stored minutes (fermata data fetch): first day, UTC', dayValue)
    .option('--to <date>', 'last day, UTC, all of it', dayValue)
    .option(
      '--simulated-venue <address>',
      'whose stored minutes: those of a simulator on this machine',
      simulatorAddress,
    )
    .option('--strategy <name>', 'only this one of the desk’s strategies, also where it is off')
    .option(
      '--set <key=value>',
      'instead of the desk file’s: a parameter, or a key such as risk.stopLossPct; repeat for more',
      collected(settingValue),
    )
    .option('--fees <percent>', 'of the value: one for all, or MAKER,TAKER', feesValue)
    .option(
      '--slippage <ticks>',
      'how much worse market and stop orders are filled',
      wholeNumber(0, SLIPPAGE_TICKS_MAX),
    )
    .option('--latency-ms <ms>', 'market time until an order arrives', wholeNumber(0, LATENCY_MS_MAX))
    .addOption(
      new Option('--path <order>', 'which extreme of a bar comes first').choices(BAR_PATHS).default('nearer'),
    )
    .addOption(
      new Option('--limit-fill <when>', 'a resting limit order: when the quote reaches it, or goes beyond it')
        .choices(LIMIT_FILLS)
        .default('touch'),
    )
    .option(
      '--volume-part <percent>',
      'orders get this part of what was traded or quoted; without it they are filled whole',
      positiveNumber(100),
    )
    .option('--fills <file>', 'write every fill as CSV')
    .option('--orders <file>', 'write every order as CSV')
    .option('--report <file>', 'write the report as a page')
    .option('--json', 'print the report as JSON; progress goes to standard error')
    .action(async (options: BacktestOptions) => {
      process.exitCode = await backtest(options);
    });
}

/** Everything about the options is checked before anything is run. */
async function backtest(options: BacktestOptions): Promise<number> {
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const loaded = loadDesk(namedDeskFile(options.desk));
  const { desk, configHash, set } = backtestDesk(loaded, options);
  // The command that fetches what is missing is about this desk, whichever runs here.
  const named = { ...options, desk: options.desk ?? DEFAULT_DESK };
  const stored = await storedMinutes(named, desk, home, runtime?.simulatedVenue);
  const files = stored?.data ?? options.data ?? [];
  if (files.length === 0)
    throw usageFailure(
      'there are no prices to trade on',
      'write --data FILE (or SYMBOL=FILE), or --from DATE --to DATE of minutes that fermata data fetch stored',
    );
  const market = marketChoice({ data: files }, desk);
  if (scopeOf(desk, market).desk.strategies.length === 0)
    throw usageFailure('no strategy trades what the data is of', 'name its symbol: --data SYMBOL=FILE');
  const written = openOutputs(options);
  const [beginMs, untilMs] =
    stored === null ? [null, null] : [stored.beginMs, stored.beginMs + stored.durationMs];
  const { path, limitFill, volumePart: volumePartPct = null } = options;
  const fillModel = { path, limitFill, volumePartPct };
  const done = await run({
    desk,
    fillModel,
    configHash,
    set,
    files,
    beginMs,
    untilMs,
    dataKey: dataKey(home),
  });
  writeOutputs(written, done);
  if (options.json === true) printJson(done.report);
  else printLines(reportLines(done.report, options));
  return isSound(done.report) ? EXIT_OK : EXIT_FAILED;
}

async function run(setting: Omit<BacktestSetting, 'signal' | 'onProgress'>): Promise<Backtest> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const show = progressPrinter(process.stderr);
  try {
    return await runBacktest({
      ...setting,
      signal: ending.signal,
      onProgress: ({ marketMs, part, trades }) =>
        show({
          kind: 'bar',
          text: `backtest, ${moment(marketMs)}, ${trades} trades`,
          done: Math.round(part * PROGRESS_TOTAL),
          total: PROGRESS_TOTAL,
        }),
    });
  } catch (error) {
    throw error instanceof DataFileError ? damaged(error) : error;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function damaged({ message, problem: { doThis } }: DataFileError): Error {
  return usageFailure(message.replace(` ${doThis}`, ''), doThis);
}

interface Outputs {
  readonly fills: number | null;
  readonly orders: number | null;
  readonly report: number | null;
}

/** Opened before the run: a folder that is not there is no news after an hour. What stands in them stays until it is over. */
function openOutputs({ fills, orders, report }: BacktestOptions): Outputs {
  return {
    fills: opened('--fills', fills),
    orders: opened('--orders', orders),
    report: opened('--report', report),
  };
}

function opened(option: string, file: string | undefined): number | null {
  if (file === undefined) return null;
  try {
    return openSync(resolve(file), 'a');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageFailure(
      `${option}: ${file} can't be written (${code})`,
      'name a file in a folder that is there',
    );
  }
}

function writeOutputs(outputs: Outputs, { report, measure }: Backtest): void {
  write(outputs.report, [reportHtml(report)]);
  write(outputs.fills, measure === null ? [] : fillLines(measure));
  write(outputs.orders, measure === null ? [] : orderLines(measure));
}

function write(descriptor: number | null, texts: Iterable<string>): void {
  if (descriptor === null) return;
  ftruncateSync(descriptor);
  for (const text of texts) {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  }
  closeSync(descriptor);
}

/** Damaged files, and books that differ, make every figure worthless; a gap is said and may be what the market was. */
const isSound = ({ data }: BacktestReport): boolean =>
  !data.problems.some(({ kind }) => kind === 'damaged' || kind === 'books-differ' || kind === 'no-data');

function reportLines(report: BacktestReport, { fills, orders, report: page }: BacktestOptions): string[] {
  const { currency, period, market, figures, buyAndHold } = report;
  const money = (text: string): string => `${amountText(text, currency)} ${currency}`;
  const percent = (value: number): string => `${Number(value.toFixed(2))} %`;
  const when = (at: string | null): string => (at === null ? 'no price' : moment(Date.parse(at)));
  const outputs = [
    ['page', page],
    ['fills', fills],
    ['orders', orders],
  ] as const;
  return [
    `${isSound(report) ? '✓' : '✗'} backtest of ${report.desk} on ${market.symbols.join(', ')}: ${money(report.netProfit)}`,
    line('from, to', `${when(period.from)}, ${when(period.to)}`),
    line(
      'equity',
      `${money(report.startingEquity)} to ${money(report.finalEquity)} (${percent(figures?.returnPct ?? 0)})`,
    ),
    ...(buyAndHold === null
      ? []
      : [
          line(
            'buy and hold',
            `${percent(buyAndHold.returnPct)}, drawdown ${percent(buyAndHold.maxDrawdownPct)}`,
          ),
        ]),
    ...(figures === null
      ? []
      : FIGURES.filter(([name]) => SHOWN.has(name)).map(([name, title, unit]) =>
          line(title.toLowerCase(), figureText(figures[name], unit, currency)),
        )),
    ...(report.positions.length === 0
      ? []
      : [line('open', `${report.positions.length} positions, at their last price`)]),
    ...report.data.problems.map(({ text }) => `  ! ${text}`),
    ...market.leftOut.map((symbol) => `  ! ${symbol} is traded by the desk and had no prices here`),
    ...report.switchedOff.map(
      ({ strategy, at, reason }) => `  ! ${strategy} was switched off at ${when(at)}: ${reason}`,
    ),
    ...report.halts
      .filter(({ lifted }) => lifted === null)
      .map(({ at, reason }) => `  ! halted from ${when(at)} to the end: ${reason}`),
    ...outputs.flatMap(([name, file]) => (file === undefined ? [] : [line(name, file)])),
  ];
}

const line = (name: string, text: string): string => `  ${name.padEnd(24)} ${text}`;
