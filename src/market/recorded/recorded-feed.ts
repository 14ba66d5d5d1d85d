/** Recorded files as a feed that resumes where the last run ended. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { MarketFeed } from '../../contracts/market-feed.js';
import type { Instrument } from '../../domain/instrument.js';
import { contentHash } from '../content-hash.js';
import { type MarketPositionStore, ReplayFeed } from '../replay-feed.js';
import { assignInstruments, openChecked, type RecordingRequest } from './check-recording.js';
import type { RowShape } from './file-stream.js';
import type { SidedFile } from './recorded-file.js';
import { RecordedSource } from './recorded-source.js';

const LENGTH = 16;

interface IdentifiedFile extends SidedFile {
  readonly instrument: Pick<Instrument, 'symbol' | 'serverTime'>;
}

interface RecordedFeedOptions {
  readonly files: readonly RecordingRequest[];
  readonly instruments: readonly Instrument[];
  /** By instrument id, for bars and trades. */
  readonly spreadTicks: readonly number[];
  /** Null: as fast as possible. */
  readonly speed: number | null;
  readonly position: MarketPositionStore;
  readonly steadyMs: () => number;
  readonly shape?: RowShape;
}

/** Throws `DataFileError` if a file can't be used; nothing stays open then. */
export async function openRecordedFeed(options: RecordedFeedOptions): Promise<MarketFeed> {
  const { instruments, speed, position, steadyMs } = options;
  const inputs = assignInstruments(options.files, instruments).map((one) => ({
    ...one,
    spreadTicks: options.spreadTicks[one.instrument.id] ?? 1,
    ...(options.shape === undefined ? {} : { shape: options.shape }),
  }));
  // Kept for a run that is over soon; one at the pace of a market would hold them for its whole life.
  const { endMs, recordings } = await openChecked(inputs, speed === null ? {} : { keptMax: 0 });
  const fileHashes = await hashesOf(inputs);
  const identity = recordingIdentity(inputs, fileHashes);
  const { beginMs = null } = position;
  const deliveredMs = beginMs ?? position.load(identity) ?? 0;
  const events = await RecordedSource.ofRecordings(recordings, deliveredMs, beginMs !== null);
  const names = inputs.map(({ file }) => basename(file));
  const pace = speed === null ? 'as fast as it goes' : `${speed}x`;
  return new ReplayFeed({
    events,
    source: {
      kind: 'recorded',
      identity,
      label: `recorded: ${names.join(', ')}, ${pace}`,
      simulated: true,
      speed,
      seed: null,
      venue: null,
      files: inputs.map(({ file }) => file),
    },
    startMs: await startOf(events, deliveredMs),
    endMs,
    quotesFromBars: events.quotesFromBars,
    showsBooks: events.showsBooks,
    withOwnSpread: events.withOwnSpread,
    fileHashes,
    history: (instrument, count, nowMs) => events.bars(instrument, count, nowMs),
    savePosition: (marketMs) => position.save(identity, marketMs),
    endedDetail: names.join(', '),
    steadyMs,
  });
}

/** Where the last run stopped, or just before the first event. */
async function startOf(events: RecordedSource, deliveredMs: number): Promise<number> {
  if (deliveredMs > 0) return deliveredMs;
  if (events.peek() === null) await events.fill();
  return (events.peek()?.marketMs ?? 1) - 1;
}

async function hashesOf(files: readonly SidedFile[]): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const { file } of files) hashes.set(file, await contentHash(file));
  return hashes;
}

/** Identifies a recording by its content: a moved file is the same recording, a changed one is another. */
function recordingIdentity(
  files: readonly IdentifiedFile[],
  fileHashes: ReadonlyMap<string, string>,
): string {
  const whole = createHash('sha256');
  for (const { file, instrument, side } of files) {
    const { symbol, serverTime } = instrument;
    const of = side === undefined ? symbol : `${symbol}:${side}`;
    const clock = serverTime === undefined ? '' : ` ${serverTime.zone} ${serverTime.hoursAhead}`;
    whole.update(`${of} ${fileHashes.get(file)}${clock}\n`);
  }
  return `recorded-${whole.digest('hex').slice(0, LENGTH)}`;
}
