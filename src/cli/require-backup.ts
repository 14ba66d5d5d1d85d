import { backupsFolder, listBackupIds } from '../backup/backup-folder.js';
import { usageFailure } from './failure.js';

const NAMED_MAX = 5;

/**
 * Rejects with a usage failure that lists the existing backups. `id` null: none was found. `whenNone`: what to do if
 * there is no backup at all.
 */
export async function requireBackup(home: string, id: string | null, whenNone: string): Promise<string> {
  const known = await listBackupIds(home);
  if (id !== null && known.includes(id)) return id;
  const newest = known.slice(-NAMED_MAX).reverse().join(', ');
  throw usageFailure(
    `there is no backup ${id ?? `of the desk in ${backupsFolder(home)}`}`,
    newest === '' ? whenNone : `name one of: ${newest}`,
  );
}
