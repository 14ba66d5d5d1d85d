import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupsFolder, partialName } from './backup-folder.js';
import { ownBackups } from './own-backups.js';
import { expiredBackups, type RetentionRule } from './retention.js';

/** Removes the desk's backups that the rule expires; returns their ids. */
export async function pruneBackups(
  home: string,
  desk: string,
  rule: RetentionRule,
  nowMs: number,
): Promise<readonly string[]> {
  const gone = expiredBackups(await ownBackups(home, desk), rule, nowMs);
  for (const id of gone) {
    // Renamed first, so that it immediately stops being a backup: an interrupted removal leaves a leftover, never half
    // a backup.
    const doomed = join(backupsFolder(home), partialName());
    await rename(join(backupsFolder(home), id), doomed);
    await rm(doomed, { recursive: true, force: true });
  }
  return gone;
}
