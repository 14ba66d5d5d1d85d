/**
 * Copies the trader's journal while the trader runs: only whole records that are on disk. Nothing in the
 * journal is locked or changed.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EngineRecord } from '../engine/record.js';
import { CHAIN_START, HEADER_BYTES } from '../trader/journal/format.js';
import { readJournal } from '../trader/journal/read-journal.js';
import { refuseDamagedEnd } from '../trader/journal/repair.js';
import { scanSegment } from '../trader/journal/segment-scan.js';
import { listSegments, readSegmentHeader, type Segment } from '../trader/journal/segments.js';
import { syncFile } from './backup-folder.js';
import type { Manifest } from './manifest.js';

export type JournalDigest = NonNullable<Manifest['journal']>;

/** Entries read before this process yields to other work. */
const ENTRIES_PER_TURN = 2_000;

/**
 * Null: there is no journal yet. Throws `JournalCorrupt` if the journal is damaged. An incomplete frame at
 * its end may still be in the writing: the copy ends before it.
 */
export async function copyJournal(from: string, to: string): Promise<JournalDigest | null> {
  const segments = existsSync(from) ? listSegments(from) : [];
  if (segments.length === 0) return null;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const segment of segments) await copyFile(segment.path, join(to, segment.name));
  const last = segments.at(-1) as Segment;
  const copied = { ...last, path: join(to, last.name) };
  refuseDamagedEnd(to);
  await truncate(copied.path, endOfWholeRecords(copied));
  // A backup must not contain records that the journal could still lose: this sync makes the copied ones
  // durable there.
  await syncFile(last.path);
  return digestJournal(to);
}

function endOfWholeRecords(segment: Segment): number {
  const scan = scanSegment(segment, readSegmentHeader(segment).format);
  for (;;) {
    const step = scan.next();
    if (step.done === true) return Math.max(step.value.offset, HEADER_BYTES);
  }
}

/** Reads every entry and checks the hash chain. Throws `JournalCorrupt`. */
export async function digestJournal(
  directory: string,
  onRecord: (record: EngineRecord) => void = () => {},
): Promise<JournalDigest> {
  let digest = { incarnation: '', lastSequence: 0, chain: CHAIN_START };
  for (const { incarnation, sequence, chain, record } of readJournal(directory)) {
    digest = { incarnation, lastSequence: sequence, chain };
    onRecord(record);
    if (sequence % ENTRIES_PER_TURN === 0) await nextTurn();
  }
  return { ...digest, segments: listSegments(directory).length };
}
