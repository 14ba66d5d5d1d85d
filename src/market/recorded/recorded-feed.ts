/** Recorded files as a feed that resumes where the last run ended. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { MarketFeed } from '../../contracts/market-feed.js';
import type { Instrument } from '../../domain/instrument.js';
import type { MarketPositionStore } from '../position.js';
import { ReplayFeed } from '../replay-feed.js';
import { assignInstruments, checkRecording, type RecordingRequest } from './check-recording.js';
import { RecordedSource } from './recorded-source.js';
import type { RowShape } from './row-events.js';

const LENGTH = 16;

/** Identifies a recording by its content: a moved file is the same recording, a changed one is another. */
interface IdentifiedFile {
  readonly file: string;
  readonly instrument: Pick<Instrument, 'symbol'>;
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
  await checkRecording(options.files, instruments);
  const inputs = assignInstruments(options.files, instruments).map(({ file, instrument }) => ({
    file,
    instrument,
    spreadTicks: options.spreadTicks[instrument.id] ?? 1,
    ...(options.shape === undefined ? {} : { shape: options.shape }),
  }));
  const identity = await recordingIdentity(inputs);
  const deliveredMs = position.load(identity) ?? 0;
  const events = await RecordedSource.open(inputs, deliveredMs);
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
    history: (instrument, count, nowMs) => events.bars(instrument, count, nowMs),
    savePosition: (marketMs) => position.save(identity, marketMs),
    endedDetail: names.join(', '),
    steadyMs,
  });
}

/** Just before the next event to deliver, or where the recording ended. */
async function startOf(events: RecordedSource, deliveredMs: number): Promise<number> {
  if (deliveredMs > 0) return deliveredMs;
  if (events.peek() === null) await events.fill();
  return (events.peek()?.marketMs ?? 1) - 1;
}

async function recordingIdentity(files: readonly IdentifiedFile[]): Promise<string> {
  const whole = createHash('sha256');
  for (const { file, instrument } of files) {
    const content = createHash('sha256');
    await pipeline(createReadStream(file), content);
    whole.update(`${instrument.symbol} ${content.digest('hex')}\n`);
  }
  return `recorded-${whole.digest('hex').slice(0, LENGTH)}`;
}
