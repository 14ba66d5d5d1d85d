import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import {
  type DayAgain,
  type DayResult,
  type Difference,
  decideAgain,
  type Judged,
} from '../../backtest/past-day/decide-again.js';
import { type HypotheticalDay, hypotheticalDay } from '../../backtest/past-day/hypothetical-day.js';
import { type RecordedDay, recordedDays } from '../../backtest/past-day/read-days.js';
import type { MarketBar } from '../../contracts/market-feed.js';
import type { LoadedDesk } from '../../desk/load.js';
import { counted, instantsWithin, roundedAmount } from '../../domain/figure-text.js';
import type { Instrument } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import { moment } from '../../domain/moment.js';
import type { EngineConfig } from '../../engine/config.js';
import { warmupMinutes } from '../../engine/strategies/strategy.js';
import { buildSlots } from '../../engine/strategies/strategy-slot.js';
import { calendarOf, deskFolderOf, deskPaths, homePaths, type Runtime } from '../../home/runtime.js';
import { spreadTicksOf } from '../../market/spread.js';
import { buildInstruments, engineConfig } from '../../trader/engine-config.js';
import { warmUpBars } from '../../trader/warm-up.js';
import { loadDesk } from '../../venue/load-desk.js';
import { PAPER_CAPABILITIES } from '../../venue/paper/capabilities.js';
import { backtestDesk, type Setting } from '../backtest-desk.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from '../failure.js';
import { type DataFile, dataFile, marketChoice } from '../market-choice.js';
import { collected, dayText, dayValue } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { recordedBars, storedBars } from '../past-bars.js';
import { fermataHome, requireRuntime } from '../running-desk.js';
import { isSwept, type SweptSetting, sweptValue } from '../sweep-backtest.js';

const DAYS_NAMED_MAX = 20;
/** Order ids would contain it; a replay sends no orders. */
const NO_INCARNATION = 'replay';
const NOTHING_CHANGED = 'the journal was only read';
const MAY_HAVE_ENDED = 'its trader may have ended, as nothing follows in the journal, or a start';

interface Options {
  readonly date: number;
  readonly strategy?: string;
  readonly set?: readonly SweptSetting[];
  readonly data?: readonly DataFile[];
  readonly expect?: string;
  readonly json?: boolean;
}

/**
 * With another strategy or parameter: the decisions that it would have made, and how the day might have
 * ended.
 */
interface Hypothesis {
  readonly set: readonly string[];
  readonly decisions: Judged;
  /** Results of a backtest on the day's bars: with the desk file as it is, and with the changes. */
  readonly asItIs: HypotheticalDay;
  readonly changed: HypotheticalDay;
}

export interface ReplayReport extends Omit<DayAgain, 'changed'> {
  readonly desk: string;
  readonly date: string;
  /** Sequence numbers of the journal. */
  readonly first: number;
  readonly last: number;
  readonly bars: number;
  /** Why no bars were read. Null: they were. */
  readonly withoutBars: string | null;
  readonly expected: string | null;
  readonly hypothesis: Hypothesis | null;
}

export function replayCommand(command: Command): void {
  command
    .requiredOption('--date <date>', 'which of the desk’s days', dayValue)
    .option(
      '--strategy <name or file>',
      'only this one of the desk’s strategies, or that of a file: what it would have decided',
    )
    .option(
      '--set <key=value>',
      'instead of the desk file’s, as for a backtest; repeat for more',
      collected(oneValue),
    )
    .option(
      '--data <file>',
      'bars from a recording instead of the desk’s own: FILE or SYMBOL=FILE; repeat for more',
      collected(dataFile),
    )
    .option('--expect <hash>', 'state hash that another build reached', hashValue)
    .option('--json', 'for scripts')
    .action(async (options: Options) => {
      process.exitCode = await replay(options);
    });
}

function oneValue(text: string): SweptSetting {
  const setting = sweptValue(text);
  if (isSwept(setting))
    throw new InvalidArgumentError('expected one value: a day is run again with one of each');
  return setting;
}

function hashValue(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('expected 64 hex digits');
  return text;
}

