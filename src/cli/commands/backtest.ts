import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { ActionsFileError, readActions, type TimedAction } from '../../backtest/corporate-actions.js';
import { type BacktestReport, isSound } from '../../backtest/report/build-report.js';
import {
  deniedLines,
  neverEnteredLines,
  refusedAdjustLines,
  refusedSignalLines,
  rollTexts,
  signalsText,
} from '../../backtest/report/execution.js';
import {
  FIGURES,
  figureText,
  reportHtml,
  roundedMoney,
  TRADES_SHOWN_MAX,
} from '../../backtest/report/report-html.js';
import {
  FILL_COLUMNS,
  type FillRow,
  headLine,
  ORDER_COLUMNS,
  type OrderRow,
  rowLine,
} from '../../backtest/report/rows.js';
import { type Progress, scopeOf } from '../../backtest/run-on-prices.js';
import { readSignals, SignalsFileError, type TimedSignal } from '../../backtest/signals-file.js';
import { sweepHtml } from '../../backtest/sweep/sweep-html.js';
import { RANKED_BY, type RankedBy } from '../../backtest/sweep/trial.js';
import type { LoadedDesk } from '../../desk/load.js';
import { DEFAULT_DESK } from '../../desk/resolve-desk.js';
import type { Desk } from '../../desk/schema.js';
import { counted, gainText, grouped, lasted } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import { dataKey } from '../../home/secrets.js';
import { runtimeHere } from '../../home/started-desks.js';
import { inDeskOrder } from '../../market/recorded/check-recording.js';
import { DataFileError } from '../../market/recorded/data-file-error.js';
import { BAR_PATHS, type BarPath } from '../../venue/bar-path.js';
import { loadDesk } from '../../venue/load-desk.js';
import { LIMIT_FILLS, type LimitFill } from '../../venue/paper/matching.js';
import {
  backtestDesk,
  type DeskOptions,
  feesValue,
  refuseNothingTraded,
  strategyFile,
} from '../backtest-desk.js';
import { EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import {
  type DataFile,
  dataFile,
  marketChoice,
  type SimulatedVenue,
  simulatedVenueValue,
  simulatorStartedWith,
} from '../market-choice.js';
import { namedDeskFile } from '../named-desk.js';
import { collected, dayValue, positiveNumber, wholeNumber } from '../option-values.js';
import { printFailure, printJson, printLines, progressPrinter } from '../output.js';
import { type InputFile, OutputFile, refuseReplacing } from '../output-file.js';
import { type TrialJob, type TrialNews, TrialProcess, type TrialSetting } from '../run-trials.js';
import { fermataHome } from '../running-desk.js';
import { periodToTrade } from '../stored-period.js';
import {
  isJudged,
  isSwept,
  type SweptSetting,
  sweepBacktest,
  sweepLines,
  sweptValue,
} from '../sweep-backtest.js';

const SLIPPAGE_TICKS_MAX = 10_000;
const LATENCY_MS_MAX = 10_000;
const WALK_FORWARD_MAX = 100;
const JOBS_MAX = 256;
const PROGRESS_TOTAL = 1000;
/** How often a strategy may have been off for the terminal to show each time. */
const TIMES_OFF_SHOWN = 3;
/** The figures that the terminal shows; the report has all of them. */
const SHOWN = new Set<string>([
  ...['cagrPct', 'volatilityPct', 'sharpe', 'sortino', 'calmar', 'maxDrawdownPct', 'longestDrawdownHours'],
  ...['trades', 'winRatePct', 'profitFactor', 'expectancy', 'averageR', 'exposurePct', 'turnover', 'fees'],
]);

interface BacktestOptions extends Omit<DeskOptions, 'set'> {
  readonly set?: readonly SweptSetting[];
  readonly desk?: string;
  readonly data?: readonly DataFile[];
  readonly from?: number;
  readonly to?: number;
  readonly simulatedVenue?: SimulatedVenue;
  readonly path: BarPath;
  readonly limitFill: LimitFill;
  readonly volumePart?: number;
  readonly rank?: RankedBy;
  readonly walkForward?: number;
  readonly jobs?: number;
  readonly signals?: string;
  readonly actions?: string;
  readonly fills?: string;
  readonly orders?: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly lists?: boolean;
}

export function backtestCommand(command: Command): void {
  command
    .option('--desk <name or file>', `which desk; by default ${DEFAULT_DESK}`)
    .option(
      '--data <file>',
      'recorded prices: FILE or SYMBOL=FILE, of one side SYMBOL:bid=FILE, SYMBOL:ask=FILE; repeat for more, also of one symbol',
      collected(dataFile),
    )
    .option('--from <date>', 'on stored minutes (fermata data fetch): first day, UTC', dayValue)
    .option('--to <date>', 'last day, UTC, all of it', dayValue)
    .option(
      '--simulated-venue <[name=]address>',
      'use the stored minutes of a simulator on this machine',
      simulatedVenueValue,
    )
    .option('--strategy <name>', 'only this one of the desk’s strategies, even if it is off')
    .option(
      '--set <key=value>',
      'instead of the desk file’s: a parameter, or a key such as risk.stopLossPct; repeat for more. Several values, A,B,C or FROM:TO:STEP, are all tried',
      collected(sweptValue),
    )
    .addOption(new Option('--rank <figure>', 'rank several values by this').choices(RANKED_BY))
    .option(
      '--walk-forward <times>',
      'choose values on one part of the time, trade them on the next, then move on; this many times',
      wholeNumber(1, WALK_FORWARD_MAX),
    )
    .option('--jobs <n>', 'how many runs at once; by default one for each core', wholeNumber(1, JOBS_MAX))
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
      new Option(
        '--limit-fill <when>',
        'a resting limit order is filled when the quote reaches it, or passes it',
      )
        .choices(LIMIT_FILLS)
        .default('touch'),
    )
    .option(
      '--volume-part <percent>',
      'orders get this part of the traded or quoted volume; left out: filled whole',
      positiveNumber(100),
    )
    .option('--signals <file>', 'signals from outside, a line of JSON each, as for POST /api/signals')
    .option('--actions <file>', 'splits and dividends of stocks, date,symbol,kind,value a line')
    .option('--fills <file>', 'write every fill as CSV')
    .option('--orders <file>', 'write every order as CSV')
    .option('--report <file>', 'write the report as a page')
    .option('--json', 'print the report as JSON; progress goes to standard error')
    .option('--lists', 'with --json: every order and fill too')
    .action(async (options: BacktestOptions) => {
      process.exitCode = await backtest(options);
    });
}

