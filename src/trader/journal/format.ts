/**
 * The journal's bytes (little endian). A segment is a 64-byte header and records behind it:
 *
 *   header  magic 'FERMATAJ' | u32 version | incarnation, 8 bytes ASCII, zero padded | u64 first sequence
 *           | previous chain value, 32 bytes | u32 crc32c of the 60 bytes before it
 *   record  u32 length of what follows the checksum | u32 crc32c of that | u8 type | u64 sequence | u64 wallMs | payload
 *
 * Bit 7 of the type byte marks the first record of a commit group. A group is written only after the group before it
 * is on disk: a damaged record with such a mark behind it is damage to what was once safe, not a torn tail.
 */
import { crc32c } from './crc32c.js';

export const HEADER_BYTES = 64;
const FORMAT_VERSION = 1;
/** Length and checksum. */
export const FRAME_BYTES = 8;
/** Type, sequence and wall time. */
export const FIXED_BYTES = 17;
export const PAYLOAD_BYTES_MAX = 512 * 1024;
export const GROUP_START = 0x80;

const MAGIC = Buffer.from('FERMATAJ', 'latin1');

export interface SegmentHeader {
  readonly incarnation: string;
  readonly firstSequence: number;
  /** Chain value of the entry before the first one, hex. */
  readonly previousChain: string;
}

export interface RawRecord {
  readonly groupStart: boolean;
  readonly type: number;
  readonly sequence: number;
  readonly wallMs: number;
  readonly payload: string;
}

export type Decoded =
  | { readonly kind: 'record'; readonly record: RawRecord; readonly bytes: number }
  /** More bytes are needed: `bytes` in all from the record's start. */
  | { readonly kind: 'incomplete'; readonly bytes: number }
  | { readonly kind: 'bad'; readonly why: string };

export function encodeHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes.write(header.incarnation, 12, 8, 'latin1');
  bytes.writeBigUInt64LE(BigInt(header.firstSequence), 20);
  bytes.write(header.previousChain, 28, 32, 'hex');
  bytes.writeUInt32LE(crc32c(bytes, 0, 60), 60);
  return bytes;
}

/** The header, or one phrase that says what is wrong with it. */
export function decodeHeader(bytes: Buffer): SegmentHeader | string {
  if (bytes.length < HEADER_BYTES) return `its header has ${bytes.length} of ${HEADER_BYTES} bytes`;
  if (!bytes.subarray(0, 8).equals(MAGIC)) return 'it does not begin with the mark of a journal';
  if (bytes.readUInt32LE(60) !== crc32c(bytes, 0, 60)) return 'the checksum of its header is wrong';
  const version = bytes.readUInt32LE(8);
  if (version !== FORMAT_VERSION)
    return `it has format version ${version}, this program reads ${FORMAT_VERSION}`;
  return {
    incarnation: bytes.toString('latin1', 12, 20).replace(/\0+$/, ''),
    firstSequence: Number(bytes.readBigUInt64LE(20)),
    previousChain: bytes.toString('hex', 28, 60),
  };
}

/** Writes one record at `offset`; gives the offset behind it. */
export function encodeRecord(target: Buffer, offset: number, record: RawRecord): number {
  const body = offset + FRAME_BYTES;
  const payloadBytes = target.write(record.payload, body + FIXED_BYTES, 'utf8');
  const end = body + FIXED_BYTES + payloadBytes;
  target.writeUInt32LE(end - body, offset);
  target.writeUInt8(record.type | (record.groupStart ? GROUP_START : 0), body);
  writeU64(target, record.sequence, body + 1);
  writeU64(target, record.wallMs, body + 9);
  target.writeUInt32LE(crc32c(target, body, end), offset + 4);
  return end;
}

/** Reads the record that starts at `offset` of `bytes[0, end)`. */
export function decodeRecord(bytes: Buffer, offset: number, end: number): Decoded {
  if (end - offset < FRAME_BYTES) return { kind: 'incomplete', bytes: FRAME_BYTES };
  const length = bytes.readUInt32LE(offset);
  if (length < FIXED_BYTES || length > FIXED_BYTES + PAYLOAD_BYTES_MAX) {
    return { kind: 'bad', why: `its length of ${length} bytes is impossible` };
  }
  const total = FRAME_BYTES + length;
  if (end - offset < total) return { kind: 'incomplete', bytes: total };
  const body = offset + FRAME_BYTES;
  if (bytes.readUInt32LE(offset + 4) !== crc32c(bytes, body, body + length)) {
    return { kind: 'bad', why: 'its checksum is wrong' };
  }
  const typeByte = bytes.readUInt8(body);
  const record: RawRecord = {
    groupStart: (typeByte & GROUP_START) !== 0,
    type: typeByte & ~GROUP_START,
    sequence: readU64(bytes, body + 1),
    wallMs: readU64(bytes, body + 9),
    payload: bytes.toString('utf8', body + FIXED_BYTES, body + length),
  };
  return { kind: 'record', record, bytes: total };
}

/** Both stay below 2^53, so that two halves without BigInt are exact and several times as fast. */
function writeU64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value % 0x1_0000_0000, offset);
  target.writeUInt32LE(Math.floor(value / 0x1_0000_0000), offset + 4);
}

export function readU64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 0x1_0000_0000;
}
