/**
 * Version 1, which will always be read and is no longer written. One record in each frame:
 *
 *   body  u8 type | u64 sequence | u64 wallMs | the record as JSON
 *
 * Bit 7 of the type marks the first record of a commit group. A record's chain value is the hex SHA-256 of
 * the previous record's chain value (hex text) followed by the JSON.
 */
import { hash } from 'node:crypto';
import type { EngineRecord } from '../../engine/record.js';
import { BadFrame, type FrameFormat, readU64 } from './format.js';

const FIXED_BYTES = 17;
const PAYLOAD_BYTES_MAX = 512 * 1024;
const GROUP_START = 0x80;

/** Chain value of an entry of version 1. */
export function chainNext(previous: string, payload: string): string {
  return hash('sha256', previous + payload, 'hex');
}

export const FORMAT_1: FrameFormat = {
  bodyBytesMin: FIXED_BYTES,
  bodyBytesMax: FIXED_BYTES + PAYLOAD_BYTES_MAX,
  beginsGroup: (bytes, from) => ((bytes[from]! & GROUP_START) === 0 ? null : readU64(bytes, from + 1)),
  look: ({ bytes, from, to }, previousChain) => {
    const sequence = readU64(bytes, from + 1);
    const chain = chainNext(previousChain, bytes.toString('utf8', from + FIXED_BYTES, to));
    return { firstSequence: sequence, lastSequence: sequence, chain };
  },
  read: ({ bytes, from, to }, previousChain, incarnation) => {
    const payload = bytes.toString('utf8', from + FIXED_BYTES, to);
    return [
      {
        incarnation,
        sequence: readU64(bytes, from + 1),
        wallMs: readU64(bytes, from + 9),
        record: parseRecord(payload),
        chain: chainNext(previousChain, payload),
      },
    ];
  },
};

/** The record was validated when it was written; the checksum proves that these are the same bytes. */
function parseRecord(payload: string): EngineRecord {
  try {
    return JSON.parse(payload) as EngineRecord;
  } catch {
    throw new BadFrame('its payload is not JSON');
  }
}
