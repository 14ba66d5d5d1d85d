/** Minutes that `fermata data fetch` stored in this home, of exactly the market that a desk trades on. */
import type { Desk } from '../../desk/schema.js';
import { HOUR_MS, MINUTE_MS } from '../../domain/civil-date.js';
import { WARMUP_MINUTES_MAX } from '../../engine/strategies/strategy.js';
import { homePaths } from '../../home/runtime.js';
import { dataKey } from '../../home/secrets.js';
import {
  type FetchedFile,
  fetchedFiles,
  gapsIn,
  minutesSource,
  presentIn,
} from '../../market/fetched/fetched-files.js';
import { type Provenance, provenanceOf, type Span } from '../../market/fetched/minutes-file.js';

interface StoredMinutes {
  readonly files: readonly FetchedFile[];
  /** Address of the venue's public interface that they come from. */
  readonly address: string;
}

/** Prices of one simulator don't count for another. Reads only the notes next to the files. */
export async function storedMinutes(
  home: string,
  desk: Desk,
  simulatedVenue: string | undefined,
): Promise<StoredMinutes> {
  const { venue, endpoint, address } = minutesSource(desk, simulatedVenue).from;
  const all = await fetchedFiles(homePaths(home).data, dataKey(home), { whole: false });
  const isOurs = (from: Provenance): boolean =>
    from.venue === venue && from.endpoint === endpoint && from.address === address;
  const files = all.filter(({ outcome }) => outcome.kind === 'fetched' && isOurs(outcome.provenance));
  return { files, address };
}

export interface StoredPeriod extends Span {
  /** The name by which it is requested: `2026-10-01T00:00Z/2026-11-01T00:00Z`. */
  readonly name: string;
}

/**
 * Spans of at least an hour for which every symbol is stored, newest first. Minutes that the venue itself lacked
 * count as stored, but not a file without any: nothing can be traded on it.
 */
export function storedPeriods(
  files: readonly FetchedFile[],
  symbols: readonly string[],
): readonly StoredPeriod[] {
  const traded = files.filter((file) => storedIn(file).some(hasMinutes));
  const stored = traded.flatMap(storedIn);
  if (stored.length === 0 || symbols.length === 0) return [];
  const whole = {
    fromMs: Math.min(...stored.map(({ fromMs }) => fromMs)),
    untilMs: Math.max(...stored.map(({ untilMs }) => untilMs)),
  };
  const gaps = symbols
    .flatMap((symbol) => gapsIn(traded, symbol, whole, { hadNone: 'present' }))
    .sort((a, b) => a.fromMs - b.fromMs);
  return presentIn(whole, gaps)
    .filter(({ fromMs, untilMs }) => untilMs - fromMs >= HOUR_MS)
    .map((span) => ({ name: `${minute(span.fromMs)}/${minute(span.untilMs)}`, ...span }))
    .reverse();
}

const minute = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

type Stored = Provenance & { readonly file: string };

/**
 * Files of these symbols and of the span, and those before it without a hole, as far back as the longest warm-up.
 * Without those of which the venue had no minute.
 */
export function filesOf(
  files: readonly FetchedFile[],
  symbols: readonly string[],
  { fromMs, untilMs }: Span,
): readonly Stored[] {
  const stored = files.flatMap(storedIn).filter(hasMinutes);
  const since = new Map(symbols.map((symbol) => [symbol, storedSince(stored, symbol, fromMs)]));
  return stored.filter(
    (one) => one.fromMs < untilMs && one.untilMs > (since.get(one.symbol) ?? Number.POSITIVE_INFINITY),
  );
}

/** From when the symbol is stored up to `fromMs` without a hole; at most the longest warm-up before it. */
function storedSince(stored: readonly Stored[], symbol: string, fromMs: number): number {
  const earliestMs = fromMs - WARMUP_MINUTES_MAX * MINUTE_MS;
  let sinceMs = fromMs;
  for (;;) {
    const before = stored.find(
      (one) => one.symbol === symbol && one.fromMs < sinceMs && one.untilMs >= sinceMs,
    );
    if (before === undefined || sinceMs <= earliestMs) return Math.max(sinceMs, earliestMs);
    sinceMs = before.fromMs;
  }
}

const hasMinutes = ({ minutes }: Stored): boolean => minutes > 0;

/** The first file that is not byte for byte what was fetched, and why. Null: all are. */
export async function changedSince(
  home: string,
  stored: readonly Stored[],
): Promise<(Stored & { readonly reason: string }) | null> {
  const key = dataKey(home);
  for (const one of stored) {
    const outcome = await provenanceOf(one.file, key);
    if (outcome.kind === 'other') return { ...one, reason: outcome.reason };
  }
  return null;
}

/** End of a symbol's newest stored minutes. 0: there are none. */
export function storedUntil(files: readonly FetchedFile[], symbol: string): number {
  const ends = files.flatMap(storedIn).filter((one) => one.symbol === symbol);
  return Math.max(0, ...ends.map(({ untilMs }) => untilMs));
}

function storedIn({ file, outcome }: FetchedFile): readonly Stored[] {
  return outcome.kind === 'fetched' ? [{ ...outcome.provenance, file }] : [];
}
