/**
 * What all versions of a segment have in common (little endian): a 64-byte header, followed by frames.
 *
 *   header  magic 'FERMATAJ' | u32 version | incarnation, 8 bytes ASCII, zero padded | u64 first sequence
 *           | previous chain value, 32 bytes | u32 crc32c of the 60 bytes before it
 *   frame   u32 length of the body | u32 crc32c of the body | body
 *
 * The body is a commit group in version 2 (`v2/group.ts`) and one record in version 1 (`v1.ts`). A commit
 * group is written only once the previous group is on disk. So a damaged frame followed by the beginning of
 * another group was damaged after it was safe; it is not a torn tail.
 */
import type { JournalEntry } from '../../engine/record.js';

export const HEADER_BYTES = 64;
/** The version that is written. */
export const FORMAT_VERSION = 2;
/** Length and checksum. */
export const FRAME_BYTES = 8;

const MAGIC = Buffer.from('FERMATAJ', 'latin1');

export interface SegmentHeader {
  readonly version: number;
  readonly incarnation: string;
  readonly firstSequence: number;
  /** Chain value before the first entry, hex. */
  readonly previousChain: string;
}

/** Where the body of a frame lies in a buffer. */
export interface FrameBody {
  /** May be changed while the body is read, but is restored afterwards. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** What a frame says about itself, without parsing its records. */
export interface FrameLook {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain value after it, hex. */
  readonly chain: string;
}

/** How the body of a frame is read, by version. */
export interface FrameFormat {
  readonly bodyBytesMin: number;
  readonly bodyBytesMax: number;
  /** First sequence if the body at that place appears to begin a commit group. Null: it does not. */
  readonly beginsGroup: (bytes: Buffer, from: number) => number | null;
  /** Throws `BadFrame` if it does not continue that chain. */
  readonly look: (body: FrameBody, previousChain: string) => FrameLook;
  /** Its entries, at least one; the last one has the chain value after the frame. Throws `BadFrame`. */
  readonly read: (body: FrameBody, previousChain: string, incarnation: string) => readonly JournalEntry[];
}

/** A whole frame that can't be part of this journal. The message is one phrase. */
export class BadFrame extends Error {
  override readonly name: string = 'BadFrame';
}

/** A frame with something that only a later version of this program knows. */
export class FutureFrame extends BadFrame {
  override readonly name = 'FutureFrame';
}

type FoundFrame =
  | { readonly kind: 'whole'; readonly bytes: number }
  /** More bytes are needed: `bytes` in total from the frame's start. */
  | { readonly kind: 'incomplete'; readonly bytes: number }
  | { readonly kind: 'bad'; readonly why: string };

export function encodeHeader(header: Omit<SegmentHeader, 'version'>): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes.write(header.incarnation, 12, 8, 'latin1');
  bytes.writeBigUInt64LE(BigInt(header.firstSequence), 20);
  bytes.write(header.previousChain, 28, 32, 'hex');
  bytes.writeUInt32LE(crc32c(bytes, 0, 60), 60);
  return bytes;
}

/** The header, or one phrase on what is wrong with it. This program may be unable to read its version. */
export function decodeHeader(bytes: Buffer): SegmentHeader | string {
  if (bytes.length < HEADER_BYTES) return `its header has ${bytes.length} of ${HEADER_BYTES} bytes`;
  if (!bytes.subarray(0, 8).equals(MAGIC)) return 'it does not begin with the mark of a journal';
  if (bytes.readUInt32LE(60) !== crc32c(bytes, 0, 60)) return 'the checksum of its header is wrong';
  return {
    version: bytes.readUInt32LE(8),
    incarnation: bytes.toString('latin1', 12, 20).replace(/\0+$/, ''),
    firstSequence: readU64(bytes, 20),
    previousChain: bytes.toString('hex', 28, 60),
  };
}

/** Examines the frame that starts at `offset` in `bytes[0, end)`. */
export function findFrame(bytes: Buffer, offset: number, end: number, format: FrameFormat): FoundFrame {
  if (end - offset < FRAME_BYTES) return { kind: 'incomplete', bytes: FRAME_BYTES };
  const length = bytes.readUInt32LE(offset);
  if (length < format.bodyBytesMin || length > format.bodyBytesMax) {
    return { kind: 'bad', why: `its length of ${length} bytes is impossible` };
  }
  const total = FRAME_BYTES + length;
  if (end - offset < total) return { kind: 'incomplete', bytes: total };
  if (bytes.readUInt32LE(offset + 4) !== crc32c(bytes, offset + FRAME_BYTES, offset + total)) {
    return { kind: 'bad', why: 'its checksum is wrong' };
  }
  return { kind: 'whole', bytes: total };
}

/** Values stay below 2^53, so two halves without BigInt are exact, and several times faster. */
export function readU64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 0x1_0000_0000;
}

/** Chain value before the first entry of an incarnation. */
export const CHAIN_START = '0'.repeat(64);

/** CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as in RFC 3720 appendix B.4; eight bytes at a time. */
const TABLES = makeTables();

function makeTables(): Uint32Array {
  const tables = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    tables[byte] = crc >>> 0;
  }
  for (let table = 1; table < 8; table += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      const before = tables[(table - 1) * 256 + byte]!;
      tables[table * 256 + byte] = (before >>> 8) ^ tables[before & 0xff]!;
    }
  }
  return tables;
}

/** Checksum of `bytes[start, end)` as an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const t = TABLES;
  let crc = 0xffffffff;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[1792 + (crc & 0xff)]! ^
      t[1536 + ((crc >>> 8) & 0xff)]! ^
      t[1280 + ((crc >>> 16) & 0xff)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