/** `scoped`: the desk with only that strategy; it leaves out the desk's other instruments. */
function refuseUntraded(
  files: readonly DataFile[],
  { instruments }: Desk,
  scoped: Desk,
  strategy: string | undefined,
): void {
  const traded = scoped.instruments.map(({ symbol }) => symbol);
  const other = files.find(({ symbol }) => symbol !== null && !traded.includes(symbol))?.symbol;
  if (strategy === undefined || !instruments.some(({ symbol }) => symbol === other)) return;
  throw usageFailure(
    `strategy ${strategy} does not trade ${other}`,
    `use --data SYMBOL=FILE with one of: ${traded.join(', ')}`,
  );
}

/** All options are checked before anything runs. */
async function backtest(options: BacktestOptions): Promise<number> {
  const { set: settings = [], ...others } = options;
  const sweeps = settings.some(isSwept);
  refuseTwice(settings);
  refuseWhatHasNoMeaning(options, sweeps);
  const home = fermataHome();
  const runtime = runtimeHere(home);
  const loaded = loadDesk(namedDeskFile(options.desk));
  // In a sweep, each value is checked on its own; the file's own values are enough to find the prices.
  const fixed = sweeps ? [] : settings.map(({ key, values: [value = ''] }) => ({ key, value }));
  const { desk, configHash } = backtestDesk(loaded, { ...others, set: fixed });
  // The suggested command for fetching missing minutes must name this desk, whichever desk runs here.
  const named = { ...options, desk: options.desk ?? DEFAULT_DESK };
  const stored = await periodToTrade(named, desk, home, simulatorStartedWith(desk, runtime));
  // Without its symbol a file is of the desk's first instrument, whichever strategy is to trade.
  const files = inDeskOrder(stored?.data ?? options.data ?? [], loaded.desk.instruments);
  if (files.length === 0)
    throw usageFailure(
      'there are no prices to trade on',
      'write --data FILE (or SYMBOL=FILE), or --from DATE --to DATE of minutes that fermata data fetch stored',
    );
  refuseUntraded(files, loaded.desk, desk, options.strategy);
  const market = marketChoice({ data: files }, desk);
  refuseNothingTraded(scopeOf(desk, market));
  const inputs = inputsOf(options, files, [
    { desk: loaded.desk, folder: loaded.folder },
    { desk, folder: strategyFile(options.strategy)?.folder ?? loaded.folder },
  ]);
  for (const name of OUTPUTS)
    if (options[name] !== undefined)
      refuseReplacing(`--${name}`, options[name], [{ file: loaded.file, what: 'the desk file' }, ...inputs]);
  const { path, limitFill, volumePart: volumePartPct = null } = options;
  const prices = {
    fillModel: { path, limitFill, volumePartPct },
    files,
    beginMs: stored?.beginMs ?? null,
    untilMs: stored === null ? null : stored.beginMs + stored.durationMs,
    dataKey: dataKey(home),
    ...(options.signals === undefined ? {} : { signals: signalsIn(options.signals) }),
    ...(options.actions === undefined ? {} : { actions: actionsIn(options.actions, loaded.desk) }),
  };
  const outputs = openOutputs(options);
  try {
    if (!sweeps) {
      const { file, text, folder } = loaded;
      const job = { ...prices, options: { ...others, set: fixed }, configHash };
      return await single(job, { file, text, folder, dataKey: dataKey(home) }, options, outputs);
    }
    const { rank: rankedBy = 'sharpe', walkForward: windows = null, jobs = null } = options;
    const report = await told(
      sweepBacktest({ ...prices, loaded, options: others, set: settings, rankedBy, windows, jobs }),
    );
    const unkept = kept(outputs, () => sweepHtml(report));
    if (options.json === true) printJson(report);
    else printLines(sweepLines(report, unkept === null ? options.report : undefined));
    if (unkept !== null) return printFailure(unkept, false);
    return isJudged(report) ? EXIT_OK : EXIT_FAILED;
  } finally {
    for (const output of outputs.values()) output.drop();
  }
}

