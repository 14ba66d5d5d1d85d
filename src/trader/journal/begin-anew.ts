/**
 * A journal that was set back continues under a new incarnation, so that ids of orders that it has forgotten are
 * never used again. Its content is copied, followed by a halt that only a person lifts; the old folder is kept.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EngineRecord } from '../../engine/record.js';
import type { Journal } from './journal.js';
import { openJournal } from './open-journal.js';
import { readJournal } from './read-journal.js';
import { syncDirectory } from './segments.js';

/** Entries copied between two waits for the disk. */
const BATCH = 1_000;

/** Returns the new journal, open; the old one is closed. */
export async function beginAnew(journal: Journal, missing: number, wallMs: number): Promise<Journal> {
  const { directory, incarnation, lastSequence } = journal;
  const next = nextOf(directory);
  rmSync(next, { recursive: true, force: true });
  await copyAnew(directory, next, wallMs, (marketMs) =>
    setBackHalt({ haltId: newHaltId(), missing, lastSequence, wallMs, marketMs }),
  );
  await journal.close();
  renameSync(directory, `${directory}-set-back-${incarnation}-${lastSequence}`);
  renameSync(next, directory);
  syncDirectory(dirname(directory));
  return (await openJournal({ directory })).journal;
}

/**
 * Copies all of the journal `from` into `to` under a new incarnation, and appends the halt for the market time that
 * it had reached.
 */
export async function copyAnew(
  from: string,
  to: string,
  wallMs: number,
  haltAt: (marketMs: number) => EngineRecord,
): Promise<void> {
  const { journal: copy } = await openJournal({ directory: to });
  let marketMs = wallMs;
  for (const { record, wallMs: writtenMs, monotonicMs, sequence } of readJournal(from)) {
    const last = copy.append(record, writtenMs, monotonicMs);
    if ('marketMs' in record) marketMs = record.marketMs;
    if (sequence % BATCH === 0) await copy.whenDurable(last);
  }
  await copy.whenDurable(copy.append(haltAt(marketMs), wallMs));
  await copy.close();
}

/** Completes a copy if the process ended between the two renames. */
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

export function setBackHalt({ missing, lastSequence, ...at }: SetBack): EngineRecord {
  const why = `the journal ends at entry ${lastSequence} and had ${missing} more: it was set back, as by a restore`;
  return lookFirst({ ...at, cause: 'reconciliation', by: 'fermata', why });
}

/**
 * The halt of a journal that a person has restored. It counts as their stop, so it also applies to an account of
 * other prices.
 */
export const restoredHalt = (restored: Omit<LookFirst, 'haltId' | 'cause'>): EngineRecord =>
  lookFirst({ ...restored, cause: 'person', haltId: newHaltId() });

interface LookFirst extends Pick<SetBack, 'haltId' | 'wallMs' | 'marketMs'> {
  readonly cause: 'reconciliation' | 'person';
  readonly by: string;
  readonly why: string;
}

/** What the venue did since is in no journal: nothing trades before a person has looked. */
function lookFirst({ haltId, wallMs, marketMs, cause, by, why }: LookFirst): EngineRecord {
  return {
    type: 'halt',
    halt: {
      haltId,
      mode: 'HALTED',
      scope: { kind: 'desk' },
      cause,
      by,
      reason: `${why}. Look at orders and positions at the venue before trading goes on`,
      resume: 'person',
      atWallMs: wallMs,
      atMarketMs: marketMs,
    },
  };
}

const newHaltId = (): string => randomBytes(16).toString('hex');

const nextOf = (directory: string): string => `${directory}.next`;