async function replay(options: Options): Promise<number> {
  const home = fermataHome();
  const runtime = requireRuntime(home);
  const { journal } = deskPaths(homePaths(home), runtime.desk);
  const loaded = loadDesk(runtime.deskFile, { folder: deskFolderOf(runtime) });
  const changed = changedDesk(loaded, options);
  const day = dayOf(journal, runtime, dayText(options.date));
  const instruments = buildInstruments(loaded.desk);
  const { bars, withoutBars } = await barsOf(options, { runtime, loaded, instruments, day });
  if (changed !== null && withoutBars !== null)
    throw new CliFailure(
      `what would have been decided can't be said: ${withoutBars}`,
      NOTHING_CHANGED,
      'start the desk where Postgres is down (fermata up), or name the day’s prices: --data SYMBOL=FILE',
    );
  const only = loaded.desk.strategies.find(({ name }) => name === options.strategy)?.name;
  const again = decideAgain({
    ...{ journal, day, bars, only },
    config: configOf(loaded),
    changed: changed === null ? null : configOf(only === undefined ? changed : besideOthers(changed, loaded)),
    spreadTicks: spreadTicksOf(loaded.desk.instruments, instruments),
  });
  const { changed: wouldDecide, ...verification } = again;
  const report: ReplayReport = {
    ...{ desk: runtime.desk, date: day.date, first: day.first, last: day.last },
    ...verification,
    ...{ bars: bars.length, withoutBars, expected: options.expect ?? null },
    hypothesis:
      changed === null || wouldDecide === null
        ? null
        : {
            ...{ set: changed.set, decisions: wouldDecide },
            ...(await tradedTwice(loaded, changed, { again, day, bars })),
          },
  };
  if (options.json === true) printJson(report);
  else printLines(reportLines(report, loaded.desk.paper.currency));
  return markOf(report) === '✓' ? EXIT_OK : EXIT_FAILED;
}

/** `!`: nothing differs, but the decisions could not be checked. */
function markOf(report: ReplayReport): '✓' | '!' | '✗' {
  if (!isAsThen(report)) return '✗';
  const { notJudged, same, without } = report.decisions;
  return without !== null || (notJudged.length > 0 && (report.withoutBars !== null || same === 0))
    ? '!'
    : '✓';
}

/** A hypothesis may differ: that is an answer. A verification may not, and no strategy may fail in either. */
const isAsThen = ({ hypothesis, decisions, expected, state }: ReplayReport): boolean =>
  (expected === null || expected === state.after) &&
  decisions.failures.length === 0 &&
  (hypothesis === null ? decisions.differ === 0 : !hasFailed(hypothesis));

const hasFailed = ({ decisions, asItIs, changed }: Hypothesis): boolean =>
  decisions.failures.length > 0 || 'failures' in asItIs || 'failures' in changed;

/** Keeps every instrument of the desk file, so that their numbers stay the same. Null: nothing is changed. */
function changedDesk(loaded: LoadedDesk, { strategy, set = [] }: Options) {
  if (strategy === undefined && set.length === 0) return null;
  const given = set.map(({ key, values: [value = ''] }): Setting => ({ key, value }));
  const changed = backtestDesk(loaded, { set: given, ...(strategy === undefined ? {} : { strategy }) });
  const { instruments } = changed.desk;
  const all = loaded.desk.instruments.map(
    (one) => instruments.find(({ symbol }) => symbol === one.symbol) ?? one,
  );
  return { ...changed, desk: { ...changed.desk, instruments: all } };
}

/** The others had trades of their own beside it on that day. */
function besideOthers(
  { desk, configHash }: Pick<LoadedDesk, 'desk' | 'configHash'>,
  loaded: LoadedDesk,
): Pick<LoadedDesk, 'desk' | 'configHash'> {
  const strategies = loaded.desk.strategies.map(
    (one) => desk.strategies.find(({ name }) => name === one.name) ?? one,
  );
  return { desk: { ...desk, strategies }, configHash };
}

function configOf({ desk, configHash }: Pick<LoadedDesk, 'desk' | 'configHash'>): EngineConfig {
  const instruments = buildInstruments(desk);
  return engineConfig(desk, configHash, NO_INCARNATION, instruments, PAPER_CAPABILITIES);
}

function dayOf(journal: string, runtime: Runtime, date: string): RecordedDay {
  const days = existsSync(journal) ? recordedDays(journal, calendarOf(runtime)) : [];
  const day = days.find((one) => one.date === date);
  if (day !== undefined) return day;
  const named = days.slice(-DAYS_NAMED_MAX).map((one) => one.date);
  const more = days.length > named.length ? `, and ${days.length - named.length} before them` : '';
  throw usageFailure(
    `--date: the journal of ${runtime.desk} has nothing of ${date}`,
    named.length === 0
      ? 'it has no day yet: begin one with fermata up'
      : `name one of its days: ${named.join(', ')}${more}`,
  );
}

interface WhereBarsAre {
  readonly runtime: Runtime;
  readonly loaded: LoadedDesk;
  readonly instruments: readonly Instrument[];
  readonly day: RecordedDay;
}

async function barsOf(
  { data = [] }: Options,
  { runtime, loaded, instruments, day }: WhereBarsAre,
): Promise<{ readonly bars: readonly MarketBar[]; readonly withoutBars: string | null }> {
  if (data.length > 0) {
    const { files } = marketChoice({ data }, loaded.desk);
    return { bars: await recordedBars(files, loaded.desk, instruments), withoutBars: null };
  }
  try {
    const strategies = buildSlots(configOf(loaded)).map(({ strategy }) => strategy);
    const wanted = warmUpBars(strategies.map((one) => ({ warmupMinutes: warmupMinutes(one) })));
    const bars = await storedBars(runtime, instruments, day, wanted);
    return { bars, withoutBars: bars.length > 0 ? null : 'no candle of that day is stored' };
  } catch (error) {
    return { bars: [], withoutBars: `the desk’s candles could not be read: ${messageOf(error)}` };
  }
}

