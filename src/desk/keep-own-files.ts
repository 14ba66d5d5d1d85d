/** The files of a desk's own strategies and playbooks in code: kept beside a copy of its desk file, so that the copy is the same desk, and looked at again. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownFiles } from './own-strategies.js';
import type { StrategyFile } from './own-strategy.js';
import type { Desk } from './schema.js';

/** Each whole or not at all: others may read, or write the same, meanwhile. */
export function keepOwnFiles(folder: string, desk: Pick<Desk, 'strategies' | 'coded'>): void {
  for (const { path, text } of ownFiles(desk)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const next = `${file}.${process.pid}.new`;
    writeFileSync(next, text, { mode: 0o600 });
    renameSync(next, file);
  }
}

/** Whether each of them still is what was read; one that can't be read is not. */
export function areAsRead(folder: string, files: readonly StrategyFile[]): boolean {
  try {
    return files.every(({ path, text }) => readFileSync(join(folder, path), 'utf8') === text);
  } catch {
    return false;
  }
}