/** Orders and fills are written as they come, so they need no memory. Only lists are held, if requested. */
async function single(
  job: Omit<TrialJob, 'values' | 'whole'>,
  setting: TrialSetting,
  options: BacktestOptions,
  outputs: Outputs,
): Promise<number> {
  const lists = options.lists === true ? { orders: [] as OrderRow[], fills: [] as FillRow[] } : null;
  const [fills, orders] = [outputs.get('fills'), outputs.get('orders')];
  fills?.write(headLine(FILL_COLUMNS));
  orders?.write(headLine(ORDER_COLUMNS));
  const whole = {
    tradesMax: options.json === true ? Number.POSITIVE_INFINITY : TRADES_SHOWN_MAX,
    fills: fills !== undefined || lists !== null,
    orders: orders !== undefined || lists !== null,
  };
  const report = await run({ ...job, values: [], whole }, setting, (news) => {
    if ('fills' in news) {
      for (const row of news.fills) fills?.write(rowLine(FILL_COLUMNS, row));
      lists?.fills.push(...news.fills);
    } else if ('orders' in news) {
      for (const row of news.orders) orders?.write(rowLine(ORDER_COLUMNS, row));
      lists?.orders.push(...news.orders);
    }
  });
  // The page says that the run failed, which rows of a part of it would not.
  if (!isSound(report)) for (const output of [fills, orders]) output?.drop();
  const unkept = kept(outputs, () => reportHtml(report));
  if (options.json === true) printJson(lists === null ? report : { ...report, lists });
  else printLines(reportLines(report, unkept === null ? options : {}));
  if (unkept !== null) return printFailure(unkept, false);
  return isSound(report) ? EXIT_OK : EXIT_FAILED;
}

