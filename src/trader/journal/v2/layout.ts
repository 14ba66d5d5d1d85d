/** How the fields of one record type are laid out in slots. */
import type { EngineRecord } from '../../../engine/record.js';
import type { SlotReader } from './slot-reader.js';
import type { SlotWriter } from './slot-writer.js';

export type RecordType = EngineRecord['type'];
export type RecordOf<T extends RecordType> = Extract<EngineRecord, { readonly type: T }>;

/** Slots in the order in which both functions name them. Never changed once on main: a new field is a new layout. */
export interface Layout<T extends RecordType> {
  readonly write: (to: SlotWriter, record: RecordOf<T>) => void;
  readonly read: (from: SlotReader) => RecordOf<T>;
}

/** Numbers for the words of a closed list. On disk: only added, never reused. */
export type Numbers<Word extends string> = Readonly<Record<Word, number>>;

/** The words by their number. */
export function wordsOf<Word extends string>(numbers: Numbers<Word>): readonly Word[] {
  const words: Word[] = [];
  for (const [word, number] of Object.entries(numbers) as [Word, number][]) words[number] = word;
  return words;
}
