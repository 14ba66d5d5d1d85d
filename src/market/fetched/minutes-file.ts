/**
 * Minutes that Fermata itself fetched from a venue: one gzipped CSV for each symbol and month, in the format of
 * recorded bars. A note beside it says where they come from, sealed with a key of the installation. Editing either
 * breaks the seal; then it is a file like any other.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type { MarketBar } from '../../contracts/market-feed.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import { contentHash } from '../content-hash.js';

export interface Span {
  /** The span includes `fromMs` and excludes `untilMs`. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What one file contains, and where it comes from. */
export interface Provenance extends Span {
  readonly venue: string;
  /** Whose prices: the exchange's own, its testnet's, or a simulator's. */
  readonly endpoint: 'live' | 'testnet' | 'simulator';
  /** Address of the venue's public interface. */
  readonly address: string;
  readonly symbol: string;
  /** `2026-11`, UTC. */
  readonly month: string;
  readonly minutes: number;
  /** What was requested and the venue did not have, oldest first. */
  readonly missing: readonly Span[];
  /** When the newest minutes in it were fetched. */
  readonly fetchedAtMs: number;
  /** SHA-256 of the file on disk. */
  readonly sha256: string;
}

type NoteVersion = 1 | 2;

export type ProvenanceOutcome =
  | {
      readonly kind: 'fetched';
      readonly provenance: Provenance;
      /** 1: an empty page was taken for the end, so the venue may have some of `missing`. */
      readonly version: NoteVersion;
    }
  /** Any other file. `reason`: why it does not count as fetched, in a few words. */
  | { readonly kind: 'other'; readonly reason: string };

/** Of the notes that are written now. */
const VERSION: NoteVersion = 2;
const SIDECAR_BYTES_MAX = 4 * 1024 * 1024;
/** A month of minutes is less than 4 MB of text. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;
export const BAR_HEADER = 'ts,open,high,low,close,volume';

/** A minute as a row below that header. An unknown volume is an empty field. */
export function minuteRow(bar: MarketBar, { tickSize, lotSize }: Instrument): string {
  const prices = [bar.openTicks, bar.highTicks, bar.lowTicks, bar.closeTicks];
  const text = prices.map((ticks) => formatDecimal(ticks, tickSize));
  const volume = Number.isNaN(bar.volumeLots) ? '' : formatDecimal(bar.volumeLots, lotSize);
  return [bar.openMs, ...text, volume].join(',');
}

