import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** A piece costs more than the hash of its bytes: with the default of 64 KiB, the whole takes more than twice as long. */
const PIECE_BYTES = 1024 * 1024;

/** SHA-256, hex, of a file's bytes, which may be more than fit into memory. Throws if it can't be read. */
export async function contentHash(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: PIECE_BYTES }), hash);
  return hash.digest('hex');
}
