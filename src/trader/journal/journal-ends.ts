/**
 * How far each journal had come, kept apart from the journals: one that now ends earlier was set back, for example by
 * a restore. Never ahead of the disk, and at most a second behind.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Journal } from './journal.js';

const WRITE_EVERY_MS = 1_000;

/** Starts recording the end of this journal. */
export function keepJournalEnd(file: string, journal: Journal): void {
  let writtenMs = Number.NEGATIVE_INFINITY;
  journal.onDurable(() => {
    if (performance.now() - writtenMs < WRITE_EVERY_MS) return;
    writtenMs = performance.now();
    writeEnd(file, journal);
  });
}

/** Entries that this journal once had and now lacks. 0: none. */
export function entriesMissing(file: string, { incarnation, lastSequence }: Journal): number {
  return Math.max(0, (readEnds(file)[incarnation] ?? 0) - lastSequence);
}

/** A disk that can't be written is the journal's own concern. */
function writeEnd(file: string, { incarnation, durableSequence }: Journal): void {
  try {
    const ends = JSON.stringify({ ...readEnds(file), [incarnation]: durableSequence });
    writeFileSync(`${file}.next`, `${ends}\n`, { mode: 0o600 });
    renameSync(`${file}.next`, file);
  } catch {
    // The former value stays; it is still a lower bound.
  }
}

function readEnds(file: string): Readonly<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}
