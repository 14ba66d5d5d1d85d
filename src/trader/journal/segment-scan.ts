/** Streams the records of one segment through one bounded buffer. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import {
  decodeRecord,
  FIXED_BYTES,
  FRAME_BYTES,
  HEADER_BYTES,
  PAYLOAD_BYTES_MAX,
  type RawRecord,
} from './format.js';
import type { Segment } from './segments.js';

/** Holds at least two records of the largest size. */
const BUFFER_BYTES = 2 * (FRAME_BYTES + FIXED_BYTES + PAYLOAD_BYTES_MAX);

export interface ScannedRecord {
  readonly record: RawRecord;
  /** Where it stands in the file. */
  readonly offset: number;
  readonly endOffset: number;
}

/** Why reading stopped: at the end of the file, or at `offset` because of `why`. */
export type ScanEnd =
  | { readonly kind: 'end'; readonly offset: number }
  | { readonly kind: 'bad'; readonly offset: number; readonly why: string };

/** Yields whole records with a right checksum, oldest first; returns where and why it stopped. */
export function* scanSegment(segment: Segment): Generator<ScannedRecord, ScanEnd> {
  const file = openSync(segment.path, 'r');
  try {
    const size = fstatSync(file).size;
    const buffer = Buffer.allocUnsafe(Math.min(BUFFER_BYTES, Math.max(size, 1)));
    let fileOffset = HEADER_BYTES; // of the first byte not yet decoded
    let start = 0;
    let end = 0;
    for (;;) {
      const decoded = decodeRecord(buffer, start, end);
      if (decoded.kind === 'record') {
        const endOffset = fileOffset + decoded.bytes;
        yield { record: decoded.record, offset: fileOffset, endOffset };
        fileOffset = endOffset;
        start += decoded.bytes;
        continue;
      }
      if (decoded.kind === 'bad') return { kind: 'bad', offset: fileOffset, why: decoded.why };
      buffer.copy(buffer, 0, start, end);
      end -= start;
      start = 0;
      const read = readSync(file, buffer, end, buffer.length - end, fileOffset + end);
      if (read === 0) {
        if (end === 0) return { kind: 'end', offset: fileOffset };
        return {
          kind: 'bad',
          offset: fileOffset,
          why: `it is cut off after ${end} of ${decoded.bytes} bytes`,
        };
      }
      end += read;
    }
  } finally {
    closeSync(file);
  }
}
