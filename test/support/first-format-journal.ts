/** Writes a journal as the builds did whose format was v1: nothing in the product writes it any more. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineRecord } from '../../src/engine/record.js';
import { CHAIN_START, crc32c, encodeHeader, HEADER_BYTES } from '../../src/trader/journal/format.js';
import { chainNext } from '../../src/trader/journal/v1.js';
import { RECORD_TYPES } from '../../src/trader/journal/v2/codec.js';

const SEGMENT_BYTES = 16 * 1024 * 1024;
const GROUP_START = 0x80;
const FRAME_BYTES = 8;
const FIXED_BYTES = 17;

export interface FirstFormatOptions {
  readonly directory: string;
  readonly incarnation: string;
  readonly segmentBytesMax?: number;
  /** Records of a commit group. */
  readonly groupRecords: number;
  readonly wallMsOf: (sequence: number) => number;
}

/** Gives the number of records and the chain value of the last one. */
export function writeFirstFormat(
  options: FirstFormatOptions,
  records: Iterable<EngineRecord>,
): { readonly lastSequence: number; readonly chain: string } {
  const { directory, incarnation, segmentBytesMax = SEGMENT_BYTES, groupRecords, wallMsOf } = options;
  mkdirSync(directory, { recursive: true });
  let chain = CHAIN_START;
  let sequence = 0;
  let file = createSegment(directory, incarnation, 1, chain);
  let fileBytes = HEADER_BYTES;
  let group: Buffer[] = [];
  const flush = (): void => {
    const bytes = Buffer.concat(group);
    writeSync(file, bytes, 0, bytes.length, fileBytes);
    fileBytes += bytes.length;
    group = [];
  };
  for (const record of records) {
    if (group.length === 0 && fileBytes >= segmentBytesMax) {
      closeSync(file);
      file = createSegment(directory, incarnation, sequence + 1, chain);
      fileBytes = HEADER_BYTES;
    }
    sequence += 1;
    const payload = JSON.stringify(record);
    chain = chainNext(chain, payload);
    const type = RECORD_TYPES[record.type] | (group.length === 0 ? GROUP_START : 0);
    group.push(frameOf(type, sequence, wallMsOf(sequence), payload));
    if (group.length === groupRecords) flush();
  }
  flush();
  closeSync(file);
  return { lastSequence: sequence, chain };
}

function createSegment(
  directory: string,
  incarnation: string,
  firstSequence: number,
  previousChain: string,
): number {
  const header = encodeHeader({ incarnation, firstSequence, previousChain });
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(crc32c(header, 0, 60), 60);
  const file = openSync(join(directory, `${String(firstSequence).padStart(16, '0')}.journal`), 'w', 0o600);
  writeSync(file, header);
  return file;
}

function frameOf(type: number, sequence: number, wallMs: number, payload: string): Buffer {
  const size = Buffer.byteLength(payload);
  const frame = Buffer.allocUnsafe(FRAME_BYTES + FIXED_BYTES + size);
  frame.writeUInt32LE(FIXED_BYTES + size, 0);
  frame.writeUInt8(type, 8);
  frame.writeBigUInt64LE(BigInt(sequence), 9);
  frame.writeBigUInt64LE(BigInt(wallMs), 17);
  frame.write(payload, 25, 'utf8');
  frame.writeUInt32LE(crc32c(frame, 8, frame.length), 4);
  return frame;
}