function refuseTwice(settings: readonly SweptSetting[]): void {
  const keys = settings.map(({ key }) => key);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined)
    throw usageFailure(`--set: ${twice} is set twice`, `write all its values in one: --set ${twice}=A,B,C`);
}

function refuseWhatHasNoMeaning(options: BacktestOptions, sweeps: boolean): void {
  const given = (names: readonly (keyof BacktestOptions & string)[]): string | undefined =>
    names.find((name) => options[name] !== undefined);
  const ofSweeps = given(['rank', 'walkForward', 'jobs']);
  if (!sweeps && ofSweeps !== undefined) {
    const option = ofSweeps === 'walkForward' ? 'walk-forward' : ofSweeps;
    throw usageFailure(
      `--${option} is about several values, and each key has one`,
      'name several to choose from, such as --set fastBars=10,20,40',
    );
  }
  if (options.lists === true && options.json !== true)
    throw usageFailure(
      '--lists adds every order and fill to the JSON, and --json is not there',
      'add --json, or write them as CSV: --orders FILE, --fills FILE',
    );
  const ofOne = given(['fills', 'orders', 'lists']);
  if (sweeps && ofOne !== undefined)
    throw usageFailure(
      `--${ofOne} is of one set of values, and several are tried`,
      'leave it out, and run the best values once more with it',
    );
}

async function run(
  job: TrialJob,
  setting: TrialSetting,
  onNews: (news: TrialNews) => void,
): Promise<BacktestReport> {
  const own = new TrialProcess(setting);
  const end = (): void => void own.end();
  process.once('SIGINT', end).once('SIGTERM', end);
  const print = progressPrinter(process.stderr);
  const show = ({ marketMs, part, trades }: Omit<Progress, 'equity'>): void =>
    print({
      kind: 'bar',
      text: `backtest, ${moment(marketMs)}, ${counted(trades, 'trade')}`,
      done: Math.round(part * PROGRESS_TOTAL),
      total: PROGRESS_TOTAL,
    });
  try {
    const answer = await told(
      own.ask(job, (news) => {
        if ('progress' in news) show(news.progress);
        else onNews(news);
      }),
    );
    if ('failed' in answer) throw answer.failed;
    if (!('report' in answer)) throw new Error('a backtest without a report');
    const { period, figures } = answer.report;
    if (period.to !== null) show({ marketMs: Date.parse(period.to), part: 1, trades: figures?.trades ?? 0 });
    return answer.report;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await own.end();
  }
}

/** Reports a damaged file as one that the caller must repair. */
async function told<Result>(running: Promise<Result>): Promise<Result> {
  try {
    return await running;
  } catch (error) {
    throw error instanceof DataFileError ? damaged(error) : error;
  }
}

function damaged({ message, problem: { doThis } }: DataFileError): Error {
  return usageFailure(message.replace(` ${doThis}`, ''), doThis);
}

function signalsIn(file: string): readonly TimedSignal[] {
  try {
    return readSignals(resolve(file));
  } catch (error) {
    if (!(error instanceof SignalsFileError)) throw error;
    throw usageFailure(`--signals: ${error.message}`, error.doThis);
  }
}

function actionsIn(file: string, desk: LoadedDesk['desk']): readonly TimedAction[] {
  try {
    return readActions(resolve(file), desk);
  } catch (error) {
    if (!(error instanceof ActionsFileError)) throw error;
    throw usageFailure(`--actions: ${error.message}`, error.doThis);
  }
}

