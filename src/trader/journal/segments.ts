/** Which files make up a journal, and how a new one is added. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  decodeHeader,
  encodeHeader,
  FORMAT_VERSION,
  type FrameFormat,
  HEADER_BYTES,
  type SegmentHeader,
} from './format.js';
import { JournalCorrupt, JournalTooNew } from './journal-error.js';
import { FORMAT_1 } from './v1.js';
import { FORMAT_2 } from './v2/group.js';

const SEGMENT_NAME = /^(\d{16})\.journal$/;
const UNFINISHED = '.new';
/** The versions that this program reads. */
const FORMATS: Readonly<Record<number, FrameFormat | undefined>> = { 1: FORMAT_1, 2: FORMAT_2 };

export interface Segment {
  readonly name: string;
  readonly path: string;
  readonly firstSequence: number;
}

/** Segments in order of their first sequence. */
export function listSegments(directory: string): readonly Segment[] {
  return readdirSync(directory)
    .filter((name) => SEGMENT_NAME.test(name))
    .sort()
    .map((name) => ({ name, path: join(directory, name), firstSequence: Number(name.slice(0, 16)) }));
}

interface SegmentBegin extends SegmentHeader {
  readonly format: FrameFormat;
}

/**
 * Throws `JournalCorrupt` if the header is damaged or belongs to another file, `JournalTooNew` for a later version.
 */
export function readSegmentHeader(segment: Segment): SegmentBegin {
  const file = openSync(segment.path, 'r');
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    const read = readSync(file, bytes, 0, HEADER_BYTES, 0);
    const header = decodeHeader(bytes.subarray(0, read));
    if (typeof header === 'string') throw new JournalCorrupt(segment.name, 0, header);
    const format = FORMATS[header.version];
    if (format === undefined) {
      const why = `it has format version ${header.version}, this program reads up to ${FORMAT_VERSION}`;
      throw new JournalTooNew(segment.name, why);
    }
    if (header.firstSequence !== segment.firstSequence) {
      throw new JournalCorrupt(segment.name, 20, `its header says it begins at ${header.firstSequence}`);
    }
    return { ...header, format };
  } finally {
    closeSync(file);
  }
}

/**
 * A segment gets its name only once its header is on disk, so a header is never torn. It replaces a version 1
 * segment of the same name that holds no record.
 */
export function createSegment(directory: string, header: Omit<SegmentHeader, 'version'>): Segment {
  const name = `${String(header.firstSequence).padStart(16, '0')}.journal`;
  const path = join(directory, name);
  const file = openSync(path + UNFINISHED, 'w', 0o600);
  try {
    writeSync(file, encodeHeader(header));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(path + UNFINISHED, path);
  syncDirectory(directory);
  return { name, path, firstSequence: header.firstSequence };
}

/** Removes what a crash in `createSegment` may have left; it never held a record. */
export function removeUnfinishedSegments(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.endsWith(`.journal${UNFINISHED}`)) rmSync(join(directory, name));
  }
}

/** Makes renames and removals in the directory durable. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
