/**
 * Stores the files of a desk's own strategies and playbooks next to a copy of its desk file, so the copy is
 * the same desk, and checks source files later.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownFiles } from './own-strategies.js';
import type { StrategyFile } from './own-strategy.js';
import type { Desk } from './schema.js';

/** Writes each file atomically: others may read or write it meanwhile. */
export function keepOwnFiles(folder: string, desk: Pick<Desk, 'strategies' | 'coded'>): void {
  for (const { path, content } of ownFiles(desk)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const next = `${file}.${process.pid}.new`;
    writeFileSync(next, content, { mode: 0o600 });
    renameSync(next, file);
  }
}

/** Whether each file is still as it was read; an unreadable one isn't. */
export function areAsRead(folder: string, files: readonly StrategyFile[]): boolean {
  try {
    return files.every(({ path, text }) => readFileSync(join(folder, path), 'utf8') === text);
  } catch {
    return false;
  }
}
