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
