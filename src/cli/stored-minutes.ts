/** The options `--from` and `--to` of `validate`: a period of the minutes that `fermata data fetch` stored. */

import type { Desk } from '../desk/schema.js';
import { DAY_MS, MINUTE_MS } from '../domain/civil-date.js';
import { moment } from '../domain/moment.js';
import { homePaths } from '../home/runtime.js';
import { dataKey } from '../home/secrets.js';
import { type FetchedFile, fetchedFiles, gapsIn } from '../market/fetched/fetched-files.js';
import { type Provenance, provenanceOf, type Span } from '../market/fetched/minutes-file.js';
import { minutesSource } from '../market/fetched/minutes-source.js';
import { dayText, spanOf } from './days.js';
import { type CliFailure, usageFailure } from './failure.js';
import type { DataFile, MarketOptions } from './market-choice.js';

export interface PeriodOptions extends MarketOptions {
  readonly desk?: string;
  readonly from?: number;
  readonly to?: number;
  readonly duration?: number;
  readonly simulatedVenue?: string;
}

export interface StoredMinutes {
  readonly data: readonly DataFile[];
  readonly beginMs: number;
  readonly durationMs: number;
}

type Period = PeriodOptions & { readonly from: number; readonly to: number };
type Stored = Provenance & { readonly file: string };

/** Null where no period was named. Throws a usage failure where minutes of it can't be traded on. */
export async function storedMinutes(
  options: PeriodOptions,
  desk: Desk,
  home: string,
  runningAt: string | undefined,
): Promise<StoredMinutes | null> {
  if (!isPeriod(options)) return null;
  const { from: market } = minutesSource(desk, options.simulatedVenue ?? runningAt);
  const key = dataKey(home);
  const all = await fetchedFiles(homePaths(home).data, key, { whole: false });
  const files = all.filter(({ outcome }) => outcome.kind === 'fetched' && isOf(outcome.provenance, market));
  const symbols = desk.instruments.map(({ symbol }) => symbol);
  const span = spanAsked(options, files, symbols);
  for (const symbol of symbols) {
    const [gap] = gapsIn(files, symbol, span, { hadNone: 'present' });
    if (gap !== undefined) throw notStored(symbol, gap, span, options, market.address);
  }
  const stored = files.flatMap(storedIn).filter((one) => symbols.includes(one.symbol) && touches(one, span));
  for (const { file, symbol } of stored) {
    const outcome = await provenanceOf(file, key);
    if (outcome.kind === 'fetched') continue;
    throw usageFailure(
      `--from, --to: ${file} is not what was fetched: ${outcome.reason}`,
      `fetch it anew: ${fetchCommand([symbol], span, options)}`,
    );
  }
  return {
    data: stored.map(({ symbol, file }) => ({ symbol, file })),
    beginMs: span.fromMs,
    durationMs: span.untilMs - span.fromMs,
  };
}

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

/** Of a day that is not over, what is stored of it in every instrument. */
function spanAsked(options: Period, files: readonly FetchedFile[], symbols: readonly string[]): Span {
  const { fromMs, untilMs } = spanOf(options.from, options.to);
  const storedMs = Math.min(...symbols.map((symbol) => newestOf(files, symbol)));
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

function newestOf(files: readonly FetchedFile[], symbol: string): number {
  const ends = files.flatMap(storedIn).filter((one) => one.symbol === symbol);
  return Math.max(0, ...ends.map(({ untilMs }) => untilMs));
}

/** Prices of one simulator are no other simulator's. */
function isOf(
  { venue, endpoint, address }: Provenance,
  market: Pick<Provenance, 'venue' | 'endpoint' | 'address'>,
): boolean {
  return venue === market.venue && endpoint === market.endpoint && address === market.address;
}

function storedIn({ file, outcome }: FetchedFile): readonly Stored[] {
  return outcome.kind === 'fetched' ? [{ ...outcome.provenance, file }] : [];
}

const touches = (one: Span, span: Span): boolean => one.fromMs < span.untilMs && one.untilMs > span.fromMs;

function notStored(symbol: string, gap: Span, span: Span, options: Period, address: string): CliFailure {
  const field = gap.fromMs === span.fromMs ? '--from' : '--to';
  const minutes = (gap.untilMs - gap.fromMs) / MINUTE_MS;
  return usageFailure(
    `${field}: ${minutes} minutes of ${symbol} are not stored, ${moment(gap.fromMs)} to ${moment(gap.untilMs)}, from ${address}`,
    `fetch them: ${fetchCommand([symbol], gap, options)}`,
  );
}

function fetchCommand(
  symbols: readonly string[],
  { fromMs, untilMs }: Span,
  { desk, simulatedVenue }: Period,
): string {
  const ofDesk = desk === undefined ? '' : ` --desk ${desk}`;
  const at = simulatedVenue === undefined ? '' : ` --simulated-venue ${simulatedVenue}`;
  return `fermata data fetch ${symbols.join(' ')} --from ${dayText(fromMs)} --to ${dayText(untilMs - 1)}${ofDesk}${at}`;
}