/** What a run with these options reads, besides the desk file. */
function inputsOf(
  { data, signals, actions }: BacktestOptions,
  files: readonly DataFile[],
  desks: readonly Pick<LoadedDesk, 'desk' | 'folder'>[],
): readonly InputFile[] {
  const prices = data === undefined ? 'a file that --from and --to read' : 'the file that --data reads';
  return [
    ...files.map(({ file }) => ({ file, what: prices })),
    ...(signals === undefined ? [] : [{ file: signals, what: 'the file that --signals reads' }]),
    ...(actions === undefined ? [] : [{ file: actions, what: 'the file that --actions reads' }]),
    ...desks.flatMap(({ desk, folder }) =>
      desk.strategies.flatMap(({ name, own }) =>
        [...(own?.files ?? []), ...(own?.artefacts ?? [])].map(({ path }) => ({
          file: join(folder, path),
          what: `a file of strategy ${name}`,
        })),
      ),
    ),
  ];
}

const OUTPUTS = ['fills', 'orders', 'report'] as const;
type Outputs = Map<(typeof OUTPUTS)[number], OutputFile>;

function openOutputs(options: BacktestOptions): Outputs {
  const outputs: Outputs = new Map();
  try {
    for (const name of OUTPUTS) {
      const file = options[name];
      if (file === undefined) continue;
      const output = new OutputFile(`--${name}`, file);
      const [same] = [...outputs].find(([, other]) => other.isSameAs(output)) ?? [];
      outputs.set(name, output);
      if (same !== undefined)
        throw usageFailure(`--${same} and --${name} are one file: ${file}`, 'name a file for each of them');
    }
  } catch (error) {
    for (const output of outputs.values()) output.drop();
    throw error;
  }
  return outputs;
}

/** Null, or why not all is: what took hours is then printed all the same. */
function kept(outputs: Outputs, page: () => string): unknown {
  try {
    outputs.get('report')?.write(page());
    for (const output of outputs.values()) output.keep();
    return null;
  } catch (error) {
    return error;
  }
}

function reportLines(
  report: BacktestReport,
  { fills, orders, report: page }: Pick<BacktestOptions, (typeof OUTPUTS)[number]>,
): string[] {
  const { currency, period, market, figures, buyAndHold } = report;
  const money = (text: string): string => roundedMoney(text, currency);
  const percent = (value: number): string => `${grouped(String(Number(value.toFixed(2))))} %`;
  const when = (at: string | null): string => (at === null ? 'no price' : moment(Date.parse(at)));
  const outputs = [
    ['page', page],
    ['fills', fills],
    ['orders', orders],
  ] as const;
  return [
    `${isSound(report) ? '✓' : '✗'} backtest of ${report.desk} on ${market.symbols.join(', ')}: ${roundedMoney(report.netProfit, currency, gainText)}`,
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
      : [line('open', `${counted(report.positions.length, 'position')}, at the last price`)]),
    ...neverEnteredLines(report).map((text) => `  ! ${text}`),
    ...refusedLines(report),
    ...signalLines(report),
    ...rejectedLines(report),
    ...report.data.problems.map(({ text }) => `  ! ${text}`),
    ...market.leftOut.map(
      (symbol) => `  ! ${symbol} is traded or looked at by the desk and had no prices here`,
    ),
    ...actionLines(report),
    ...rollTexts(report).map((text) => line('roll', text)),
    ...holdingLines(report),
    ...switchedOffLines(report),
    ...report.halts
      .filter(({ lifted, cause }) => lifted === null || cause === 'startup')
      .map(
        ({ at, lifted, reason }) =>
          `  ! halted from ${when(at)} to ${lifted === null ? 'the end' : when(lifted)}: ${reason}`,
      ),
    ...liftedLines(report),
    ...outputs.flatMap(([name, file]) => {
      if (file === undefined) return [];
      return [line(name, name === 'page' || isSound(report) ? file : `${file} stays as it was`)];
    }),
  ];
}

