/** What was fetched so far: which files exist, whether they are intact, and which minutes they lack. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ordersLeave } from '../../desk/desk-venue.js';
import type { Desk } from '../../desk/schema.js';
import type { LiveAddresses, VenueEndpoint } from '../../venue/prices.js';
import { priceSourceOf, TRADED_VENUES } from '../../venue/registry.js';
import {
  type Provenance,
  type ProvenanceOutcome,
  provenanceOf,
  readProvenance,
  type Span,
} from './minutes-file.js';

export interface FetchedFile {
  readonly file: string;
  readonly outcome: ProvenanceOutcome;
}

const ENDING = '.csv.gz';
const NOTE_ENDING = /\.csv\.gz\.json$/;
/** Removed minutes are no longer what was fetched, just like changed ones. */
const FILE_GONE: ProvenanceOutcome = { kind: 'other', reason: 'it is gone; the note beside it is there' };

/** By venue, symbol and month. `whole`: every byte is checked; otherwise only the notes beside the files are read. */
export async function fetchedFiles(
  folder: string,
  key: string | null,
  { whole }: { readonly whole: boolean },
): Promise<readonly FetchedFile[]> {
  const found: FetchedFile[] = [];
  for (const venue of await names(folder)) {
    for (const symbol of await names(join(folder, venue))) {
      const there = await names(join(folder, venue, symbol));
      for (const name of new Set(there.map((one) => one.replace(NOTE_ENDING, ENDING)))) {
        if (!name.endsWith(ENDING)) continue;
        const file = join(folder, venue, symbol, name);
        const read = whole ? provenanceOf : readProvenance;
        const outcome = there.includes(name) ? await read(file, key) : FILE_GONE;
        found.push({ file, outcome });
      }
    }
  }
  return found;
}

interface FilesOfSource {
  readonly from: MinutesSource['from'];
  readonly files: readonly FetchedFile[];
}

/**
 * The fetched files of this symbol, by where they come from. A desk trades on one source only: an exchange, its
 * testnet and a simulator are three.
 */
export function filesBySource(files: readonly FetchedFile[], symbol: string): readonly FilesOfSource[] {
  const sources = new Map<string, FilesOfSource>();
  for (const one of files) {
    if (one.outcome.kind !== 'fetched' || one.outcome.provenance.symbol !== symbol) continue;
    const { venue, endpoint, address } = one.outcome.provenance;
    const name = [venue, endpoint, address].join(' ');
    const known = sources.get(name)?.files ?? [];
    sources.set(name, { from: { venue, endpoint, address }, files: [...known, one] });
  }
  return [...sources.values()];
}

/**
 * Minutes of the span that no file of this symbol has, oldest first; the files are those of one source. `hadNone`:
 * how minutes that the venue itself lacked count.
 */
export function gapsIn(
  files: readonly FetchedFile[],
  symbol: string,
  span: Span,
  { hadNone = 'missing' }: { readonly hadNone?: 'missing' | 'present' } = {},
): readonly Span[] {
  const had = files
    .flatMap(({ outcome }) => (outcome.kind === 'fetched' ? [outcome.provenance] : []))
    .filter((one) => one.symbol === symbol)
    .flatMap((one) => presentIn(one, hadNone === 'missing' ? one.missing : []))
    .sort((a, b) => a.fromMs - b.fromMs);
  const gaps: Span[] = [];
  let next = span.fromMs;
  for (const { fromMs, untilMs } of had) {
    if (fromMs >= span.untilMs) break;
    if (fromMs > next) gaps.push({ fromMs: next, untilMs: fromMs });
    next = Math.max(next, untilMs);
  }
  if (next < span.untilMs) gaps.push({ fromMs: next, untilMs: span.untilMs });
  return gaps;
}

/** What remains of a span without `missing`, which is sorted by start and may overlap. */
export function presentIn({ fromMs, untilMs }: Span, missing: readonly Span[]): Span[] {
  const present: Span[] = [];
  let next = fromMs;
  for (const gap of missing) {
    if (gap.fromMs > next) present.push({ fromMs: next, untilMs: gap.fromMs });
    next = Math.max(next, gap.untilMs);
  }
  if (next < untilMs) present.push({ fromMs: next, untilMs });
  return present;
}

async function names(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

export interface MinutesSource {
  readonly from: Pick<Provenance, 'venue' | 'endpoint' | 'address'>;
  /** Null: the exchange's own. */
  readonly addresses: LiveAddresses | null;
}

/**
 * Which venue's minutes to test a desk on: where they are fetched from, and which stored ones count. A test
 * environment is only for orders: a desk whose orders don't leave trades on the exchange's own prices.
 */
export function minutesSource(desk: Desk, simulatedVenue: string | undefined): MinutesSource {
  const { name, testnet } = desk.venue;
  const live = TRADED_VENUES.find((venue) => venue.name === name)?.live;
  const prices = priceSourceOf(name);
  const endpoint: VenueEndpoint = live?.endpoint(
    { venue: { testnet: ordersLeave(desk) && testnet } },
    simulatedVenue,
  ) ?? { kind: 'live' };
  return {
    from: { venue: name, endpoint: endpoint.kind, address: prices.address(endpoint) },
    addresses: prices.redirect(endpoint),
  };
}
