import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupsFolder, partialName } from './backup-folder.js';
import { ownBackups } from './own-backups.js';
import { expiredBackups, type RetentionRule } from './retention.js';

/** Removes the backups of the desk that the rule lets go; gives the ids of those that are gone. */
export async function pruneBackups(
  home: string,
  desk: string,
  rule: RetentionRule,
  nowMs: number,
): Promise<readonly string[]> {
  const gone = expiredBackups(await ownBackups(home, desk), rule, nowMs);
  for (const id of gone) {
    // Not a backup any more from the first moment on: a removal that is cut off leaves a leftover, never half a backup.
    const doomed = join(backupsFolder(home), partialName());
    await rename(join(backupsFolder(home), id), doomed);
    await rm(doomed, { recursive: true, force: true });
  }
  return gone;
}
