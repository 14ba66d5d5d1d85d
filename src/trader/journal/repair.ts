/** Finds the end of the last segment and cuts off a tail that a crash has torn, never anything else. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { FRAME_BYTES, type FrameFormat, type FrameLook, findFrame } from './format.js';
import { frameFault, JournalCorrupt } from './journal-error.js';
import { type ScanEnd, type ScannedFrame, scanSegment } from './read-journal.js';
import { listSegments, readSegmentHeader, type Segment } from './segments.js';

/** More sequences than one segment can hold: how far ahead to search for a group after the damage. */
const SEQUENCES_AHEAD_MAX = 10_000_000;

export interface TornTail {
  readonly segment: string;
  readonly offset: number;
  readonly droppedBytes: number;
  readonly why: string;
}

export interface SegmentEnd {
  /** Version of the segment's format. */
  readonly version: number;
  readonly incarnation: string;
  readonly lastSequence: number;
  readonly chain: string;
  readonly sizeBytes: number;
  readonly torn: TornTail | null;
}

/** Throws `JournalCorrupt` if the damage is not a torn tail, `JournalTooNew` if the data is of a later version. */
export function repairLastSegment(segment: Segment): SegmentEnd {
  const { version, format, incarnation, lastSequence, chain, end } = scanToEnd(segment);
  const torn = end.kind === 'bad' ? cutTail(segment, format, end.offset, end.why, lastSequence) : null;
  syncFile(segment); // a killed process may have left whole records that were never synced
  return { version, incarnation, lastSequence, chain, sizeBytes: end.offset, torn };
}

/**
 * The same without repairing anything, next to a trader that may be writing: a torn end is left as it is.
 * Throws like `repairLastSegment`.
 */
export function refuseDamagedEnd(directory: string): void {
  const segment = listSegments(directory).at(-1);
  if (segment === undefined) return;
  const { format, lastSequence, end } = scanToEnd(segment);
  if (end.kind !== 'bad') return;
  const file = openSync(segment.path, 'r');
  try {
    const tail = tailOf(file, end.offset);
    // It was still being written, and is whole now.
    if (findFrame(tail, 0, tail.length, format).kind === 'whole') return;
    if (laterGroupBegins(tail, format, lastSequence))
      throw new JournalCorrupt(segment.name, end.offset, end.why);
  } finally {
    closeSync(file);
  }
}

function scanToEnd(segment: Segment) {
  const { version, format, incarnation, firstSequence, previousChain } = readSegmentHeader(segment);
  let chain = previousChain;
  let lastSequence = firstSequence - 1;
  const scan = scanSegment(segment, format);
  let step: IteratorResult<ScannedFrame, ScanEnd> = scan.next();
  for (; step.done !== true; step = scan.next()) {
    const look = lookAt(segment, step.value, format, chain);
    if (look.firstSequence !== lastSequence + 1) {
      const why = `expected sequence ${lastSequence + 1}, found ${look.firstSequence}`;
      throw new JournalCorrupt(segment.name, step.value.offset, why);
    }
    ({ chain, lastSequence } = look);
  }
  return { version, format, incarnation, lastSequence, chain, end: step.value };
}

function lookAt(
  segment: Segment,
  { body, offset }: ScannedFrame,
  format: FrameFormat,
  chain: string,
): FrameLook {
  try {
    return format.look(body, chain);
  } catch (error) {
    throw frameFault(error, segment.name, offset);
  }
}

function cutTail(
  segment: Segment,
  format: FrameFormat,
  offset: number,
  why: string,
  lastSequence: number,
): TornTail {
  const file = openSync(segment.path, 'r+');
  try {
    const tail = tailOf(file, offset);
    if (laterGroupBegins(tail, format, lastSequence)) throw new JournalCorrupt(segment.name, offset, why);
    ftruncateSync(file, offset);
    return { segment: segment.name, offset, droppedBytes: tail.length, why };
  } finally {
    closeSync(file);
  }
}

function tailOf(file: number, offset: number): Buffer {
  const tail = Buffer.alloc(fstatSync(file).size - offset);
  readSync(file, tail, 0, tail.length, offset);
  return tail;
}

/**
 * Whether a commit group begins after the damage. If so, the damaged group was on disk before it, and was
 * damaged later.
 */
function laterGroupBegins(tail: Buffer, format: FrameFormat, lastSequence: number): boolean {
  const smallest = FRAME_BYTES + format.bodyBytesMin;
  for (let at = 1; at + smallest <= tail.length; at += 1) {
    const length = tail.readUInt32LE(at);
    if (length < format.bodyBytesMin || length > format.bodyBytesMax) continue;
    const sequence = format.beginsGroup(tail, at + FRAME_BYTES);
    if (sequence === null || sequence <= lastSequence + 1) continue;
    if (sequence > lastSequence + SEQUENCES_AHEAD_MAX) continue;
    if (findFrame(tail, at, tail.length, format).kind === 'whole') return true;
  }
  return false;
}

function syncFile(segment: Segment): void {
  const file = openSync(segment.path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
