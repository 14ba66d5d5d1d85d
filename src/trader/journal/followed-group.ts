/** A commit group as received by a follower of the journal, verified there against the bytes on the trader's disk. */

import type { FollowedEntry } from '../../contracts/control.js';
import type { JournalEntry } from '../../engine/record.js';
import { BadFrame } from './format.js';
import { readFrames } from './read-journal.js';
import { isSameRecord } from './v2/codec.js';
import { FORMAT_2 } from './v2/group.js';

/** Whether this entry is the last of its commit group; each entry of format v1 is a group of its own. */
export function endsGroup({ sequence, group }: JournalEntry): boolean {
  return group === undefined || group.last === sequence;
}

export interface GroupFault {
  readonly sequence: number;
  /** One phrase. */
  readonly why: string;
}

/**
 * Null: the bytes continue the chain and say exactly what the entries say.
 * `entries`: those of one whole group.
 */
export function faultOfGroup(
  entries: readonly [FollowedEntry, ...FollowedEntry[]],
  previousChain: string,
): GroupFault | null {
  const last = entries.at(-1) ?? entries[0];
  const fault = (why: string, { sequence }: JournalEntry = last) => ({ sequence, why });
  if (last.groupBytes === undefined) return fault('the bytes of its commit group did not come');
  const bytes = Buffer.from(last.groupBytes, 'base64');
  if (bytes.length < FORMAT_2.bodyBytesMin || bytes.length > FORMAT_2.bodyBytesMax) {
    return fault(`its commit group can't have ${bytes.length} bytes`);
  }
  try {
    const told = FORMAT_2.read({ bytes, from: 0, to: bytes.length }, previousChain, last.incarnation);
    const other = entries.find((entry, at) => !isSame(told[at], entry));
    if (other !== undefined) return fault('its commit group says something else', other);
    return told.length === entries.length ? null : fault('its commit group has more entries');
  } catch (error) {
    if (error instanceof BadFrame) return fault(error.message);
    throw error;
  }
}

function isSame(told: JournalEntry | undefined, entry: JournalEntry): boolean {
  return (
    told !== undefined &&
    told.sequence === entry.sequence &&
    told.chain === entry.chain &&
    told.wallMs === entry.wallMs &&
    isSameRecord(told.record, entry.record)
  );
}

/** What a follower receives: the last entry of a commit group comes with the group's bytes on disk. */
export interface Told {
  readonly entry: JournalEntry;
  /** The body of the group's frame. */
  readonly group?: Buffer;
}

/** `entries`: those of one whole commit group. */
export function toldOf(entries: readonly JournalEntry[], body: Buffer): readonly Told[] {
  return entries.map((entry) => (endsGroup(entry) ? { entry, group: body } : { entry }));
}

/** Reads from the files, from this sequence on. Throws like `readJournal`. */
export function* readTold(directory: string, from: number): Generator<Told, void> {
  for (const { entries, body } of readFrames(directory, { from })) {
    const isGroup = entries[0]?.group !== undefined;
    const group = Buffer.from(body.bytes.subarray(body.from, body.to));
    for (const next of isGroup ? toldOf(entries, group) : entries.map((entry) => ({ entry }))) {
      if (next.entry.sequence >= from) yield next;
    }
  }
}
