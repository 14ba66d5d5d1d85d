/**
 * A record as `u8 type | u8 layout | slots`. Layout 0 is the whole record as JSON: for types without layouts,
 * and for values that don't fit their slots, so nothing is ever lost.
 */
import type { EngineRecord } from '../../../engine/record.js';
import { LAYOUTS, type Layout, type Layouts, type RecordType } from './layouts.js';
import { SlotError, type SlotReader } from './slot-reader.js';
import { SlotWriter } from './slot-writer.js';

const AS_JSON = 0;

/** A record type or layout that this program does not know: written by a later version. */
export class UnknownRecord extends SlotError {
  override readonly name = 'UnknownRecord';
}

interface RecordCodec {
  readonly write: (to: SlotWriter, record: EngineRecord) => void;
  /** Throws `SlotError`. */
  readonly read: (from: SlotReader) => EngineRecord;
}

export function recordCodec(types: Readonly<Record<RecordType, number>>, layouts: Layouts): RecordCodec {
  const byType = layouts as Readonly<Record<string, readonly Layout<RecordType>[] | undefined>>;
  const byNumber: (readonly Layout<RecordType>[] | undefined)[] = [];
  for (const [type, number] of Object.entries(types)) byNumber[number] = byType[type] ?? [];
  return {
    write: (to, record) => {
      const { at, namesKnown } = to;
      const ofType = byType[record.type];
      to.byte(types[record.type]);
      if (ofType !== undefined) {
        to.byte(ofType.length);
        ofType[ofType.length - 1]!.write(to, record);
        if (to.fits) return;
        to.goBack(at + 1, namesKnown);
      }
      to.byte(AS_JSON);
      to.json(record);
    },
    read: (from) => {
      const type = from.byte();
      const layout = from.byte();
      const ofType = byNumber[type];
      if (ofType !== undefined && layout === AS_JSON) return from.json() as EngineRecord;
      const known = ofType?.[layout - 1];
      if (known === undefined) throw new UnknownRecord(`it holds a record of kind ${type}.${layout}`);
      return known.read(from);
    },
  };
}

/** The type byte of each record. The numbers are part of the file format: only added, never reused. */
export const RECORD_TYPES: Readonly<Record<EngineRecord['type'], number>> = {
  config: 1,
  'order.intended': 2,
  'order.denied': 3,
  'order.state': 4,
  fill: 5,
  halt: 6,
  armed: 7,
  command: 8,
  day: 9,
  equity: 10,
  'strategy.toggled': 11,
  'closeAll.begun': 12,
  'flat.proven': 13,
  'flat.escalated': 14,
  reconciled: 15,
  'position.adopted': 16,
  note: 17,
  settings: 30,
  'size.factor': 19,
  'golive.granted': 31,
  'golive.voided': 32,
  'fee.valued': 33,
  cash: 34,
  'coins.counted': 36,
  'coins.claimed': 37,
  'order.amended': 38,
  'stop.gap': 39,
  'fill.foreign': 40,
  'trade.closed': 41,
  'target.reached': 42,
  'stop.moved': 43,
  signal: 44,
  'signal.withdrawn': 45,
  'signal.refused': 46,
  'exits.changed': 50,
  split: 52,
  dividend: 53,
  'entry.waits': 60,
  'entry.over': 61,
  'trades.crossed': 62,
};

export const CODEC = recordCodec(RECORD_TYPES, LAYOUTS);

/** Whether both are written as the same bytes. */
export function isSameRecord(one: EngineRecord, other: EngineRecord): boolean {
  return bytesOf(one).equals(bytesOf(other));
}

function bytesOf(record: EngineRecord): Buffer {
  const to = new SlotWriter(256);
  CODEC.write(to, record);
  return to.bytes.subarray(0, to.at);
}
