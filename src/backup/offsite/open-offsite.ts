import type { Desk } from '../../desk/schema.js';
import { readSecret } from '../../home/secrets.js';
import type { OffsitePlace } from './place.js';
import { openStorage } from './storage.js';

/**
 * The storage to which the desk file sends copies of backups; null if it names none. Throws `StorageRefused` if one of
 * the storage's keys is missing. Close it by its `storage`.
 */
export async function openOffsite(
  home: string,
  { desk, backup }: Pick<Desk, 'desk' | 'backup'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<OffsitePlace | null> {
  if (backup.s3 === undefined) return null;
  const storage = await openStorage(backup.s3, env);
  return { storage, prefix: backup.s3.prefix, desk, secret: readSecret(home, 'backupKey') };
}
