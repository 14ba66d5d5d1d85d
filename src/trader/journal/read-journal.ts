/**
 * Reads a journal as a stream: one commit group in memory at a time, whatever the journal's length; the
 * frames of a segment come through one bounded buffer.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { counted } from '../../domain/figure-text.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import { FRAME_BYTES, type FrameBody, type FrameFormat, findFrame, HEADER_BYTES } from './format.js';
import { frameFault, JournalCorrupt } from './journal-error.js';
import { listSegments, readSegmentHeader, type Segment } from './segments.js';

interface ReadOptions {
  /** First sequence wanted. Default: 1, the first there is. */
  readonly from?: number;
}

/**
 * Entries from `from` on, oldest first. Safe next to a running trader: in the last segment, an incomplete
 * frame ends the stream, since the trader may still be writing it (`refuseDamagedEnd` tells that from
 * damage). Any other damage throws `JournalCorrupt`, data of a later version `JournalTooNew`.
 */
export function* readJournal(directory: string, options: ReadOptions = {}): Generator<JournalEntry, void> {
  const from = options.from ?? 1;
  for (const { entries } of readFrames(directory, options)) {
    for (const entry of entries) if (entry.sequence >= from) yield entry;
  }
}

interface JournalFrame {
  readonly entries: readonly JournalEntry[];
  /** As in `ScannedFrame`. */
  readonly body: FrameBody;
}

/** The same, by whole frames: the first one contains `from`. */
export function* readFrames(directory: string, options: ReadOptions = {}): Generator<JournalFrame, void> {
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
): Generator<JournalFrame, EndOfSegment> {
  const header = readSegmentHeader(segment);
  if (previous !== null) checkContinues(segment, header, previous);
  const { incarnation, format } = header;
  let chain = header.previousChain;
  let nextSequence = header.firstSequence;
  const scan = scanSegment(segment, format);
  let step: IteratorResult<ScannedFrame, ScanEnd> = scan.next();
  for (; step.done !== true; step = scan.next()) {
    const entries = entriesOf(segment, step.value, format, chain, incarnation);
    const [first, last] = [entries[0]!, entries[entries.length - 1]!];
    if (first.sequence !== nextSequence) {
      const why = `expected sequence ${nextSequence}, found ${first.sequence}`;
      throw new JournalCorrupt(segment.name, step.value.offset, why);
    }
    chain = last.chain;
    nextSequence = last.sequence + 1;
    if (last.sequence >= from) yield { entries, body: step.value.body };
  }
  if (step.value.kind === 'bad' && !isLast)
    throw new JournalCorrupt(segment.name, step.value.offset, step.value.why);
  return { incarnation, nextSequence, chain };
}

function entriesOf(
  segment: Segment,
  { body, offset }: ScannedFrame,
  format: FrameFormat,
  chain: string,
  incarnation: string,
): readonly JournalEntry[] {
  try {
    return format.read(body, chain, incarnation);
  } catch (error) {
    throw frameFault(error, segment.name, offset);
  }
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
  if (header.previousChain !== previous.chain)
    throw new JournalCorrupt(segment.name, 28, 'the chain value of the records before it does not match');
}

/** Records between two turns of the event loop: the control socket answers even during a long replay. */
const RECORDS_PER_TURN = 2000;

/**
 * Brings the engine to the end of the journal. Returns the number of records. Throws `JournalCorrupt`, or the
 * engine's error for a record that contradicts the state.
 */
export async function replayJournal(
  journal: { readonly directory: string; readonly lastSequence: number },
  apply: (record: EngineRecord, wallMs: number) => void,
): Promise<number> {
  let count = 0;
  let turn = RECORDS_PER_TURN;
  for (const { entries } of readFrames(journal.directory)) {
    for (const { record, wallMs } of entries) apply(record, wallMs);
    count += entries.length;
    if (count < turn) continue;
    turn = count + RECORDS_PER_TURN;
    await yieldToEventLoop();
  }
  if (count !== journal.lastSequence) {
    throw new Error(`the journal has ${counted(count, 'record')}, its end says ${journal.lastSequence}`);
  }
  return count;
}

export interface ScannedFrame {
  /** Valid until the next frame is requested. */
  readonly body: FrameBody;
  /** Offset of the frame in the file. */
  readonly offset: number;
}

/** Why reading stopped: at the end of the file, or at `offset` because of `why`. */
export type ScanEnd =
  | { readonly kind: 'end'; readonly offset: number }
  | { readonly kind: 'bad'; readonly offset: number; readonly why: string };

/** Yields whole frames with a correct checksum, oldest first; returns where and why it stopped. */
export function* scanSegment(segment: Segment, format: FrameFormat): Generator<ScannedFrame, ScanEnd> {
  const file = openSync(segment.path, 'r');
  try {
    const size = fstatSync(file).size;
    // Room for at least two frames of the largest size.
    const bytesMax = 2 * (FRAME_BYTES + format.bodyBytesMax);
    const bytes = Buffer.allocUnsafe(Math.min(bytesMax, Math.max(size, 1)));
    let fileOffset = HEADER_BYTES; // of the first byte not yet examined
    let start = 0;
    let end = 0;
    for (;;) {
      const found = findFrame(bytes, start, end, format);
      if (found.kind === 'whole') {
        const to = start + found.bytes;
        yield { body: { bytes, from: start + FRAME_BYTES, to }, offset: fileOffset };
        fileOffset += found.bytes;
        start = to;
        continue;
      }
      if (found.kind === 'bad') return { kind: 'bad', offset: fileOffset, why: found.why };
      bytes.copy(bytes, 0, start, end);
      end -= start;
      start = 0;
      const read = readSync(file, bytes, end, bytes.length - end, fileOffset + end);
      if (read === 0) {
        if (end === 0) return { kind: 'end', offset: fileOffset };
        return { kind: 'bad', offset: fileOffset, why: `it is cut off after ${end} of ${found.bytes} bytes` };
      }
      end += read;
    }
  } finally {
    closeSync(file);
  }
}
