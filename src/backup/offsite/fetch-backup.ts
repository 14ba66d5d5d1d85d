/**
 * Fetches a backup back from the storage. The receipt and the hash of every archive are checked before one is opened.
 * The backup gets its name only when it is complete, and is verified like any other before it is restored.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../domain/message-of.js';
import * as folders from '../backup-folder.js';
import { verifyBackup } from '../verify-backup.js';
import { unpack } from './archives.js';
import { archiveKey, type OffsitePlace, sealName } from './place.js';
import { opened } from './seal.js';
import { receiptOf } from './send-backup.js';
import { Tally } from './tally.js';

export interface FetchOptions {
  /** Called when each archive begins. */
  readonly onArchive?: (name: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Returns its folder in `home`. A complete local one is left as it is, a damaged one is moved aside. Rejects like the
 * storage.
 */
export async function fetchBackup(
  place: OffsitePlace,
  home: string,
  id: string,
  { onArchive = () => undefined, signal }: FetchOptions = {},
): Promise<string> {
  const folder = join(folders.backupsFolder(home), id);
  const isThere = existsSync(folder);
  if (isThere && (await verifyBackup(folder, signal)).ok) return folder;
  const { archives } = await receiptOf(place, id);
  await mkdir(folders.backupsFolder(home), { recursive: true, mode: 0o700 });
  const aside = join(folders.backupsFolder(home), folders.partialName());
  const unpacked = join(aside, 'unpacked');
  try {
    await mkdir(unpacked, { recursive: true, mode: 0o700 });
    for (const { name, bytes, sha256 } of archives) {
      onArchive(name);
      const come = new Tally();
      const source = await place.storage.get(archiveKey(place, id, name), signal);
      await pipeline(come.of(source), createWriteStream(join(aside, name), { mode: 0o600 })).catch(
        (error) => {
          throw new Error(`${name}: ${messageOf(error)}`, { cause: error });
        },
      );
      if (come.bytes !== bytes || come.sha256() !== sha256)
        throw new Error(`${name} is not what its receipt says: it was changed there, or on its way`);
    }
    for (const { name } of archives) {
      const plain = opened(createReadStream(join(aside, name)), place.secret, sealName(place, id, name));
      await unpack(plain, name, unpacked, signal);
    }
    // Nothing is deleted, and under this name no list counts it as a backup.
    if (isThere) await rename(folder, `${folder}.damaged-${folders.backupIdAt(Date.now())}`);
    return await folders.publish(unpacked, home, id);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}