async function tradedTwice(
  loaded: LoadedDesk,
  changed: {
    readonly desk: LoadedDesk['desk'];
    readonly configHash: string;
    readonly set: readonly string[];
  },
  { again, day, bars }: { again: DayAgain; day: RecordedDay; bars: readonly MarketBar[] },
): Promise<Pick<Hypothesis, 'asItIs' | 'changed'>> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const { fromMs, toMs } = day;
  const prices = { bars, fromMs, toMs, equity: again.result.equity?.from ?? null, signal: ending.signal };
  try {
    return {
      asItIs: await hypotheticalDay({ ...loaded, set: [] }, prices),
      changed: await hypotheticalDay(changed, prices),
    };
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function reportLines(report: ReplayReport, currency: string): string[] {
  const { date, desk, records, first, last, state, checked, expected, hypothesis, decisions } = report;
  return [
    `${markOf(report)} ${date} of ${desk} again: ${counted(records, 'record')}, ${first} to ${last}, each follows from those before it`,
    line('state before', state.before),
    line('state after', state.after),
    ...(expected === null || expected === state.after
      ? []
      : [line('expected', `${expected}: another state`)]),
    line(
      'figures equal',
      `${counted(checked.closedTrades, 'closed trade')}; cash compared ${counted(checked.cash, 'time')}`,
    ),
    ...(report.withoutBars === null ? [] : [`  ! ${report.withoutBars}`]),
    ...judgedLines('decisions', decisions),
    ...(report.barsLeft === 0
      ? []
      : [`  ! ${counted(report.barsLeft, 'bar')} after the day’s last record not judged: ${MAY_HAVE_ENDED}`]),
    ...(hypothesis === null ? [] : hypothesisLines(report, hypothesis, currency)),
    '  not judged: sizes, refusals, stops, exits of a trade and halts, which go by quotes, the clock and the venue;',
    '  none of these is recorded',
  ];
}

function judgedLines(title: string, judged: Judged): string[] {
  const { bars, same, differ, otherPrices, notJudged, without, first, failures } = judged;
  return [
    line(title, `${same} the same, ${differ} that differ, at ${bars} bars`),
    ...failures.map(
      ({ strategy, marketMs, symbol, reason }) =>
        `  ✗ ${strategy} failed at ${moment(marketMs)}, ${symbol}: ${reason}`,
    ),
    ...(otherPrices === 0
      ? []
      : [`  ! prices of ${otherPrices} of them come from quotes that are not recorded: not judged`]),
    ...(without === null || notJudged.length > 0 ? [] : [`  ! no bar was looked at: ${without}`]),
    ...notJudged.map(({ why, count }) => `  ! ${count} not judged: ${why}`),
    ...(first === null ? [] : differenceLines(first)),
  ];
}

function differenceLines({ marketMs, symbol, was, now, orders, byQuote }: Difference): string[] {
  return [
    line(
      'first that differs',
      `${moment(marketMs)}, ${symbol}${orders.map((id) => `, order ${id}`).join('')}`,
    ),
    line('then', was),
    line('now', now),
    ...(byQuote
      ? ['  ! it looked at a quote: the close of the bar stood in for the one of that moment']
      : []),
  ];
}

function hypothesisLines(
  { result }: ReplayReport,
  { set, decisions, asItIs, changed }: Hypothesis,
  currency: string,
): string[] {
  const came = ({ trades, result: made, equity }: DayResult, open = 0): string => {
    const worth = equity === null ? '' : `, equity ${roundedAmount(equity.to, currency)} ${currency}`;
    const held = open === 0 ? '' : `, ${counted(open, 'position')} open`;
    return `${counted(trades, 'trade')} closed, ${roundedAmount(made, currency)} ${currency}${worth}${held}`;
  };
  const wouldCome = (day: HypotheticalDay): string =>
    'failures' in day
      ? `no result: ${day.failures.map((text) => instantsWithin(text, moment)).join('; ')}`
      : came(day, day.open);
  return [
    line('with', set.join(', ')),
    ...judgedLines('its decisions', decisions),
    line('the day as it was', came(result)),
    '  hypothetical, by a backtest of the day’s bars that begins flat with the day’s first equity; fills would have been others:',
    line('the desk as it is', wouldCome(asItIs)),
    line('the desk with that', wouldCome(changed)),
  ];
}

const line = (name: string, text: string): string => `  ${name.padEnd(24)} ${text}`;
