/** /profit, /daily and /trades: results of trading after fees. */
import { WEEKDAY_WORDS } from '../../domain/civil-date.js';
import { gainText, lasted, roundedAmount, signed } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { moment } from '../../domain/moment.js';
import type { ResultsRequest, ResultsShown } from '../../operations/results/read-results.js';
import type { Period, RoundTrip, Sums } from '../../operations/results/results.js';
import { answer, type BotContext, type ChatCommand } from '../bot-context.js';
import type { Place } from '../sending/send-lane.js';

interface ProfitSpan {
  readonly asked: string;
  readonly label: string;
  readonly by: Period;
  readonly days: number;
}

/** As far back as the results on the page go. */
const ALL_DAYS = 3_650;

const SPANS: readonly ProfitSpan[] = [
  { asked: 'day', label: 'Today', by: 'day', days: 0 },
  { asked: 'week', label: 'This week', by: 'week', days: 0 },
  { asked: 'month', label: 'This month', by: 'month', days: 0 },
  { asked: 'all', label: 'All', by: 'month', days: ALL_DAYS },
];

/** /profit, or /profit week for one of the spans. */
export const profitCommand: ChatCommand = {
  name: 'profit',
  description: 'result after fees: /profit, or /profit day, week, month, all',
  help: '/profit: result after fees of today, this week, this month and all; /profit week: one of them',
  run: async (context, _person, { place, argument }) => {
    const spans = SPANS.filter(({ asked }) => argument === '' || asked === argument.toLowerCase());
    if (spans.length === 0) {
      const expected = SPANS.map(({ asked }) => asked).join(', ');
      await answer(
        context,
        place,
        `Profit: expected one of ${expected}, or nothing for all of them, found "${argument.slice(0, 50)}". Write it so: /profit week.`,
      );
      return;
    }
    const lines: string[] = [];
    let notes: readonly string[] = [];
    for (const { label, by, days } of spans) {
      const found = await resultsOr(context, place, { by, days, listMax: 0, drawdown: true });
      if (found === null) return;
      notes = clockNote(found);
      const drawdown =
        found.maxDrawdownPct === null ? '' : `, largest drawdown ${found.maxDrawdownPct.toFixed(2)} %`;
      lines.push(`${label}: ${sumsText(found.total, found.currency)}${drawdown}`);
    }
    const { desk, timezone, dayBoundary, weekStart = 'mon' } = context.desk;
    const ground = `Results of ${desk} after fees. Days begin at ${dayBoundary}, ${timezone}; weeks on ${WEEKDAY_WORDS[weekStart]}.`;
    await answer(context, place, [...lines, ground, ...notes].join('\n'));
  },
};

const DAYS = { unless: 7, most: 31 };

/** /daily 7: one line for each of the last days, newest first. */
export const dailyCommand: ChatCommand = {
  name: 'daily',
  description: 'result after fees, a line for each of the last days: /daily 7',
  help: '/daily 7: a line for each of the last days',
  run: async (context, _person, { place, argument }) => {
    const days = countIn(argument, DAYS);
    if (Number.isNaN(days)) {
      await answer(
        context,
        place,
        `Days: expected a whole number from 1 to ${DAYS.most}, found "${argument.slice(0, 50)}". Write it so: /daily 7.`,
      );
      return;
    }
    // One day more than shown: a day on which clocks go back is longer than 24 hours.
    const found = await resultsOr(context, place, { by: 'day', days, listMax: 0 });
    if (found === null) return;
    const sums = new Map(found.periods.map((period) => [period.date, period]));
    const lines = found.begins
      .slice(-days)
      .reverse()
      .map(({ date }) => `${date}: ${sumsText(sums.get(date) ?? NOTHING, found.currency)}`);
    const { dayBoundary, timezone } = context.desk;
    const ground = [`Days begin at ${dayBoundary}, ${timezone}.`, ...clockNote(found)];
    await answer(context, place, [...lines, ...ground].join('\n'));
  },
};

const NOTHING = { trips: 0, wins: 0, net: '0', fees: '0' };

const TRADES = { unless: 5, most: 20 };

/** /trades 5: the trades closed last. */
export const tradesCommand: ChatCommand = {
  name: 'trades',
  description: 'the round trips that were closed last: /trades 5',
  help: '/trades 5: the round trips that were closed last',
  run: async (context, _person, { place, argument }) => {
    const listMax = countIn(argument, TRADES);
    if (Number.isNaN(listMax)) {
      await answer(
        context,
        place,
        `Trades: expected a whole number from 1 to ${TRADES.most}, found "${argument.slice(0, 50)}". Write it so: /trades 5.`,
      );
      return;
    }
    const found = await resultsOr(context, place, { by: 'month', days: ALL_DAYS, listMax });
    if (found === null) return;
    const { roundTrips, total, currency } = found;
    const counted = `The newest ${roundTrips.length} of ${total.trips}. Percent of what was paid; R: result over what the first stop would have lost.`;
    await answer(
      context,
      place,
      roundTrips.length === 0
        ? 'No position was closed yet.'
        : [...roundTrips.map((trip) => tripText(trip, currency)), counted].join('\n'),
    );
  },
};

/** Null: the ledger could not be read, and the person has been told. */
async function resultsOr(
  context: BotContext,
  place: Place,
  request: ResultsRequest,
): Promise<ResultsShown | null> {
  try {
    return await context.operations.showResults(request);
  } catch (error) {
    const why = messageOf(error);
    await answer(
      context,
      place,
      `The ledger does not answer (${why}): results are not known now. Trading does not depend on it. Ask again in a minute.`,
    );
    return null;
  }
}

/** For answers that depend on the current time. */
function clockNote({ machineTime }: ResultsShown): readonly string[] {
  if (!machineTime) return [];
  return [
    'The trader does not answer: "today" is by the clock of the desk’s machine; a simulated or recorded market has another.',
  ];
}

/** The number in `argument`, or `unless` if there is none. NaN if it is not a whole number from 1 to `most`. */
function countIn(argument: string, { unless, most }: { unless: number; most: number }): number {
  if (argument === '') return unless;
  const count = Number(/^\d{1,4}$/.exec(argument)?.[0]);
  return count >= 1 && count <= most ? count : Number.NaN;
}

/** For example `+12.30 USDT, 3 round trips, 2 won (67 %)`. */
function sumsText({ trips, wins, net }: Sums, currency: string | null): string {
  if (trips === 0) return 'nothing was closed';
  const won = `${wins} won (${Math.round((wins / trips) * 100)} %)`;
  return `${gain(net, currency)}, ${trips === 1 ? '1 round trip' : `${trips} round trips`}, ${won}`;
}

/** In the page's words. */
const REASONS: Readonly<Record<string, string>> = {
  exit: 'exit',
  protective: 'stop',
  close: 'closed',
  foreign: 'by hand',
};

function tripText(trip: RoundTrip, currency: string | null): string {
  const { symbol, side, strategy, net, netPct, r, reason, openedMs, closedMs } = trip;
  const risk = r === null ? '' : `, ${signed(r.toFixed(2))} R`;
  return [
    `${symbol} ${side}, ${strategy}: ${gain(net, currency)} (${signed(netPct.toFixed(2))} %${risk}), ${REASONS[reason] ?? reason}`,
    `  ${moment(openedMs)} to ${moment(closedMs)}, ${lasted(closedMs - openedMs)}`,
  ].join('\n');
}

const gain = (net: string, currency: string | null): string =>
  `${roundedAmount(net, currency, gainText)}${currency === null ? '' : ` ${currency}`}`;
