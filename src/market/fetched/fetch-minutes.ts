/**
 * Fetches a symbol's minutes from a venue's public interface, month by month. Stored minutes are not fetched
 * again.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { MarketBar } from '../../contracts/market-feed.js';
import { backoffMs } from '../../domain/backoff.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import type { PriceConnection } from '../../venue/prices.js';
import { gridsOf, toBar } from '../live/minute-reader.js';
import {
  minuteRow,
  minutesPlace,
  type Provenance,
  provenanceOf,
  readRows,
  type Span,
  writeMinutes,
} from './minutes-file.js';

const PAGE_MINUTES = 1000;
/** After this many pages the result is stored, so that an interrupted fetch continues from there. */
const PAGES_KEPT = 10;
const TRIES = 6;
/** The newest minute may still change for this long. */
const SETTLE_MS = 10_000;

export interface FetchRequest extends Span {
  readonly prices: Pick<PriceConnection, 'fetchMinutes' | 'looksFurther'>;
  readonly from: Pick<Provenance, 'venue' | 'endpoint' | 'address'>;
  readonly instrument: Instrument;
  /** The folder of all fetched data, and the key that seals it. */
  readonly folder: string;
  readonly key: string;
  readonly nowMs: () => number;
  /** First pause after a failed request; doubled after each further one. */
  readonly retryMs?: number;
  readonly onProgress?: (doneMs: number) => void;
}

export interface FetchedMonth {
  readonly file: string;
  readonly provenance: Provenance;
  /** Number of minutes that were fetched now. */
  readonly fresh: number;
  /** Why the stored file was replaced. Null: it was continued, or there was none. */
  readonly replaced: string | null;
}

/** The venue gave up on us, or we on it. Everything fetched before is stored. */
export class FetchStopped extends Error {
  override readonly name = 'FetchStopped';
  readonly keptSafe = 'what was fetched before is kept, and nothing else was changed';
  readonly doThis = 'run the same command again later: it goes on where it stopped';
}

export async function fetchMinutes(request: FetchRequest): Promise<readonly FetchedMonth[]> {
  const months: FetchedMonth[] = [];
  const endMs = Math.min(request.untilMs, floorMinute(request.nowMs() - SETTLE_MS));
  const fetching: Fetching = { ...request, read: pageReader(request) };
  for (let at = request.fromMs; at < endMs; at = monthEnd(at)) {
    const span = { fromMs: at, untilMs: Math.min(endMs, monthEnd(at)) };
    months.push(await fetchMonth(fetching, span));
  }
  return months;
}

interface Fetching extends FetchRequest {
  /** The page of minutes from then on. */
  readonly read: (sinceMs: number) => Promise<readonly MarketBar[]>;
}

async function fetchMonth(request: Fetching, wanted: Span): Promise<FetchedMonth> {
  const { folder, key, instrument, from } = request;
  const month = new Date(wanted.fromMs).toISOString().slice(0, 7);
  const about = { ...from, symbol: instrument.symbol, month };
  const file = minutesPlace(folder, about);
  const known = await provenanceOf(file, key);
  const ours = known.kind === 'fetched' && known.provenance.address === from.address ? known : null;
  const before = ours?.provenance ?? null;
  const replaced = ours === null ? whyReplaced(known, from.address) : null;
  const doubted = ours?.version === 1 && request.prices.looksFurther === true ? ours.provenance.missing : [];
  const isStored = before !== null && before.fromMs <= wanted.fromMs && before.untilMs >= wanted.untilMs;
  if (isStored && doubted.length === 0) return { file, provenance: before, fresh: 0, replaced };
  const stored = before === null ? [] : await readRows(file);
  let rows = await withMissing(request, stored, doubted);
  let fresh = rows.length - stored.length;
  let span: Span = before ?? { fromMs: wanted.fromMs, untilMs: wanted.fromMs };
  const keep = (more: Span, all: readonly string[]): Promise<Provenance> => {
    const missing = missingIn(more, all);
    return writeMinutes(folder, { ...about, ...more, missing, fetchedAtMs: request.nowMs() }, all, key);
  };
  // Earlier minutes are added in one piece, so that there is never an unlisted hole.
  if (wanted.fromMs < span.fromMs) {
    const earlier = await readAll(request, { fromMs: wanted.fromMs, untilMs: span.fromMs });
    rows = [...earlier, ...rows];
    fresh += earlier.length;
    span = { fromMs: wanted.fromMs, untilMs: span.untilMs };
  }
  const { fromMs } = span;
  const first = rows;
  const later = await readAll(
    request,
    { fromMs: span.untilMs, untilMs: Math.max(span.untilMs, wanted.untilMs) },
    async (some, untilMs) => {
      await keep({ fromMs, untilMs }, [...first, ...some]);
    },
  );
  rows = [...first, ...later];
  fresh += later.length;
  const provenance = await keep({ fromMs, untilMs: Math.max(span.untilMs, wanted.untilMs) }, rows);
  return { file, provenance, fresh, replaced };
}

