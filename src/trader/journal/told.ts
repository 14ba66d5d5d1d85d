/** Entries as followers are told them: with the last one of a commit group comes what stands on disk of it. */
import type { JournalEntry } from '../../engine/record.js';
import { endsGroup } from './followed-group.js';
import { readFrames } from './read-journal.js';

export interface Told {
  readonly entry: JournalEntry;
  /** The body of its frame. */
  readonly group?: Buffer;
}

/** `entries`: of one whole commit group. */
export function toldOf(entries: readonly JournalEntry[], body: Buffer): readonly Told[] {
  return entries.map((entry) => (endsGroup(entry) ? { entry, group: body } : { entry }));
}

/** From the files, from this sequence on. Throws as `readJournal`. */
export function* readTold(directory: string, from: number): Generator<Told, void> {
  for (const { entries, body } of readFrames(directory, { from })) {
    const isGroup = entries[0]?.group !== undefined;
    const group = Buffer.from(body.bytes.subarray(body.from, body.to));
    for (const next of isGroup ? toldOf(entries, group) : entries.map((entry) => ({ entry }))) {
      if (next.entry.sequence >= from) yield next;
    }
  }
}
