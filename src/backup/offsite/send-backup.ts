/**
 * Sends one verified backup off this machine: each archive is packed, sealed and sent in one stream, then
 * read back completely. Finally, the receipt makes it a backup. An interrupted upload starts over: files
 * without a receipt count for nothing.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BACKUP_TAGS } from '../../contracts/backup.js';
import { isBackupId } from '../backup-folder.js';
import { sizeOf } from '../manifest.js';
import type { VerifiedBackup } from '../verify-backup.js';
import { ARCHIVE_NAME, archivesOf, packed } from './archives.js';
import { isSignedBy, sealed, signatureOf } from './seal.js';
import { archiveKey, backupPrefix, deskPrefix, type OffsitePlace, receiptKey, sealName } from './storage.js';

interface SendOptions {
  /** Called when each archive begins. */
  readonly onArchive?: (name: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Returns the existing receipt if the backup was sent before. One at a time per desk: aborts the desk's other
 * uploads. Rejects like the storage, and if an archive reads back differently.
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
    const back = new Tally(sent.bytes);
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
  let bytes = 0;
  for await (const chunk of await place.storage.get(receiptKey(place, id))) {
    chunks.push(chunk);
    bytes += chunk.length;
    // The signed text is at the beginning; nothing this far in is ours.
    if (bytes > RECEIPT_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Far more than any receipt has. */
const RECEIPT_BYTES_MAX = 64 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const receiptSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().refine(isBackupId),
  desk: z.string(),
  takenMs: z.number().int(),
  tag: z.enum(BACKUP_TAGS).nullable(),
  /** Rows of all tables. */
  rows: z.number().int(),
  manifestSha256: sha256,
  /** Size and hash of the stored, sealed file. */
  archives: z
    .array(z.strictObject({ name: z.string().regex(ARCHIVE_NAME), bytes: z.number().int().min(0), sha256 }))
    .min(1),
});

export type Receipt = z.output<typeof receiptSchema>;
type SentArchive = Receipt['archives'][number];

/**
 * The receipt of a copy off this machine: its archives, their sizes and hashes, signed. It is written last,
 * after each archive was read back: without it, nothing there is a backup. Two lines: the receipt as JSON,
 * and its signature.
 */
function signedReceipt(receipt: Receipt, secret: string): string {
  const text = JSON.stringify(receipt);
  return `${text}\n${signatureOf(text, secret)}\n`;
}

/**
 * Throws with the reason if the receipt is invalid. `expected`: desk and id of its location; a receipt that
 * was moved is refused.
 */
export function readReceipt(signed: string, secret: string, expected: Pick<Receipt, 'desk' | 'id'>): Receipt {
  const [text = '', signature = ''] = signed.split('\n');
  if (!isSignedBy(text, signature, secret))
    throw new Error('its signature is not by the backup-key of this installation');
  const receipt = receiptSchema.parse(JSON.parse(text));
  if (receipt.desk !== expected.desk || receipt.id !== expected.id)
    throw new Error(`its receipt is that of ${receipt.id} of ${receipt.desk}`);
  return receipt;
}

/** Counts and hashes the bytes that pass through. Throws at more than `bytesMax` of them. */
export class Tally {
  bytes = 0;
  readonly #hash = createHash('sha256');

  constructor(private readonly bytesMax = Number.POSITIVE_INFINITY) {}

  async *of(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#hash.update(chunk);
      this.bytes += chunk.length;
      if (this.bytes > this.bytesMax)
        throw new Error(`more than the ${this.bytesMax} bytes come that were sent`);
      yield chunk;
    }
  }

  /** Hex. Call it once, at the end. */
  sha256(): string {
    return this.#hash.digest('hex');
  }
}
