/** Finds the end of the last segment and cuts off a tail that was torn by a crash; never anything else. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { chainNext } from './chain.js';
import { decodeRecord, FIXED_BYTES, FRAME_BYTES, GROUP_START, PAYLOAD_BYTES_MAX, readU64 } from './format.js';
import { JournalCorrupt } from './journal-error.js';
import { type ScanEnd, type ScannedRecord, scanSegment } from './segment-scan.js';
import { readSegmentHeader, type Segment } from './segments.js';

/** More sequences than one segment can hold: how far ahead a record behind the damage is looked for. */
const SEQUENCES_AHEAD_MAX = 10_000_000;

export interface TornTail {
  readonly segment: string;
  readonly offset: number;
  readonly droppedBytes: number;
  readonly why: string;
}

export interface SegmentEnd {
  readonly incarnation: string;
  readonly lastSequence: number;
  readonly chain: string;
  readonly sizeBytes: number;
  readonly torn: TornTail | null;
}

/** Throws `JournalCorrupt` where the damage is not a torn tail. */
export function repairLastSegment(segment: Segment): SegmentEnd {
  const header = readSegmentHeader(segment);
  let chain = header.previousChain;
  let lastSequence = header.firstSequence - 1;
  const scan = scanSegment(segment);
  let step: IteratorResult<ScannedRecord, ScanEnd> = scan.next();
  for (; step.done !== true; step = scan.next()) {
    const { record, offset } = step.value;
    if (record.sequence !== lastSequence + 1) {
      throw new JournalCorrupt(
        segment.name,
        offset,
        `expected sequence ${lastSequence + 1}, found ${record.sequence}`,
      );
    }
    chain = chainNext(chain, record.payload);
    lastSequence = record.sequence;
  }
  const end = step.value;
  const torn = end.kind === 'bad' ? cutTail(segment, end.offset, end.why, lastSequence) : null;
  syncFile(segment); // a killed process may have left whole records that were never synced
  return { incarnation: header.incarnation, lastSequence, chain, sizeBytes: end.offset, torn };
}

function cutTail(segment: Segment, offset: number, why: string, lastSequence: number): TornTail {
  const file = openSync(segment.path, 'r+');
  try {
    const size = fstatSync(file).size;
    const tail = Buffer.alloc(size - offset);
    readSync(file, tail, 0, tail.length, offset);
    if (laterGroupBegins(tail, lastSequence)) throw new JournalCorrupt(segment.name, offset, why);
    ftruncateSync(file, offset);
    return { segment: segment.name, offset, droppedBytes: tail.length, why };
  } finally {
    closeSync(file);
  }
}

/** Whether a commit group begins behind the damage: the damaged record was then on disk before, and was damaged since. */
function laterGroupBegins(tail: Buffer, lastSequence: number): boolean {
  const smallest = FRAME_BYTES + FIXED_BYTES;
  for (let at = 1; at + smallest <= tail.length; at += 1) {
    if ((tail[at + FRAME_BYTES]! & GROUP_START) === 0) continue;
    const length = tail.readUInt32LE(at);
    if (length < FIXED_BYTES || length > FIXED_BYTES + PAYLOAD_BYTES_MAX) continue;
    const sequence = readU64(tail, at + FRAME_BYTES + 1);
    if (sequence <= lastSequence + 1 || sequence > lastSequence + SEQUENCES_AHEAD_MAX) continue;
    if (decodeRecord(tail, at, tail.length).kind === 'record') return true;
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
