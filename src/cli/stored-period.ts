/** `--from` and `--to` of `validate` and `backtest`: a period of the minutes that `fermata data fetch` stored. */
import type { Desk } from '../desk/schema.js';
import { DAY_MS, MINUTE_MS } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { moment } from '../domain/moment.js';
import { type FetchedFile, gapsIn } from '../market/fetched/fetched-files.js';
import type { Span } from '../market/fetched/minutes-file.js';
import { changedSince, filesOf, storedMinutes, storedUntil } from '../validation/data/stored-minutes.js';
import { type CliFailure, usageFailure } from './failure.js';
import {
  type DataFile,
  type MarketOptions,
  type SimulatedVenue,
  typedVenue,
  venueAddress,
} from './market-choice.js';
import { dayText, spanOf } from './option-values.js';

export interface PeriodOptions extends MarketOptions {
  readonly desk?: string;
  readonly from?: number;
  readonly to?: number;
  readonly duration?: number;
  readonly simulatedVenue?: SimulatedVenue;
}

export interface PeriodToTrade {
  readonly data: readonly DataFile[];
  readonly beginMs: number;
  readonly durationMs: number;
}

type Period = PeriodOptions & { readonly from: number; readonly to: number };

/** Null: no period was given. Throws a usage failure if its minutes can't be traded on. */
export async function periodToTrade(
  options: PeriodOptions,
  desk: Desk,
  home: string,
  runningAt: string | undefined,
): Promise<PeriodToTrade | null> {
  if (!isPeriod(options)) return null;
  const at = venueAddress(desk, options.simulatedVenue) ?? runningAt;
  const { files, address } = await storedMinutes(home, desk, at);
  const symbols = desk.instruments.map(({ symbol }) => symbol);
  const span = spanAsked(options, files, symbols);
  const [missing, ...others] = missingIn(files, symbols, span);
  if (missing !== undefined) throw notStored(missing, others, span, options, address);
  const stored = filesOf(files, symbols, span);
  const without = symbols.find(
    (symbol) => !stored.some((one) => one.symbol === symbol && one.untilMs > span.fromMs),
  );
  if (without !== undefined)
    throw usageFailure(
      `--from, --to: ${hadNoMinute(without)}`,
      `name days on which ${without} was traded, or a desk without it`,
    );
  const changed = await changedSince(home, stored);
  if (changed !== null)
    throw usageFailure(
      `--from, --to: ${changed.file} is not what was fetched: ${changed.reason}`,
      `fetch it anew: ${fetchCommand([changed.symbol], changed, options)}`,
    );
  return {
    data: stored.map(({ symbol, file }) => ({ symbol, file })),
    beginMs: span.fromMs,
    durationMs: span.untilMs - span.fromMs,
  };
}

/** Of a time that was fetched, for example before a coin was listed. */
export const hadNoMinute = (symbol: string): string => `the venue had no minute of ${symbol} in this time`;

function isPeriod(options: PeriodOptions): options is Period {
  const { from, to, data = [], market, seed } = options;
  if (from === undefined && to === undefined) {
    if (options.simulatedVenue === undefined) return false;
    throw usageFailure('--simulated-venue says whose stored minutes are meant', 'add --from DATE --to DATE');
  }
  if (from === undefined)
    throw usageFailure('--from is missing', 'write --from DATE --to DATE, both days included');
  if (to === undefined)
    throw usageFailure('--to is missing', 'write --from DATE --to DATE, both days included');
  const other =
    data.length > 0 ? '--data' : market !== undefined ? '--market' : seed !== undefined ? '--seed' : null;
  if (other !== null)
    throw usageFailure(
      `--from, --to and ${other} contradict each other`,
      `leave out ${other}, or the two days`,
    );
  return true;
}

/** For a day that is not over, only the minutes stored for every instrument. */
function spanAsked(options: Period, files: readonly FetchedFile[], symbols: readonly string[]): Span {
  const { fromMs, untilMs } = spanOf(options.from, options.to);
  const storedMs = Math.min(...symbols.map((symbol) => storedUntil(files, symbol)));
  const isOver = untilMs <= Date.now();
  const endMs = isOver || storedMs <= fromMs ? untilMs : Math.min(untilMs, storedMs);
  const { duration = endMs - fromMs } = options;
  if (fromMs + duration > untilMs)
    throw usageFailure(
      `--duration is longer than the ${(untilMs - fromMs) / DAY_MS} days of --from and --to`,
      'name more days, or leave it out: all of them are traded then',
    );
  return { fromMs, untilMs: fromMs + duration };
}

