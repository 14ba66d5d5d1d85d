/** How the fields of one record type stand in slots. */
import type { EngineRecord } from '../../../engine/record.js';
import type { SlotReader } from './slot-reader.js';
import type { SlotWriter } from './slot-writer.js';

export type RecordType = EngineRecord['type'];
export type RecordOf<T extends RecordType> = Extract<EngineRecord, { readonly type: T }>;

/** Slots in the order in which both functions name them. Never changed once it was on main: a new field is a new layout. */
export interface Layout<T extends RecordType> {
  readonly write: (to: SlotWriter, record: RecordOf<T>) => void;
  readonly read: (from: SlotReader) => RecordOf<T>;
}

/** Numbers of the words of a closed list. Written to disk: never reused, only added. */
export type Numbers<Word extends string> = Readonly<Record<Word, number>>;

/** The words by their number. */
export function wordsOf<Word extends string>(numbers: Numbers<Word>): readonly Word[] {
  const words: Word[] = [];
  for (const [word, number] of Object.entries(numbers) as [Word, number][]) words[number] = word;
  return words;
}
