import { join } from 'node:path';
import { someOf } from '../domain/some-of.js';
import { backupsFolder, listBackupIds } from './backup-folder.js';
import { readManifest } from './manifest.js';
import { verifyBackup } from './verify-backup.js';

export interface PassedOver {
  readonly id: string;
  /** Which file has changed. */
  readonly why: string;
}

export interface NewestGood {
  /** Null: there is none. */
  readonly id: string | null;
  /** Newer backups that are damaged, or whose owner is unknown; newest first. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * The desk's newest backup in which every byte matches its manifest; newer ones that don't are named. `olderThan`: only
 * consider backups before this one.
 */
export async function newestGoodBackup(
  home: string,
  desk: string,
  { signal, olderThan }: { readonly signal?: AbortSignal; readonly olderThan?: string } = {},
): Promise<NewestGood> {
  const passedOver: PassedOver[] = [];
  for (const id of (await listBackupIds(home)).toReversed()) {
    if (olderThan !== undefined && id >= olderThan) continue;
    const folder = join(backupsFolder(home), id);
    const reading = await readManifest(folder);
    if (reading.ok && reading.manifest.desk !== desk) continue;
    const verification = await verifyBackup(folder, signal);
    if (verification.ok) return { id, passedOver };
    passedOver.push({ id, why: someOf(verification.problems) });
  }
  return { id: null, passedOver };
}
