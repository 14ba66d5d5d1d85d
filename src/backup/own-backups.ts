import { join } from 'node:path';
import { backupsFolder, listBackupIds } from './backup-folder.js';
import { type Manifest, readManifest } from './manifest.js';

/** The manifests of the desk's backups here, oldest first. What can't be read belongs to nobody any more: a person looks at it. */
export async function ownBackups(home: string, desk: string): Promise<readonly Manifest[]> {
  const own: Manifest[] = [];
  for (const id of await listBackupIds(home)) {
    const reading = await readManifest(join(backupsFolder(home), id));
    if (reading.ok && reading.manifest.desk === desk) own.push(reading.manifest);
  }
  return own;
}

/** The newest backup of the desk, or one whose owner can't be told any more: it must not be passed over in silence. */
export async function newestBackupId(home: string, desk: string): Promise<string | null> {
  for (const id of (await listBackupIds(home)).toReversed()) {
    const reading = await readManifest(join(backupsFolder(home), id));
    if (!reading.ok || reading.manifest.desk === desk) return id;
  }
  return null;
}