/** One line each time; of a strategy that was off more often, one for all of them. */
function switchedOffLines({ switchedOff, period }: BacktestReport): string[] {
  const names = [...new Set(switchedOff.map(({ strategy }) => strategy))];
  return names.flatMap((strategy) => {
    const all = switchedOff.filter((one) => one.strategy === strategy);
    const shown = all.length > TIMES_OFF_SHOWN ? all.slice(-1) : all;
    const sumMs = all.reduce(
      (sum, { at, onAgain }) => sum + Date.parse(onAgain ?? period.to ?? at) - Date.parse(at),
      0,
    );
    const before =
      shown === all
        ? 'from'
        : `${counted(all.length, 'time')}, together ${lasted(sumMs)}, the last time from`;
    return shown.map(
      ({ at, onAgain, reason }) =>
        `  ! ${strategy} was switched off ${before} ${moment(Date.parse(at))} to ${onAgain === null ? 'the end' : moment(Date.parse(onAgain))}: ${reason}`,
    );
  });
}

/** Halts that a rule lifted, for how long together: nothing was entered in that time. */
function liftedLines({ halts }: BacktestReport): string[] {
  const spans = halts
    .flatMap(({ at, lifted, cause }) =>
      lifted === null || cause === 'startup' ? [] : [[Date.parse(at), Date.parse(lifted)] as const],
    )
    .sort(([one], [other]) => one - other);
  if (spans.length === 0) return [];
  let untilMs = Number.NEGATIVE_INFINITY;
  let sumMs = 0;
  for (const [fromMs, toMs] of spans) {
    sumMs += Math.max(0, toMs - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, toMs);
  }
  const causes = [...new Set(halts.filter(({ lifted }) => lifted !== null).map(({ cause }) => cause))];
  return [
    `  ! halted for ${lasted(sumMs)} in ${counted(spans.length, 'halt')} that the rules lifted: ${causes.join(', ')}`,
  ];
}

/** Otherwise a run whose every entry was refused would look like one whose strategy wanted none. */
function refusedLines(report: BacktestReport): string[] {
  const { denied, adjustsRefused } = report;
  return [
    ...refusedOf(denied, (sum) => `${counted(sum, 'entry', 'entries')}, by limit:`, deniedLines(report)),
    ...refusedOf(
      adjustsRefused,
      (sum) => `${counted(sum, 'change of exits', 'changes of exits')}, by reason:`,
      refusedAdjustLines(report),
    ),
  ];
}

function refusedOf(
  counts: Readonly<Record<string, number>>,
  words: (sum: number) => string,
  lines: readonly string[],
): string[] {
  const sum = Object.values(counts).reduce((all, count) => all + count, 0);
  return sum === 0 ? [] : [line('refused', words(sum)), ...lines.map((each) => `  ! ${each}`)];
}

/**
 * For example an entry that needs more margin than is free: the strategy wanted it, and no limit refused it.
 */
function rejectedLines({ rejected }: BacktestReport): string[] {
  return Object.entries(rejected).map(
    ([reason, count]) => `  ! the venue rejected ${counted(count, 'order')}: ${reason}`,
  );
}

/** Says so if none applies: the file may be from another time. */
function actionLines({ actions, currency }: BacktestReport): string[] {
  if (actions === undefined) return [];
  if (actions.length === 0) return ['  ! no split or dividend fell into this time while its share was held'];
  return actions.map(({ at, symbol, kind, value, amount }) => {
    const paid = Number(amount) === 0 ? '' : `, ${roundedMoney(amount, currency, gainText)}`;
    return line(kind, `${symbol} ${value}, ${moment(Date.parse(at))}${paid}`);
  });
}

function holdingLines({ holding = [], currency }: BacktestReport): string[] {
  return holding.map(({ kind, symbol, amount, times }) =>
    line(kind, `${symbol} ${roundedMoney(amount, currency, gainText)}, ${counted(times, 'time')}`),
  );
}

/** Shown even if no signal came: the file may be from another time. */
function signalLines(report: BacktestReport): string[] {
  const text = signalsText(report);
  if (text === null) return [];
  const refused = refusedSignalLines(report);
  return [
    line('signals', refused.length === 0 ? text : `${text}, by reason:`),
    ...refused.map((each) => `  ! ${each}`),
  ];
}

const line = (name: string, text: string): string => `  ${name.padEnd(24)} ${text}`;
