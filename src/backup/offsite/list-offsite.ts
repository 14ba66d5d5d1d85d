/** Lists what is stored away from this machine, and which of it counts as a backup. */
import { messageOf } from '../../domain/message-of.js';
import { isBackupId } from '../backup-folder.js';
import { expiredBackups, type RetentionRule } from '../retention.js';
import { archiveKey, deskPrefix, type OffsitePlace, receiptKey } from './place.js';
import { type Receipt, readReceipt } from './receipt.js';
import { receiptText } from './send-backup.js';
import type { StoredObject } from './storage.js';

export interface OffsiteBackup {
  readonly id: string;
  /** Null: it is not a backup, and `problem` says why. */
  readonly receipt: Receipt | null;
  readonly problem: string | null;
  /** Bytes of all its stored objects, sealed. */
  readonly bytes: number;
  readonly keys: readonly string[];
}

/** Newest first. Rejects like the storage. */
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
 * Removes expired backups and what interrupted uploads left of backups older than the newest complete one; returns the
 * ids of the expired ones. Anything else is left for a person to examine.
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
    // Without the receipt it immediately stops being a backup.
    await storage.remove([receiptKey(place, id)]);
    await storage.remove(keys);
  }
  const left = unfinished.flatMap(({ keys }) => keys);
  if (left.length > 0) await storage.remove(left);
  return expired;
}
