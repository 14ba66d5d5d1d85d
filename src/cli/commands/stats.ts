import { Argument, type Command } from 'commander';
import { dayOfText, weekdayOf, weekText } from '../../domain/civil-date.js';
import { counted, gainText, placed } from '../../domain/figure-text.js';
import { MONEY_PLACES } from '../../domain/money.js';
import type { Operations } from '../../operations/operations.js';
import type { ResultsShown } from '../../operations/results/read-results.js';
import type { KpisShown, Period, Sums } from '../../operations/results/results.js';
import { kpiLine } from '../../reports/read-kpis.js';
import { MARKS, printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

const SPANS = ['today', 'days', 'weeks', 'all'] as const;
type SpanName = (typeof SPANS)[number];

interface Span {
  readonly by: Period;
  /** The number of days back from now, in market time. */
  readonly days: number;
  /** The number of newest periods to show. */
  readonly newest: number;
}

const DAYS_SHOWN = 30;
const WEEKS_SHOWN = 4;
/** Twenty years: no journal is longer. */
const ALL_DAYS = 7_305;

const ASKED: Readonly<Record<SpanName, Span>> = {
  today: { by: 'day', days: 0, newest: 1 },
  days: { by: 'day', days: DAYS_SHOWN, newest: DAYS_SHOWN },
  weeks: { by: 'week', days: WEEKS_SHOWN * 7, newest: WEEKS_SHOWN },
  all: { by: 'month', days: ALL_DAYS, newest: 0 },
};

interface Figures {
  readonly trades: number;
  readonly wins: number;
  /** Percent with one decimal place. Null: no trade was closed. */
  readonly winRatePct: string | null;
  /**
   * After fees. `result` is exact; the average is rounded to the currency's places. Null: no trade was
   * closed.
   */
  readonly result: string;
  readonly average: string | null;
}

interface PeriodFigures extends Figures {
  /** The first of the desk's days in the period. */
  readonly date: string;
  /** ISO 8601 week; only if weeks were requested, and begin on Monday. */
  readonly week?: string;
}

/** Figures for `all`, periods for the other spans. */
export interface Stats extends Partial<Figures> {
  readonly span: SpanName;
  readonly currency: string | null;
  /** Days follow this machine's clock, because the trader did not answer. */
  readonly machineTime: boolean;
  readonly setups?: number;
  readonly periods?: readonly PeriodFigures[];
}

export function statsCommand(command: Command): void {
  command
    .addArgument(new Argument('[span]', 'in days of the desk').choices(SPANS).default('today'))
    .option('--json', 'for scripts')
    .action(async (span: SpanName, { json }: { readonly json?: boolean }) => {
      const stats = await withOperations((operations) => readStats(operations, span));
      if (json === true) printJson(stats);
      else printLines(statsLines(stats));
    });
}

/** Rejects while Postgres is down. */
export async function readStats(
  operations: Pick<Operations, 'showResults' | 'countSetups'>,
  span: SpanName,
): Promise<Stats> {
  const { by, days, newest } = ASKED[span];
  const found = await operations.showResults({ by, days, listMax: 1 });
  const { currency, machineTime } = found;
  const head = { span, currency, machineTime };
  if (span !== 'all') return { ...head, periods: periodsShown(found, by, newest) };
  return { ...head, setups: await operations.countSetups(), ...figuresOf(found.total, currency) };
}

const MACHINE_TIME = '! the trader does not answer: days are by this machine’s clock';

export function statsLines({ currency, machineTime, setups, periods, ...figures }: Stats): string[] {
  const clock = machineTime ? [MACHINE_TIME] : [];
  if (periods !== undefined) return [...clock, ...periodLines(periods, currency)];
  return [...clock, `setups ${setups}; ${figureText({ ...NO_FIGURES, ...figures }, currency)}`];
}

/**
 * Newest first. A day without a closed trade is left out unless it is the only one; weeks never are, since a
 * gap would look like a trend.
 */
function periodsShown(
  { begins, periods, currency }: Pick<ResultsShown, 'begins' | 'periods' | 'currency'>,
  by: Period,
  newest: number,
): readonly PeriodFigures[] {
  const closed = new Map(periods.map((period) => [period.startMs, period]));
  const shown = newest === 0 ? [] : begins.slice(-newest).reverse();
  return shown.flatMap(({ startMs, date }) => {
    const sums = closed.get(startMs);
    if (sums === undefined && by === 'day' && newest > 1) return [];
    const day = dayOfText(date) ?? 0;
    const week = by === 'week' && weekdayOf(day) === 'mon' ? { week: weekText(day) } : {};
    return [{ date, ...week, ...figuresOf(sums ?? NOTHING, currency) }];
  });
}

const NO_FIGURES: Figures = { trades: 0, wins: 0, winRatePct: null, result: '0', average: null };
const NOTHING: Pick<Sums, 'trips' | 'wins' | 'net'> = { trips: 0, wins: 0, net: '0' };

function figuresOf(
  { trips, wins, net }: Pick<Sums, 'trips' | 'wins' | 'net'>,
  currency: string | null,
): Figures {
  return {
    trades: trips,
    wins,
    winRatePct: trips === 0 ? null : ((wins / trips) * 100).toFixed(1),
    result: net,
    average: trips === 0 ? null : placed((Number(net) / trips).toFixed(MONEY_PLACES), currency),
  };
}

function periodLines(periods: readonly PeriodFigures[], currency: string | null): string[] {
  if (periods.length === 0) return ['nothing was closed'];
  return periods.map(({ date, week, ...figures }) => `${week ?? date}  ${figureText(figures, currency)}`);
}

function figureText({ trades, wins, winRatePct, result, average }: Figures, currency: string | null): string {
  if (trades === 0) return 'nothing was closed';
  const money = (decimal: string): string =>
    `${gainText(decimal, currency)}${currency === null ? '' : ` ${currency}`}`;
  return `${counted(trades, 'trade')}, ${wins} won (${winRatePct} %), result ${money(result)}, on average ${money(average ?? '0')}`;
}

const VERDICTS = {
  alarm: 'fail',
  missed: 'warn',
  ok: 'pass',
  tooFew: 'not_run',
  unknown: 'not_run',
} as const;

export function kpisCommand(command: Command): void {
  command.option('--json', 'for scripts').action(async ({ json }: { readonly json?: boolean }) => {
    const shown = await withOperations((operations) => operations.showKpis());
    if (json === true) printJson(shown);
    else printLines(kpisLines(shown));
  });
}

export function kpisLines({ machineTime, kpis }: KpisShown): string[] {
  if (kpis.length === 0) return ['the desk file has no KPIs (docs/ROUTINES.md, "KPIs")'];
  const clock = machineTime ? [MACHINE_TIME] : [];
  return [...clock, ...kpis.map((kpi) => `${MARKS[VERDICTS[kpi.state]]} ${kpiLine(kpi)}`)];
}
