/**
 * Fetches a backup back from the storage. The receipt and the hash of every archive are checked before any is
 * opened. The backup gets its name only once it is complete, and is verified like any other before it is
 * restored.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../domain/message-of.js';
import * as folders from '../backup-folder.js';
import { isBackupId } from '../backup-folder.js';
import { expiredBackups, type RetentionRule } from '../retention.js';
import { verifyBackup } from '../verify-backup.js';
import { unpack } from './archives.js';
import { opened } from './seal.js';
import { type Receipt, readReceipt, receiptOf, receiptText, Tally } from './send-backup.js';
import {
  archiveKey,
  deskPrefix,
  type OffsitePlace,
  receiptKey,
  type StoredObject,
  sealName,
} from './storage.js';

interface FetchOptions {
  /** Called when each archive begins. */
  readonly onArchive?: (name: string) => void;
  readonly signal?: AbortSignal;
}

/** What came is not what was sent. Asking again does not help, and another copy may be good. */
export class DamagedCopy extends Error {}

/**
 * Returns its folder in `home`. A complete local one is left alone; a damaged one is moved aside. Rejects
 * like the storage, and with `DamagedCopy`.
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
  const { content: aside, remove } = await folders.openPartial(home);
  const unpacked = join(aside, 'unpacked');
  try {
    await mkdir(unpacked, { mode: 0o700 });
    for (const { name, bytes, sha256 } of archives) {
      onArchive(name);
      const come = new Tally(bytes);
      const source = await place.storage.get(archiveKey(place, id, name), signal);
      await pipeline(come.of(source), createWriteStream(join(aside, name), { mode: 0o600 })).catch(
        (error) => {
          const isDamaged = come.bytes > bytes;
          throw new (isDamaged ? DamagedCopy : Error)(`${name}: ${messageOf(error)}`, { cause: error });
        },
      );
      if (come.bytes !== bytes || come.sha256() !== sha256)
        throw new DamagedCopy(`${name} is not what its receipt says: it was changed there, or on its way`);
    }
    for (const { name } of archives) {
      const plain = opened(createReadStream(join(aside, name)), place.secret, sealName(place, id, name));
      await unpack(plain, name, unpacked, signal);
    }
    // Nothing is deleted, and under this name no list counts it as a backup.
    if (isThere) await rename(folder, `${folder}.damaged-${folders.backupIdAt(Date.now())}`);
    return await folders.publish(unpacked, home, id);
  } finally {
    await remove();
  }
}

export interface OffsiteBackup {
  readonly id: string;
  /** Null: it is not a backup, and `problem` says why. */
  readonly receipt: Receipt | null;
  readonly problem: string | null;
  /** Bytes of all its stored objects, sealed. */
  readonly bytes: number;
  readonly keys: readonly string[];
}

/**
 * Lists what is stored off this machine, and which of it counts as a backup. Newest first. Rejects like the
 * storage.
 */
export async function listOffsite(place: OffsitePlace): Promise<readonly OffsiteBackup[]> {
  const byId = new Map<string, StoredObject[]>();
  const prefix = deskPrefix(place);
  for (const object of await place.storage.list(prefix)) {
    const [id = ''] = object.key.slice(prefix.length).split('/');
    if (isBackupId(id)) byId.set(id, [...(byId.get(id) ?? []), object]);
  }
  const found: OffsiteBackup[] = [];
  for (const [id, objects] of [...byId].sort(([left], [right]) => (left < right ? 1 : -1))) {
    const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
    found.push({ id, bytes, keys: objects.map(({ key }) => key), ...(await judged(place, id, objects)) });
  }
  return found;
}

async function judged(
  place: OffsitePlace,
  id: string,
  objects: readonly StoredObject[],
): Promise<Pick<OffsiteBackup, 'receipt' | 'problem'>> {
  const sizes = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  if (!sizes.has(receiptKey(place, id))) return { receipt: null, problem: 'its upload has not ended' };
  const text = await receiptText(place, id);
  let receipt: Receipt;
  try {
    receipt = readReceipt(text, place.secret, { desk: place.desk, id });
  } catch (error) {
    return { receipt: null, problem: messageOf(error) };
  }
  for (const { name, bytes } of receipt.archives) {
    const there = sizes.get(archiveKey(place, id, name));
    if (there === undefined) return { receipt: null, problem: `${name} is missing` };
    if (there !== bytes)
      return { receipt: null, problem: `${name} has ${there} bytes, its receipt says ${bytes}` };
  }
  return { receipt, problem: null };
}

/**
 * Removes expired backups, and what interrupted uploads left of backups older than the newest complete one.
 * Returns the ids of the expired ones. Anything else is left for a person to examine.
 */
export async function pruneOffsite(
  place: OffsitePlace,
  rule: RetentionRule,
  nowMs: number,
): Promise<readonly string[]> {
  const { storage } = place;
  const there = await listOffsite(place);
  const whole = there.flatMap(({ receipt, keys }) => (receipt ? [{ ...receipt, keys }] : []));
  const unfinished = there.filter(
    ({ id, keys }) => !keys.includes(receiptKey(place, id)) && id < (whole[0]?.id ?? ''),
  );
  const expired = expiredBackups(whole, rule, nowMs);
  for (const { id, keys } of whole.filter((one) => expired.includes(one.id))) {
    // Without its receipt, it immediately stops being a backup.
    await storage.remove([receiptKey(place, id)]);
    await storage.remove(keys);
  }
  const left = unfinished.flatMap(({ keys }) => keys);
  if (left.length > 0) await storage.remove(left);
  return expired;
}
