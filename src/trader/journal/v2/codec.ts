/**
 * A record as `u8 type | u8 layout | slots`. Layout 0 is the whole record as JSON: for types without layouts, and for
 * values that don't fit their slots, so that nothing is ever lost.
 */
import type { EngineRecord } from '../../../engine/record.js';
import { RECORD_TYPES } from '../record-types.js';
import type { Layout, RecordType } from './layout.js';
import { LAYOUTS, type Layouts } from './layouts.js';
import { SlotError, type SlotReader } from './slot-reader.js';
import { SlotWriter } from './slot-writer.js';

const AS_JSON = 0;

/** A record type or layout that this program does not know: written by a later version. */
export class UnknownRecord extends SlotError {
  override readonly name = 'UnknownRecord';
}

export interface RecordCodec {
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