const span = z.strictObject({ fromMs: z.number().int(), untilMs: z.number().int() });
const sealed = z.strictObject({
  version: z.union([z.literal(1), z.literal(2)]),
  venue: z.string().regex(/^[a-z][a-z0-9]{1,30}$/),
  endpoint: z.enum(['live', 'testnet', 'simulator']),
  address: z.string().max(200),
  symbol: z.string().regex(/^[A-Z0-9]+\/[A-Z0-9]+$/),
  month: z.string().regex(/^\d{4}-\d{2}$/),
  fromMs: z.number().int(),
  untilMs: z.number().int(),
  minutes: z.number().int().min(0),
  missing: z.array(span).max(25_000),
  fetchedAtMs: z.number().int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  seal: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Where the minutes of one symbol and month are stored below the folder of fetched data. */
export function minutesPlace(
  folder: string,
  { venue, endpoint, symbol, month }: Pick<Provenance, 'venue' | 'endpoint' | 'symbol' | 'month'>,
): string {
  const market = endpoint === 'live' ? venue : `${venue}-${endpoint}`;
  return join(folder, market, symbol.replace('/', '-'), `${month}.csv.gz`);
}

/**
 * Whether Fermata fetched this very file on this installation, and from where. `key`: the installation's data key;
 * null: it has none. Reads the whole file. Never throws because of its content.
 */
export async function provenanceOf(file: string, key: string | null): Promise<ProvenanceOutcome> {
  const read = await readProvenance(file, key);
  if (read.kind === 'other') return read;
  let hash: string;
  try {
    hash = await contentHash(file);
  } catch {
    return { kind: 'other', reason: 'the file can’t be read' };
  }
  if (hash !== read.provenance.sha256) {
    return { kind: 'other', reason: 'its content is not what was fetched (SHA-256 differs)' };
  }
  return read;
}

/** Whether a note beside it says that Fermata fetched it, here or elsewhere. A report with that name is none. */
export function hasNote(file: string): boolean {
  try {
    const note = sidecarOf(file);
    return (
      statSync(note).size <= SIDECAR_BYTES_MAX && sealed.safeParse(jsonOf(readFileSync(note, 'utf8'))).success
    );
  } catch {
    return false;
  }
}

/** Like `provenanceOf`, but without reading the minutes. */
export async function readProvenance(file: string, key: string | null): Promise<ProvenanceOutcome> {
  const other = (reason: string): ProvenanceOutcome => ({ kind: 'other', reason });
  if (key === null) return other('this installation has fetched no minutes yet');
  let text: string;
  try {
    const bytes = await readFile(sidecarOf(file));
    if (bytes.length > SIDECAR_BYTES_MAX) return other('the note of where it comes from is too large');
    text = bytes.toString('utf8');
  } catch {
    return other('nothing beside it says that Fermata fetched it');
  }
  const parsed = sealed.safeParse(jsonOf(text));
  if (!parsed.success) return other('the note of where it comes from can’t be read');
  const { version, seal, ...provenance } = parsed.data;
  if (!timingSafeEqual(Buffer.from(seal, 'hex'), Buffer.from(sealOf(provenance, version, key), 'hex')))
    return other('the note of where it comes from was changed, or made by another installation');
  return { kind: 'fetched', provenance, version };
}

/** Rows without the header, oldest first. Throws if the file can't be read. */
export async function readRows(file: string): Promise<string[]> {
  const bytes = await promisify(gunzip)(await readFile(file), { maxOutputLength: TEXT_BYTES_MAX });
  const [header, ...rows] = bytes.toString('utf8').trimEnd().split('\n');
  if (header !== BAR_HEADER) throw new Error(`expected ${BAR_HEADER} as the first line`);
  return rows;
}

/**
 * Puts both files in place, the note last. If the process is killed in between, the hash differs and the
 * month is fetched again.
 */
export async function writeMinutes(
  folder: string,
  about: Omit<Provenance, 'sha256' | 'minutes'>,
  rows: readonly string[],
  key: string,
): Promise<Provenance> {
  const file = minutesPlace(folder, about);
  const bytes = await promisify(gzip)(`${[BAR_HEADER, ...rows].join('\n')}\n`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const provenance = { ...about, minutes: rows.length, sha256 };
  const note = { version: VERSION, ...ordered(provenance), seal: sealOf(provenance, VERSION, key) };
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await replace(file, bytes);
  await replace(sidecarOf(file), `${JSON.stringify(note, null, 2)}\n`);
  return provenance;
}

export const sidecarOf = (file: string): string => `${file}.json`;

async function replace(path: string, content: string | Buffer): Promise<void> {
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}

function sealOf(provenance: Provenance, version: NoteVersion, key: string): string {
  return createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`fermata-minutes-${version}\n${JSON.stringify(ordered(provenance))}`)
    .digest('hex');
}

/** In one fixed order, whatever order the members were read or built in. */
function ordered(provenance: Provenance): Provenance {
  const { venue, endpoint, address, symbol, month, fromMs, untilMs, minutes, fetchedAtMs, sha256 } =
    provenance;
  const missing = provenance.missing.map((gap) => ({ fromMs: gap.fromMs, untilMs: gap.untilMs }));
  return {
    ...{ venue, endpoint, address, symbol, month, fromMs, untilMs, minutes },
    ...{ missing, fetchedAtMs, sha256 },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
