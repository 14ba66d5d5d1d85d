/**
 * Detects that a journal was set back, and by how much, or that its home was copied, and continues it under a new
 * incarnation, so the order ids that it has forgotten, or that the original uses, are never used again, and a go-live
 * of the original counts for nothing here. Its content is copied, followed by a halt that only a person lifts; the old
 * folder stays. A journal that is gone altogether begins with such a halt.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { copiedHome } from '../../domain/go-live-terms.js';
import type { EngineRecord } from '../../engine/record.js';
import type { Journal } from './journal.js';
import { openJournal } from './open-journal.js';
import { readJournal } from './read-journal.js';
import { syncDirectory } from './segments.js';

/** Entries copied between two waits for the disk. */
const BATCH = 1_000;

interface Why {
  /** Entries that it once had. */
  readonly missing: number;
  /** Where the home is that this one was copied from. Null: it was not. */
  readonly copiedFrom?: string | null;
}

/** Returns the new journal, open; the old one is closed. */
export async function beginAnew(
  journal: Journal,
  { missing, copiedFrom = null }: Why,
  wallMs: number,
): Promise<Journal> {
  const { directory, incarnation, lastSequence } = journal;
  const next = nextOf(directory);
  rmSync(next, { recursive: true, force: true });
  await copyAnew(directory, next, wallMs, (marketMs) => {
    const at = { haltId: newHaltId(), wallMs, marketMs };
    return copiedFrom === null
      ? setBackHalt({ ...at, missing, lastSequence })
      : lookFirst({ ...at, cause: 'person', by: 'fermata', why: copiedHome(copiedFrom), copiedFrom });
  });
  await journal.close();
  const kind = copiedFrom === null ? 'set-back' : 'copied';
  renameSync(directory, `${directory}-${kind}-${incarnation}-${lastSequence}`);
  renameSync(next, directory);
  syncDirectory(dirname(directory));
  return (await openJournal({ directory })).journal;
}

/**
 * Copies the whole journal `from` into `to` under a new incarnation, and appends the halt for the market time
 * that the journal had reached.
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

interface SetBack {
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
 * Begins a journal in the place of one that is gone, with a halt that counts as the person's stop that may have gone with
 * it: it also applies to an account with other prices. `ends`: how far each journal of this desk had come, at least.
 */
export async function beginHalted(
  journal: Journal,
  ends: Readonly<Record<string, number>>,
  wallMs: number,
): Promise<void> {
  const [end, ...others] = Object.values(ends);
  const ended = end === undefined || others.length > 0 ? '' : `: it had come to entry ${end} or further`;
  const why = `the journal is gone${ended}. Stops, limits and sizes that people had set are not kept`;
  const at = { haltId: newHaltId(), wallMs, marketMs: wallMs };
  const halt = lookFirst({ ...at, cause: 'person', by: 'fermata', why });
  await journal.whenDurable(journal.append(halt, wallMs));
}

/**
 * The halt of a journal that a person restored. It counts as their stop, so it also applies to an account
 * with other prices.
 */
export const restoredHalt = (restored: Omit<LookFirst, 'haltId' | 'cause'>): EngineRecord =>
  lookFirst({ ...restored, cause: 'person', haltId: newHaltId() });

interface LookFirst extends Pick<SetBack, 'haltId' | 'wallMs' | 'marketMs'> {
  readonly cause: 'reconciliation' | 'person';
  readonly by: string;
  readonly why: string;
  readonly copiedFrom?: string;
}

/** No journal records what the venue has done since: nothing trades until a person has looked. */
function lookFirst({ haltId, wallMs, marketMs, cause, by, why, copiedFrom }: LookFirst): EngineRecord {
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
      ...(copiedFrom === undefined ? {} : { copiedFrom }),
    },
  };
}

const newHaltId = (): string => randomBytes(16).toString('hex');

const nextOf = (directory: string): string => `${directory}.next`;

const WRITE_EVERY_MS = 1_000;

/**
 * Starts recording, outside the journals, how far this journal has come. If it later ends before that, it was
 * set back, for example by a restore. Never ahead of the disk, and at most one second of entries behind.
 */
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
  return Math.max(0, (journalEnds(file)[incarnation] ?? 0) - lastSequence);
}

/** An unwritable disk is the journal's own concern. */
function writeEnd(file: string, { incarnation, durableSequence }: Journal): void {
  try {
    const ends = JSON.stringify({ ...journalEnds(file), [incarnation]: durableSequence });
    writeFileSync(`${file}.next`, `${ends}\n`, { mode: 0o600 });
    renameSync(`${file}.next`, file);
  } catch {
    // The previous value stays; it is still a lower bound.
  }
}

/** By incarnation, of every journal that this desk ever wrote: how far it had come. */
export function journalEnds(file: string): Readonly<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

interface Place {
  readonly folder: string;
  readonly host: string;
  readonly inode: string;
  /** When the folder was made, in nanoseconds: no copy, archive or backup keeps that, only a snapshot by the file system does. Null: its file system doesn't say. */
  readonly bornNs: string | null;
}

/**
 * Where this desk's journal was written last, if the folder of `file` is a copy of that one or was moved to another
 * disk, which nobody can tell apart. Null: it is the same, also if it was renamed, or the machine was upgraded.
 */
export function copiedFrom(file: string): string | null {
  const before = placeBefore(file);
  if (before === null || isSamePlace(before, placeNow(file))) return null;
  return `${before.folder} on ${before.host}`;
}

/** An unwritable disk is the journal's own concern. */
export function keepPlace(file: string): void {
  const text = `${JSON.stringify(placeNow(file))}\n`;
  try {
    writeFileSync(`${file}.next`, text, { mode: 0o600 });
    renameSync(`${file}.next`, file);
  } catch {
    // The place before stays: at worst the next start takes this home for a copy again.
  }
}

function placeNow(file: string): Place {
  const folder = realpathSync(dirname(file));
  const { ino, birthtimeNs, ctimeNs } = statSync(folder, { bigint: true });
  // What a system reports where the file system doesn't know it.
  const isUnknown = birthtimeNs === 0n || birthtimeNs === ctimeNs;
  return { folder, host: hostname(), inode: String(ino), bornNs: isUnknown ? null : String(birthtimeNs) };
}

function isSamePlace(one: Place, other: Place): boolean {
  if (one.bornNs !== null && other.bornNs !== null) return one.bornNs === other.bornNs;
  return one.inode === other.inode || (one.folder === other.folder && one.host === other.host);
}

/** Null: a journal of an earlier version, or a first start. */
function placeBefore(file: string): Place | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Place;
  } catch {
    return null;
  }
}
