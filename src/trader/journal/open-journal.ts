/** Opens or creates the journal of a desk. */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FileLock, tryLockFile } from '../../home/file-lock.js';
import { CHAIN_START, HEADER_BYTES } from './format.js';
import { Journal, type OpenJournalFile, openJournalFile } from './journal.js';
import { JournalLocked } from './journal-error.js';
import { repairLastSegment, type SegmentEnd, type TornTail } from './repair.js';
import { createSegment, listSegments, removeUnfinishedSegments, type Segment } from './segments.js';

const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;
const INCARNATION_LENGTH = 6;
const BASE_36 = '0123456789abcdefghijklmnopqrstuvwxyz';

export interface OpenJournalOptions {
  readonly directory: string;
  /** Size at which the next segment begins. */
  readonly segmentBytesMax?: number;
  readonly openFile?: OpenJournalFile;
  /** Six characters [0-9a-z], new at each creation. */
  readonly drawIncarnation?: () => string;
}

interface OpenedJournal {
  readonly journal: Journal;
  readonly created: boolean;
  /** The part that was cut off because a crash had torn it; it had never been acknowledged. Null: nothing. */
  readonly torn: TornTail | null;
}

/**
 * Throws `JournalLocked`, `JournalCorrupt`, `JournalTooNew`, or the error of the file system. Replay the journal with
 * `readJournal`.
 */
export async function openJournal(options: OpenJournalOptions): Promise<OpenedJournal> {
  const { directory, openFile = openJournalFile } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = lockJournal(directory);
  try {
    removeUnfinishedSegments(directory);
    const existing = listSegments(directory).at(-1);
    const segment = existing ?? createFirst(directory, options.drawIncarnation ?? drawIncarnation);
    const end: SegmentEnd = repairLastSegment(segment);
    const journal = new Journal({
      directory,
      incarnation: end.incarnation,
      lastSequence: end.lastSequence,
      chain: end.chain,
      file: await openFile(segment.path),
      fileBytes: Math.max(end.sizeBytes, HEADER_BYTES),
      fileVersion: end.version,
      segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
      openFile,
      lock,
    });
    return { journal, created: existing === undefined, torn: end.torn };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function createFirst(directory: string, draw: () => string): Segment {
  return createSegment(directory, { incarnation: draw(), firstSequence: 1, previousChain: CHAIN_START });
}

function drawIncarnation(): string {
  return Array.from({ length: INCARNATION_LENGTH }, () => BASE_36[randomInt(36)]).join('');
}

/** Throws `JournalLocked` if another process has it. */
function lockJournal(directory: string): FileLock {
  const lock = tryLockFile(join(directory, 'lock'));
  if (lock === null) throw new JournalLocked(directory);
  return lock;
}
