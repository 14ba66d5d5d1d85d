/**
 * A journal that was set back goes on under a new incarnation: ids of orders that it has forgotten are never given out
 * again. What it holds is copied with a halt at its end that only a person lifts; the old folder is kept.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EngineRecord } from '../../engine/record.js';
import type { Journal } from './journal.js';
import { openJournal } from './open-journal.js';
import { readJournal } from './read-journal.js';
import { syncDirectory } from './segments.js';

/** Entries between two waits for the disk. */
const BATCH = 1_000;

/** Gives the new journal, open; the old one is closed. */
export async function beginAnew(journal: Journal, missing: number, wallMs: number): Promise<Journal> {
  const { directory, incarnation, lastSequence } = journal;
  const next = nextOf(directory);
  rmSync(next, { recursive: true, force: true });
  const { journal: copy } = await openJournal({ directory: next });
  let marketMs = wallMs;
  for (const { record, wallMs: writtenMs, monotonicMs, sequence } of readJournal(directory)) {
    const last = copy.append(record, writtenMs, monotonicMs);
    if ('marketMs' in record) marketMs = record.marketMs;
    if (sequence % BATCH === 0) await copy.whenDurable(last);
  }
  const haltId = randomBytes(16).toString('hex');
  const halt = setBackHalt({ haltId, missing, lastSequence, wallMs, marketMs });
  await copy.whenDurable(copy.append(halt, wallMs));
  await copy.close();
  await journal.close();
  renameSync(directory, `${directory}-set-back-${incarnation}-${lastSequence}`);
  renameSync(next, directory);
  syncDirectory(dirname(directory));
  return (await openJournal({ directory })).journal;
}

/** A copy that was complete when the process ended between the two renames. */
export function finishBeginningAnew(directory: string): void {
  const next = nextOf(directory);
  if (!existsSync(directory) && existsSync(next)) renameSync(next, directory);
}

export interface SetBack {
  readonly haltId: string;
  readonly missing: number;
  readonly lastSequence: number;
  readonly wallMs: number;
  readonly marketMs: number;
}

export function setBackHalt({ haltId, missing, lastSequence, wallMs, marketMs }: SetBack): EngineRecord {
  const reason =
    `the journal ends at entry ${lastSequence} and had ${missing} more: it was set back, as by a restore. ` +
    'Look at orders and positions at the venue before trading goes on';
  return {
    type: 'halt',
    halt: {
      haltId,
      mode: 'HALTED',
      scope: { kind: 'desk' },
      cause: 'reconciliation',
      by: 'fermata',
      reason,
      resume: 'person',
      atWallMs: wallMs,
      atMarketMs: marketMs,
    },
  };
}

const nextOf = (directory: string): string => `${directory}.next`;
