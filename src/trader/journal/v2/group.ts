/**
 * Version 2: one commit group in each frame.
 *
 *   body    32 bytes chain | u64 first sequence | f64 wallMs | f64 monotonicMs | u16 records | records
 *   record  u32 length of what follows | u16 wall ms after the group's | u16 monotonic ms after the group's
 *           | u8 type | u8 layout | slots
 *
 * The chain value is the SHA-256 of the body with the previous group's value in its place. The two times are
 * those of the first record; monotonic -1 means unknown, as in a copy of a version 1 journal. Each group has
 * its own table of names, so it can be read and verified without the previous groups.
 */
import { hash } from 'node:crypto';
import type { EngineRecord, JournalEntry } from '../../../engine/record.js';
import {
  BadFrame,
  crc32c,
  FRAME_BYTES,
  type FrameBody,
  type FrameFormat,
  FutureFrame,
  readU64,
} from '../format.js';
import { CODEC, UnknownRecord } from './codec.js';
import { SlotError, SlotReader } from './slot-reader.js';
import { SlotWriter } from './slot-writer.js';

const CHAIN_BYTES = 32;
const FIRST_SEQUENCE_AT = 32;
const WALL_AT = 40;
const MONOTONIC_AT = 48;
const RECORDS_AT = 56;
const FIXED_BYTES = 58;
/** Length, the two times, type and layout. */
const RECORD_FIXED_BYTES = 10;
/** Size of one commit group, and therefore the most that a torn tail can lose, apart from one record. */
const GROUP_BYTES_MAX = 128 * 1024;
/** Bounded because followers receive a group as a whole. */
const GROUP_RECORDS_MAX = 1_000;
/** Large enough for any record of version 1. */
export const RECORD_BYTES_MAX = 513 * 1024;
const MS_AFTER_MAX = 0xffff;
const UNKNOWN_MS = -1;
/** Initial size: enough for the records of a typical event. */
const BYTES_FIRST = 1_024;

/** A commit group that grows until it is written. */
export class GroupWriter {
  readonly entries: Omit<JournalEntry, 'chain' | 'group'>[] = [];
  readonly #to = new SlotWriter(BYTES_FIRST);
  readonly #wallMs: number;
  readonly #monotonicMs: number;

  constructor(
    readonly incarnation: string,
    readonly firstSequence: number,
    wallMs: number,
    monotonicMs: number | null,
  ) {
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs ?? UNKNOWN_MS;
    this.#to.at = FRAME_BYTES + FIXED_BYTES;
  }

  get bytes(): number {
    return this.#to.at;
  }

