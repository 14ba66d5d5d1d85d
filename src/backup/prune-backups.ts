import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backupsFolder, listBackupIds, partialName } from './backup-folder.js';
import { readManifest } from './manifest.js';

/** Removes all but the newest `keep` backups of the desk, at least one; gives the ids of those that are gone. */
export async function pruneBackups(home: string, desk: string, keep: number): Promise<readonly string[]> {
  const own: string[] = [];
  for (const id of await listBackupIds(home)) {
    const reading = await readManifest(join(backupsFolder(home), id));
    // What can't be read belongs to nobody any more: a person looks at it.
    if (reading.ok && reading.manifest.desk === desk) own.push(id);
  }
  const gone = own.slice(0, Math.max(0, own.length - Math.max(1, keep)));
  for (const id of gone) {
    // Not a backup any more from the first moment on: a removal that is cut off leaves a leftover, never half a backup.
    const doomed = join(backupsFolder(home), partialName());
    await rename(join(backupsFolder(home), id), doomed);
    await rm(doomed, { recursive: true, force: true });
  }
  return gone;
}
