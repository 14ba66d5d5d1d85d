/** Which backups are deleted to make room, here and away from this machine alike. */
import type { BackupTag } from '../contracts/backup.js';
import { DAY_MS } from '../domain/civil-date.js';

export interface RetentionRule {
  /** How many stay: of those without a tag, and of each tag separately. At least one. */
  readonly keep: number;
  /** Older ones are deleted, except those tagged `monthly`; null: age doesn't matter. */
  readonly days: number | null;
}

export interface KeptBackup {
  readonly id: string;
  readonly takenMs: number;
  readonly tag: BackupTag | null;
}

/**
 * Ids of the expired ones, oldest first. Never the newest; and if `days` counts, never the newest of the previous month
 * (UTC), which the monthly drill restores.
 */
export function expiredBackups(
  backups: readonly KeptBackup[],
  { keep, days }: RetentionRule,
  nowMs: number,
): readonly string[] {
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

/** The newest backup of the month before `nowMs`; undefined if there is none. */
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
