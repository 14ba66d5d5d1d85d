/**
 * The receipt of a copy away from this machine: its archives, their sizes and hashes, signed. It is written last, after
 * each archive was read back: without it, nothing there is a backup.
 */
import { z } from 'zod';
import { BACKUP_TAGS } from '../../contracts/backup.js';
import { isBackupId } from '../backup-folder.js';
import { ARCHIVE_NAME } from './archives.js';
import { isSignedBy, signatureOf } from './seal.js';

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
export type SentArchive = Receipt['archives'][number];

/** Two lines: the receipt as JSON, and its signature. */
export function signedReceipt(receipt: Receipt, secret: string): string {
  const text = JSON.stringify(receipt);
  return `${text}\n${signatureOf(text, secret)}\n`;
}

/** Throws with what is wrong with it. `expected`: desk and id of its location; a receipt that was moved is refused. */
export function readReceipt(signed: string, secret: string, expected: Pick<Receipt, 'desk' | 'id'>): Receipt {
  const [text = '', signature = ''] = signed.split('\n');
  if (!isSignedBy(text, signature, secret))
    throw new Error('its signature is not by the backup-key of this installation');
  const receipt = receiptSchema.parse(JSON.parse(text));
  if (receipt.desk !== expected.desk || receipt.id !== expected.id)
    throw new Error(`its receipt is that of ${receipt.id} of ${receipt.desk}`);
  return receipt;
}
