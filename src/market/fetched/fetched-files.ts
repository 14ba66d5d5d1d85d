/** What was fetched so far: which files exist, whether they are intact, and which minutes they lack. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ordersLeave } from '../../desk/desk-venue.js';
import type { Desk } from '../../desk/schema.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { counted } from '../../domain/figure-text.js';
import { messageOf } from '../../domain/message-of.js';
import { iso } from '../../domain/moment.js';
import type { LiveAddresses, VenueEndpoint } from '../../venue/prices.js';
import { addressesAt, priceSourceOf, TRADED_VENUES } from '../../venue/registry.js';
import { openRecording } from '../recorded/recorded-file.js';
import {
  type Provenance,
  type ProvenanceOutcome,
  provenanceOf,
  readProvenance,
  readRows,
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

/** On disk; 0 if it is gone. */
export const bytesOf = async (file: string): Promise<number> =>
  (await stat(file).catch(() => ({ size: 0 }))).size;

/**
 * What is wrong with what the file says, in words: rows that can't be, and minutes other than its note has. Reads all of
 * it, and goes by nothing but the file and the note.
 */
export async function problemsIn({ file, outcome }: FetchedFile): Promise<readonly string[]> {
  const note = outcome.kind === 'fetched' ? outcome.provenance : null;
  if (outcome === FILE_GONE || note?.minutes === 0) return [];
  const minutes: number[] = [];
  try {
    const rows = await openRecording([{ file }], await asWritten(file));
    try {
      for (let some = await rows.next(); some !== null; some = await rows.next())
        for (let place = 0; place < some.length; place += 1) minutes.push(some.tsMsAt(place));
    } finally {
      await rows.close();
    }
  } catch (error) {
    return [messageOf(error).replace(`${file}, `, '')];
  }
  return note === null ? [] : otherThanNoted(minutes, note);
}

/** The desk that fetched it may be gone: its first prices and volume say in which steps they are counted. */
async function asWritten(file: string): Promise<Parameters<typeof openRecording>[1]> {
  const [first = ''] = await readRows(file).catch(() => []);
  const [, open = '', , , , volume = ''] = first.split(',');
  const step = (decimal: string): string => {
    const places = decimal.split('.')[1]?.trimEnd().length ?? 0;
    return places === 0 ? '1' : `0.${'1'.padStart(places, '0')}`;
  };
  return { symbol: 'what was fetched', tickSize: step(open), lotSize: step(volume) };
}

function otherThanNoted(minutes: readonly number[], note: Provenance): readonly string[] {
  const problems: string[] = [];
  const [first = note.fromMs, last = note.fromMs] = [minutes[0], minutes.at(-1)];
  if (first < note.fromMs || last >= note.untilMs)
    problems.push(
      `it has minutes from ${iso(first)} to ${iso(last)}; its note says ${iso(note.fromMs)} to ${iso(note.untilMs)}`,
    );
  if (minutes.length !== note.minutes)
    problems.push(`it has ${counted(minutes.length, 'minute')}; its note says ${note.minutes}`);
  const had = presentIn(note, note.missing);
  const lacking = had.flatMap(({ fromMs, untilMs }) => {
    const there = new Set(minutes.filter((ms) => ms >= fromMs && ms < untilMs));
    for (let ms = fromMs; ms < untilMs; ms += MINUTE_MS) if (!there.has(ms)) return [ms];
    return [];
  });
  if (lacking.length > 0) problems.push(`it lacks ${iso(lacking[0] as number)}, which its note does not say`);
  return problems;
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
  if (live === undefined && simulatedVenue !== undefined)
    return {
      from: { venue: name, endpoint: 'simulator', address: simulatedVenue },
      addresses: addressesAt(name, simulatedVenue),
    };
  const endpoint: VenueEndpoint = live?.endpoint(
    { venue: { testnet: ordersLeave(desk) && testnet } },
    simulatedVenue,
  ) ?? { kind: 'live' };
  return {
    from: { venue: name, endpoint: endpoint.kind, address: prices.address(endpoint) },
    addresses: prices.redirect(endpoint),
  };
}
