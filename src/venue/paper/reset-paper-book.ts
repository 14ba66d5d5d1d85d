/** A new beginning with paper money: the old book is archived, never deleted. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { BOOK_FILE } from './book-file.js';

/**
 * Moves the book aside; the next start begins a new one with the desk file's balance. Only while no trader runs: the
 * caller makes sure. Returns where the old book is, null where there was none.
 */
export function resetPaperBook(directory: string, nowMs: number): string | null {
  const book = join(directory, BOOK_FILE);
  if (!existsSync(book)) return null;
  const archive = join(directory, 'archive');
  mkdirSync(archive, { recursive: true, mode: 0o700 });
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
  const archived = join(archive, `book-${stamp}.jsonl`);
  renameSync(book, archived);
  return archived;
}
