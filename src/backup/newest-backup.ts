import { join } from 'node:path';
import { backupsFolder, listBackupIds } from './backup-folder.js';
import { readManifest } from './manifest.js';

/** The newest backup of the desk, or one whose owner can't be told any more: it must not be passed over in silence. */
export async function newestBackupId(home: string, desk: string): Promise<string | null> {
  for (const id of (await listBackupIds(home)).toReversed()) {
    const reading = await readManifest(join(backupsFolder(home), id));
    if (!reading.ok || reading.manifest.desk === desk) return id;
  }
  return null;
}
