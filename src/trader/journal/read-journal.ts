/** Reads a journal as a stream: one commit group in memory at a time, whatever the journal's length. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { counted } from '../../domain/figure-text.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import type { FrameBody, FrameFormat } from './format.js';
import { frameFault, JournalCorrupt } from './journal-error.js';
import { type ScanEnd, type ScannedFrame, scanSegment } from './segment-scan.js';
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
  for (const { record, wallMs } of readJournal(journal.directory)) {
    apply(record, wallMs);
    count += 1;
    if (count % RECORDS_PER_TURN === 0) await yieldToEventLoop();
  }
  if (count !== journal.lastSequence) {
    throw new Error(`the journal has ${counted(count, 'record')}, its end says ${journal.lastSequence}`);
  }
  return count;
}
