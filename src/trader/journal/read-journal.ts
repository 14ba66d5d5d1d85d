/** Reads a journal as a stream: one entry in memory at a time, whatever its length. */
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import { chainNext } from './chain.js';
import { JournalCorrupt } from './journal-error.js';
import { type ScanEnd, type ScannedRecord, scanSegment } from './segment-scan.js';
import { listSegments, readSegmentHeader, type Segment } from './segments.js';

export interface ReadOptions {
  /** First sequence wanted; 1 (the first there is) by default. */
  readonly from?: number;
}

/**
 * Entries from `from` on, oldest first. Reads beside a running trader: a tail that is just being written ends the stream.
 * Damage anywhere else throws `JournalCorrupt`.
 */
export function* readJournal(directory: string, options: ReadOptions = {}): Generator<JournalEntry, void> {
  const from = options.from ?? 1;
  const segments = listSegments(directory);
  const firstIndex = Math.max(
    0,
    segments.findLastIndex((segment) => segment.firstSequence <= from),
  );
  let previous: EndOfSegment | null = null;
  for (let index = firstIndex; index < segments.length; index += 1) {
    const segment = segments[index]!;
    previous = yield* readSegment(segment, previous, from, index === segments.length - 1);
  }
}

interface EndOfSegment {
  readonly incarnation: string;
  readonly nextSequence: number;
  readonly chain: string;
}

function* readSegment(
  segment: Segment,
  previous: EndOfSegment | null,
  from: number,
  isLast: boolean,
): Generator<JournalEntry, EndOfSegment> {
  const header = readSegmentHeader(segment);
  if (previous !== null) checkContinues(segment, header, previous);
  let chain = header.previousChain;
  let nextSequence = header.firstSequence;
  const scan = scanSegment(segment);
  let step: IteratorResult<ScannedRecord, ScanEnd> = scan.next();
  for (; step.done !== true; step = scan.next()) {
    const { record, offset } = step.value;
    if (record.sequence !== nextSequence) {
      throw new JournalCorrupt(
        segment.name,
        offset,
        `expected sequence ${nextSequence}, found ${record.sequence}`,
      );
    }
    chain = chainNext(chain, record.payload);
    nextSequence += 1;
    if (record.sequence < from) continue;
    yield {
      incarnation: header.incarnation,
      sequence: record.sequence,
      wallMs: record.wallMs,
      record: parseRecord(segment, offset, record.payload),
      chain,
    };
  }
  if (step.value.kind === 'bad' && !isLast)
    throw new JournalCorrupt(segment.name, step.value.offset, step.value.why);
  return { incarnation: header.incarnation, nextSequence, chain };
}

function checkContinues(
  segment: Segment,
  header: { incarnation: string; firstSequence: number; previousChain: string },
  previous: EndOfSegment,
): void {
  if (header.incarnation !== previous.incarnation) {
    throw new JournalCorrupt(
      segment.name,
      12,
      `it belongs to incarnation ${header.incarnation}, not ${previous.incarnation}`,
    );
  }
  if (header.firstSequence !== previous.nextSequence) {
    throw new JournalCorrupt(
      segment.name,
      20,
      `records ${previous.nextSequence} to ${header.firstSequence - 1} are missing before it`,
    );
  }
  if (header.previousChain !== previous.chain) {
    throw new JournalCorrupt(segment.name, 28, 'the chain value of the records before it does not match');
  }
}

/** The shapes were checked when the record was written; the checksum says that the bytes are those. */
function parseRecord(segment: Segment, offset: number, payload: string): EngineRecord {
  try {
    return JSON.parse(payload) as EngineRecord;
  } catch {
    throw new JournalCorrupt(segment.name, offset, 'its payload is not JSON');
  }
}
