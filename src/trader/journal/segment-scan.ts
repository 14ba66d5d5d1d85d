/** Streams the frames of one segment through one bounded buffer. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FRAME_BYTES, type FrameBody, type FrameFormat, findFrame, HEADER_BYTES } from './format.js';
import type { Segment } from './segments.js';

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
