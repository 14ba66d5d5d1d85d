/**
 * Sends one verified backup away: each archive is packed, sealed and sent in one stream, and read back completely; then
 * the receipt makes it a backup. An interrupted one starts over: files without a receipt count for nothing.
 */
import { sizeOf } from '../manifest.js';
import type { VerifiedBackup } from '../verify-backup.js';
import { archivesOf, packed } from './archives.js';
import { archiveKey, backupPrefix, deskPrefix, type OffsitePlace, receiptKey, sealName } from './place.js';
import { type Receipt, readReceipt, type SentArchive, signedReceipt } from './receipt.js';
import { sealed } from './seal.js';
import { Tally } from './tally.js';

export interface SendOptions {
  /** Called when each archive begins. */
  readonly onArchive?: (name: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Returns the existing receipt if the backup was sent before. One at a time per desk: other uploads there are aborted.
 * Rejects like the storage, and if an archive reads back differently.
 */
export async function sendBackup(
  place: OffsitePlace,
  { folder, manifest, manifestSha256 }: VerifiedBackup,
  { onArchive = () => undefined, signal }: SendOptions = {},
): Promise<Receipt> {
  const { storage, desk, secret } = place;
  const { id, takenMs, tag } = manifest;
  const there = await storage.list(backupPrefix(place, id));
  if (there.some(({ key }) => key === receiptKey(place, id))) return receiptOf(place, id);
  await storage.endUploads(deskPrefix(place));
  const archives: SentArchive[] = [];
  for (const archive of await archivesOf(folder, manifest)) {
    const { name } = archive;
    onArchive(name);
    const sent = new Tally();
    const plain = packed(folder, archive, signal);
    const key = archiveKey(place, id, name);
    await storage.put(key, sent.of(sealed(plain, secret, sealName(place, id, name))), signal);
    const back = new Tally();
    for await (const _ of back.of(await storage.get(key, signal))) signal?.throwIfAborted();
    const sha256 = sent.sha256();
    if (back.bytes !== sent.bytes || back.sha256() !== sha256)
      throw new Error(
        `${name} reads back as ${back.bytes} bytes that are not the ${sent.bytes} that were sent`,
      );
    archives.push({ name, bytes: sent.bytes, sha256 });
  }
  const { rows } = sizeOf(manifest);
  const receipt: Receipt = { version: 1, id, desk, takenMs, tag, rows, manifestSha256, archives };
  const text = Buffer.from(signedReceipt(receipt, secret));
  await storage.put(receiptKey(place, id), [text], signal);
  return receiptOf(place, id);
}

/** Rejects if there is none, or if it was not signed here. */
export async function receiptOf(place: OffsitePlace, id: string): Promise<Receipt> {
  const { desk, secret } = place;
  return readReceipt(await receiptText(place, id), secret, { desk, id });
}

export async function receiptText(place: OffsitePlace, id: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await place.storage.get(receiptKey(place, id))) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
