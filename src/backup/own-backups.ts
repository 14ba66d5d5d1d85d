import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupsFolder, listBackupIds, partialName } from './backup-folder.js';
import { type Manifest, readManifest } from './manifest.js';
import { expiredBackups, type RetentionRule } from './retention.js';

/**
 * The manifests of the desk's local backups, oldest first. An unreadable one belongs to no desk: a person has to
 * examine it.
 */
export async function ownBackups(home: string, desk: string): Promise<readonly Manifest[]> {
  const own: Manifest[] = [];
  for (const id of await listBackupIds(home)) {
    const reading = await readManifest(join(backupsFolder(home), id));
    if (reading.ok && reading.manifest.desk === desk) own.push(reading.manifest);
  }
  return own;
}

/** The newest backup that belongs to the desk or whose owner is unknown: that one must not be skipped silently. */
export async function newestBackupId(home: string, desk: string): Promise<string | null> {
  for (const id of (await listBackupIds(home)).toReversed()) {
    const reading = await readManifest(join(backupsFolder(home), id));
    if (!reading.ok || reading.manifest.desk === desk) return id;
  }
  return null;
}

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