/** The rows, with those that the venue does have of what an earlier version took for missing. */
async function withMissing(
  request: Fetching,
  rows: readonly string[],
  missing: readonly Span[],
): Promise<readonly string[]> {
  const [first, last] = [missing[0], missing.at(-1)];
  if (first === undefined || last === undefined) return rows;
  const found = await readAll(request, { fromMs: first.fromMs, untilMs: last.untilMs });
  const stored = new Set(rows.map(openMsOf));
  const added = found.filter((row) => !stored.has(openMsOf(row)));
  return [...rows, ...added].sort((a, b) => openMsOf(a) - openMsOf(b));
}

/** Rows of a span, page by page. `keep` receives the rows read so far, every few pages. */
async function readAll(
  request: Fetching,
  { fromMs, untilMs }: Span,
  keep: (rows: readonly string[], untilMs: number) => Promise<void> = async () => {},
): Promise<readonly string[]> {
  const rows: string[] = [];
  let sinceMs = fromMs;
  for (let page = 1; sinceMs < untilMs; page += 1) {
    const bars = await request.read(sinceMs);
    for (const bar of bars) if (bar.openMs < untilMs) rows.push(minuteRow(bar, request.instrument));
    const last = bars.at(-1);
    // No more rows: the venue does not have the rest.
    sinceMs = last === undefined ? untilMs : last.openMs + MINUTE_MS;
    request.onProgress?.(Math.min(sinceMs, untilMs));
    if (page % PAGES_KEPT === 0 && sinceMs < untilMs) await keep(rows, sinceMs);
  }
  return rows;
}

/** Years before a coin was listed are asked for once: a page that begins later holds for each month until then. */
function pageReader(request: FetchRequest): Fetching['read'] {
  let newest: { readonly sinceMs: number; readonly bars: readonly MarketBar[] } | null = null;
  return async (sinceMs) => {
    const firstMs = newest?.bars[0]?.openMs ?? Number.NEGATIVE_INFINITY;
    if (newest !== null && newest.sinceMs <= sinceMs && sinceMs <= firstMs) return newest.bars;
    newest = { sinceMs, bars: await readPage(request, sinceMs) };
    return newest.bars;
  };
}

async function readPage(
  { prices, instrument, retryMs = 1000 }: FetchRequest,
  sinceMs: number,
): Promise<readonly MarketBar[]> {
  const target = { instrument, grids: gridsOf(instrument) };
  for (let failed = 0; ; failed += 1) {
    try {
      const rows = await prices.fetchMinutes(instrument.symbol, sinceMs, PAGE_MINUTES);
      return believable(
        rows.map((row) => toBar(row, target)),
        sinceMs,
      );
    } catch (error) {
      if (failed + 1 >= TRIES) {
        throw new FetchStopped(`${instrument.symbol}: ${messageOf(error).slice(0, 300)}`, { cause: error });
      }
      await sleep(backoffMs(failed + 1, { firstMs: retryMs, mostMs: Number.POSITIVE_INFINITY }));
    }
  }
}

/** Throws if these can't be a venue's minutes. */
function believable(bars: readonly (MarketBar | null)[], sinceMs: number): readonly MarketBar[] {
  let lastMs = sinceMs - MINUTE_MS;
  return bars.map((bar) => {
    const whole =
      bar !== null &&
      bar.openMs % MINUTE_MS === 0 &&
      bar.openMs > lastMs &&
      bar.highTicks >= Math.max(bar.openTicks, bar.closeTicks) &&
      bar.lowTicks <= Math.min(bar.openTicks, bar.closeTicks);
    if (!whole)
      throw new Error('the venue’s answer holds no minutes in order, or prices that contradict each other');
    lastMs = bar.openMs;
    return bar;
  });
}

/** Minutes of the span without a row. */
function missingIn({ fromMs, untilMs }: Span, rows: readonly string[]): Span[] {
  const missing: Span[] = [];
  let next = fromMs;
  for (const row of rows) {
    const openMs = openMsOf(row);
    if (openMs > next) missing.push({ fromMs: next, untilMs: openMs });
    next = openMs + MINUTE_MS;
  }
  if (next < untilMs) missing.push({ fromMs: next, untilMs });
  return missing;
}

const openMsOf = (row: string): number => Number(row.slice(0, row.indexOf(',')));

function whyReplaced(known: Awaited<ReturnType<typeof provenanceOf>>, address: string): string | null {
  if (known.kind === 'fetched') return `it was fetched from ${known.provenance.address}, not from ${address}`;
  return /^(nothing beside it|this installation)/.test(known.reason) ? null : known.reason;
}

const floorMinute = (ms: number): number => ms - (ms % MINUTE_MS);

function monthEnd(ms: number): number {
  const at = new Date(ms);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
}
