/**
 * Which backups are deleted to make room, by the same rule on this machine and off it; and the desk's local
 * backups.
 */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupTag } from '../contracts/backup.js';
import { DAY_MS } from '../domain/civil-date.js';
import { isDatedAhead } from '../domain/moment.js';
import { backupsFolder, listBackupIds, partialName } from './backup-folder.js';
import { type Manifest, readManifest } from './manifest.js';

export interface RetentionRule {
  /** How many stay: of those without a tag, and of each tag separately. At least one. */
  readonly keep: number;
  /** Older ones are deleted, except those tagged `monthly`. Null: age doesn't matter. */
  readonly days: number | null;
}

export interface KeptBackup {
  readonly id: string;
  readonly takenMs: number;
  readonly tag: BackupTag | null;
}

/**
 * Ids of the expired backups, oldest first. None while any is dated ahead of now: then the newest by date is
 * not the last one taken. Never the newest; and if `days` counts, never the newest of the previous month
 * (UTC), which the monthly drill restores.
 */
export function expiredBackups(
  backups: readonly KeptBackup[],
  { keep, days }: RetentionRule,
  nowMs: number,
): readonly string[] {
  if (backups.some(({ takenMs }) => isDatedAhead(takenMs, nowMs))) return [];
  const newestFirst = [...backups].sort((left, right) => right.takenMs - left.takenMs);
  const spared = [newestFirst[0], days === null ? undefined : lastMonths(newestFirst, nowMs)];
  const counted = new Map<BackupTag | null, number>();
  const gone = newestFirst.filter((backup) => {
    const { tag, takenMs } = backup;
    const at = (counted.get(tag) ?? 0) + 1;
    counted.set(tag, at);
    const isTooOld = days !== null && tag !== 'monthly' && nowMs - takenMs > days * DAY_MS;
    return !spared.includes(backup) && (at > Math.max(1, keep) || isTooOld);
  });
  return gone.map(({ id }) => id).reverse();
}

/** The newest backup of the month before that of `nowMs`. Undefined: there is none. */
export function lastMonths<B extends Pick<KeptBackup, 'takenMs'>>(
  backups: readonly B[],
  nowMs: number,
): B | undefined {
  const now = new Date(nowMs);
  const [from, to] = [-1, 0].map((month) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month)) as [
    number,
    number,
  ];
  return backups
    .filter(({ takenMs }) => takenMs >= from && takenMs < to)
    .reduce<B | undefined>(
      (newest, one) => (newest === undefined || one.takenMs > newest.takenMs ? one : newest),
      undefined,
    );
}

/**
 * The manifests of the desk's local backups, oldest first. An unreadable one belongs to no desk: a person
 * must examine it.
 */
export async function ownBackups(home: string, desk: string): Promise<readonly Manifest[]> {
  const own: Manifest[] = [];
  for (const id of await listBackupIds(home)) {
    const reading = await readManifest(join(backupsFolder(home), id));
    if (reading.ok && reading.manifest.desk === desk) own.push(reading.manifest);
  }
  return own;
}

/**
 * The newest backup that belongs to the desk or has an unknown owner: such a backup must not be skipped
 * silently.
 */
export async function newestBackupId(home: string, desk: string): Promise<string | null> {
  for (const id of (await listBackupIds(home)).toReversed()) {
    const reading = await readManifest(join(backupsFolder(home), id));
    if (!reading.ok || reading.manifest.desk === desk) return id;
  }
  return null;
}

export class DatedAhead extends Error {
  override readonly name = 'DatedAhead';
  readonly keptSafe = 'nothing was touched';
  readonly doThis: string;

  constructor(id: string, restore: string) {
    super(
      `backup ${id} is dated ahead of this machine’s clock, so dates do not say which backup is the newest`,
    );
    this.doThis = `put the clock right if it is wrong; otherwise name a backup: fermata backups lists them, then ${restore}`;
  }
}

/**
 * Throws `DatedAhead` if dates do not say which of the backups is the newest. `restore`: the command that restores one
 * of them by its id.
 */
export function refuseDatedAhead(
  backups: readonly Pick<KeptBackup, 'id' | 'takenMs'>[],
  nowMs: number,
  restore = 'fermata restore ID',
): void {
  const ahead = backups.find(({ takenMs }) => isDatedAhead(takenMs, nowMs));
  if (ahead !== undefined) throw new DatedAhead(ahead.id, restore);
}

/** Removes the desk's backups that the rule expires. Returns their ids. */
export async function pruneBackups(
  home: string,
  desk: string,
  rule: RetentionRule,
  nowMs: number,
): Promise<readonly string[]> {
  const gone = expiredBackups(await ownBackups(home, desk), rule, nowMs);
  for (const id of gone) {
    // Renamed first, so that it immediately stops being a backup: an interrupted removal leaves a leftover,
    // never half a backup.
    const doomed = join(backupsFolder(home), partialName());
    await rename(join(backupsFolder(home), id), doomed);
    await rm(doomed, { recursive: true, force: true });
  }
  return gone;
}