interface Missing {
  readonly symbol: string;
  /** The first one. */
  readonly gap: Span;
  /** Where the last one ends. */
  readonly untilMs: number;
}

/** What lacks its minutes longest comes first: until all are stored, that of today is in the end of the others' day. */
const missingIn = (
  files: readonly FetchedFile[],
  symbols: readonly string[],
  span: Span,
): readonly Missing[] =>
  symbols
    .flatMap((symbol) => {
      const gaps = gapsIn(files, symbol, span, { hadNone: 'present' });
      const [[gap], last] = [gaps, gaps.at(-1)];
      return gap === undefined || last === undefined ? [] : [{ symbol, gap, untilMs: last.untilMs }];
    })
    .toSorted((one, other) => one.gap.fromMs - other.gap.fromMs);

/** One command fetches all that is missing, of every instrument. `others`: what lacks minutes besides, later or as early. */
function notStored(
  missing: Missing,
  others: readonly Missing[],
  span: Span,
  options: Period,
  address: string,
): CliFailure {
  const { symbol, gap } = missing;
  const field = gap.fromMs === span.fromMs ? '--from' : '--to';
  const minutes = (gap.untilMs - gap.fromMs) / MINUTE_MS;
  const all = [missing, ...others];
  const untilMs = Math.max(...all.map((one) => one.untilMs));
  const last = lastWholeDay(options);
  const notOver = gap.untilMs <= Date.now() ? '' : '; that day is not over';
  const too =
    others.length === 0 ? '' : `; also missing: minutes of ${others.map((one) => one.symbol).join(', ')}`;
  const whole =
    untilMs <= Date.now() || last === options.to
      ? ''
      : `; or end with a day that is over: --to ${dayText(last)}`;
  const fetched = fetchCommand(
    all.map((one) => one.symbol),
    { fromMs: gap.fromMs, untilMs },
    options,
  );
  return usageFailure(
    `${field}: ${counted(minutes, 'minute')} of ${symbol} are not stored, ${moment(gap.fromMs)} to ${moment(gap.untilMs)}, from ${address}${notOver}${too}`,
    `fetch them: ${fetched}${whole}`,
  );
}

/** Of the period. Its last day, if no day of it is over. */
function lastWholeDay({ from, to }: Period): number {
  const today = Date.now() - (Date.now() % DAY_MS);
  return to < today || from >= today ? to : today - DAY_MS;
}

/** What to type once minutes were fetched: the validation that trades on them, or what it needs beside them. */
export async function nextAfterFetch(
  asked: Period,
  desk: Desk,
  home: string,
  runningAt: string | undefined,
): Promise<string> {
  const options = { ...asked, to: lastWholeDay(asked) };
  const at = venueAddress(desk, options.simulatedVenue) ?? runningAt;
  const { files } = await storedMinutes(home, desk, at);
  const symbols = desk.instruments.map(({ symbol }) => symbol);
  const span = spanAsked(options, files, symbols);
  const missing = missingIn(files, symbols, span).map(({ symbol }) => symbol);
  return missing.length === 0
    ? `Trade on them: fermata validate${periodWords(options, dayText(options.from), dayText(options.to))}`
    : `! desk ${desk.desk} trades ${missing.join(', ')} too; before a validation: ${fetchCommand(missing, span, options)}`;
}

function fetchCommand(symbols: readonly string[], { fromMs, untilMs }: Span, options: Period): string {
  return `fermata data fetch ${symbols.join(' ')}${periodWords(options, dayText(fromMs), dayText(untilMs - 1))}`;
}

function periodWords({ desk, simulatedVenue }: Period, from: string, to: string): string {
  const ofDesk = desk === undefined ? '' : ` --desk ${desk}`;
  const at = simulatedVenue === undefined ? '' : ` --simulated-venue ${typedVenue(simulatedVenue)}`;
  return ` --from ${from} --to ${to}${ofDesk}${at}`;
}