  /** Whether a record of that time still fits into the group. */
  takes(wallMs: number, monotonicMs: number | null): boolean {
    return (
      this.bytes < GROUP_BYTES_MAX &&
      this.entries.length < GROUP_RECORDS_MAX &&
      isShortAfter(wallMs, this.#wallMs) &&
      isShortAfter(monotonicMs ?? UNKNOWN_MS, this.#monotonicMs)
    );
  }

  /** False: the record is too large, and nothing more may be written. */
  add(record: EngineRecord, wallMs: number, monotonicMs: number | null): boolean {
    const to = this.#to;
    const begin = to.at;
    to.u32(0);
    to.u16(wallMs - this.#wallMs);
    to.u16((monotonicMs ?? UNKNOWN_MS) - this.#monotonicMs);
    CODEC.write(to, record);
    const length = to.at - begin - 4;
    if (length > RECORD_BYTES_MAX) return false;
    to.setU32(begin, length);
    const sequence = this.firstSequence + this.entries.length;
    this.entries.push({ incarnation: this.incarnation, sequence, wallMs, monotonicMs, record });
    return true;
  }

  /** The frame as written to disk. */
  seal(previousChain: string): { readonly frame: Buffer; readonly entries: readonly JournalEntry[] } {
    const to = this.#to;
    const end = to.at;
    const last = this.firstSequence + this.entries.length - 1;
    to.setU32(0, end - FRAME_BYTES);
    to.setU32(FRAME_BYTES + FIRST_SEQUENCE_AT, this.firstSequence % 0x1_0000_0000);
    to.setU32(FRAME_BYTES + FIRST_SEQUENCE_AT + 4, Math.floor(this.firstSequence / 0x1_0000_0000));
    to.setF64(FRAME_BYTES + WALL_AT, this.#wallMs);
    to.setF64(FRAME_BYTES + MONOTONIC_AT, this.#monotonicMs);
    to.setU16(FRAME_BYTES + RECORDS_AT, this.entries.length);
    const chain = chainOf({ bytes: to.bytes, from: FRAME_BYTES, to: end }, previousChain);
    to.bytes.write(chain, FRAME_BYTES, CHAIN_BYTES, 'hex');
    to.setU32(4, crc32c(to.bytes, FRAME_BYTES, end));
    const group = { first: this.firstSequence, last };
    const entries = this.entries.map((entry) => ({ ...entry, chain, group }));
    return { frame: to.bytes.subarray(0, end), entries };
  }
}

function isShortAfter(ms: number, beginMs: number): boolean {
  return ms >= beginMs && ms - beginMs <= MS_AFTER_MAX;
}

/** Leaves the previous group's value in the body. */
function chainOf({ bytes, from, to }: FrameBody, previousChain: string): string {
  bytes.write(previousChain, from, CHAIN_BYTES, 'hex');
  return hash('sha256', bytes.subarray(from, to), 'hex');
}

export const FORMAT_2: FrameFormat = {
  bodyBytesMin: FIXED_BYTES + RECORD_FIXED_BYTES,
  bodyBytesMax: GROUP_BYTES_MAX + RECORD_BYTES_MAX + RECORD_FIXED_BYTES,
  beginsGroup: (bytes, from) => readU64(bytes, from + FIRST_SEQUENCE_AT),
  look: (body, previousChain) => {
    const { bytes, from } = body;
    const firstSequence = readU64(bytes, from + FIRST_SEQUENCE_AT);
    const lastSequence = firstSequence + bytes.readUInt16LE(from + RECORDS_AT) - 1;
    return { firstSequence, lastSequence, chain: provenChain(body, previousChain) };
  },
  read: (body, previousChain, incarnation) => {
    const chain = provenChain(body, previousChain);
    try {
      return readRecords(body, chain, incarnation);
    } catch (error) {
      if (error instanceof UnknownRecord) throw new FutureFrame(error.message);
      if (error instanceof SlotError) throw new BadFrame(error.message);
      throw error;
    }
  },
};

const STANDS = Buffer.alloc(CHAIN_BYTES);

/** Leaves the body as it was. */
function provenChain(body: FrameBody, previousChain: string): string {
  const { bytes, from } = body;
  for (let at = 0; at < CHAIN_BYTES; at += 1) STANDS[at] = bytes[from + at]!;
  const chain = chainOf(body, previousChain);
  for (let at = 0; at < CHAIN_BYTES; at += 1) bytes[from + at] = STANDS[at]!;
  if (chain !== STANDS.toString('hex'))
    throw new BadFrame('its chain value does not continue that of the group before it');
  return chain;
}

function readRecords({ bytes, from, to }: FrameBody, chain: string, incarnation: string): JournalEntry[] {
  const first = readU64(bytes, from + FIRST_SEQUENCE_AT);
  const groupWallMs = bytes.readDoubleLE(from + WALL_AT);
  const groupMonotonicMs = bytes.readDoubleLE(from + MONOTONIC_AT);
  const count = bytes.readUInt16LE(from + RECORDS_AT);
  if (count === 0) throw new BadFrame('it holds no record');
  const group = { first, last: first + count - 1 };
  const entries: JournalEntry[] = [];
  const reader = new SlotReader(bytes, from + FIXED_BYTES, to);
  for (let index = 0; index < count; index += 1) {
    reader.end = to;
    const length = reader.u32();
    const end = reader.at + length;
    if (end > to) throw new BadFrame('a record in it goes on behind its end');
    reader.end = end;
    const wallMs = groupWallMs + reader.u16();
    const monotonicMs = groupMonotonicMs + reader.u16();
    const record = CODEC.read(reader);
    if (reader.at !== end) throw new BadFrame('a record in it does not end where it says');
    const sequence = first + index;
    const known = monotonicMs === UNKNOWN_MS ? null : monotonicMs;
    entries.push({ incarnation, sequence, wallMs, monotonicMs: known, record, chain, group });
  }
  if (reader.at !== to) throw new BadFrame('something stands behind its last record');
  return entries;
}
