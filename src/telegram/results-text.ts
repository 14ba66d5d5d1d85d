/** Results for Telegram: a sum on one line, a trade on two. */
import { gainText, signed } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { lasted, moment } from '../domain/moment.js';
import type { RoundTrip, Sums } from '../operations/results/results.js';
import type { ResultsRequest, ResultsShown } from '../operations/results/show-results.js';
import { answer } from './answer.js';
import type { BotContext } from './bot-context.js';

/** Null: the ledger could not be read, and the person has been told. */
export async function resultsOr(
  context: BotContext,
  chatId: number,
  request: ResultsRequest,
): Promise<ResultsShown | null> {
  try {
    return await context.operations.showResults(request);
  } catch (error) {
    const why = messageOf(error);
    await answer(
      context,
      chatId,
      `The ledger does not answer (${why}): results are not known now. Trading does not depend on it. Ask again in a minute.`,
    );
    return null;
  }
}

/** For answers that depend on the current time. */
export function clockNote({ machineTime }: ResultsShown): readonly string[] {
  if (!machineTime) return [];
  return [
    'The trader does not answer: "today" is by the clock of the desk’s machine; a simulated or recorded market has another.',
  ];
}

/** The number in `argument`, or `unless` if there is none. NaN if it is not a whole number from 1 to `most`. */
export function countIn(argument: string, { unless, most }: { unless: number; most: number }): number {
  if (argument === '') return unless;
  const count = Number(/^\d{1,4}$/.exec(argument)?.[0]);
  return count >= 1 && count <= most ? count : Number.NaN;
}

/** For example `+12.30 USDT, 3 round trips, 2 won (67 %)`. */
export function sumsText({ trips, wins, net }: Sums, currency: string | null): string {
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

export function tripText(trip: RoundTrip, currency: string | null): string {
  const { symbol, side, strategy, net, netPct, r, reason, openedMs, closedMs } = trip;
  const risk = r === null ? '' : `, ${signed(r.toFixed(2))} R`;
  return [
    `${symbol} ${side}, ${strategy}: ${gain(net, currency)} (${signed(netPct.toFixed(2))} %${risk}), ${REASONS[reason] ?? reason}`,
    `  ${moment(openedMs)} to ${moment(closedMs)}, ${lasted(closedMs - openedMs)}`,
  ].join('\n');
}

const gain = (net: string, currency: string | null): string =>
  `${gainText(net, currency)}${currency === null ? '' : ` ${currency}`}`;
