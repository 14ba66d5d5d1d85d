import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BOOK_FILE } from '../../venue/paper/book-file.js';

/**
 * Call after copying the journal: like a real venue, the book may know more than the journal, never less. Copies only
 * whole lines.
 */
export async function copyBook(from: string, to: string): Promise<void> {
  const path = join(from, BOOK_FILE);
  if (!existsSync(path)) return;
  const bytes = await readFile(path);
  await mkdir(to, { mode: 0o700 });
  await writeFile(join(to, BOOK_FILE), bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1), { mode: 0o600 });
}
