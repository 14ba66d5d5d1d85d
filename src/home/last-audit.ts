/**
 * The auditor's last completed audit, in a file: it may have a process of its own without any key, and others
 * must be able to tell whether it still watches.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from './json-file.js';
import { homePaths } from './runtime.js';

export interface LastAudit {
  /** Wall time of the newest audit that compared the books; null: none yet. */
  readonly atMs: number | null;
  /** Why nothing could be compared since; null: nothing was in the way. */
  readonly problem: string | null;
}

const fileOf = (home: string): string => join(homePaths(home).run, 'last-audit.json');

/** Never throws: an auditor that can't write must still be able to stop the desk. */
export function keepLastAudit(home: string, audit: LastAudit): void {
  try {
    const file = fileOf(home);
    mkdirSync(homePaths(home).run, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, JSON.stringify(audit), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // The older file stays, with its time: people are told once that is too long ago.
  }
}

/** Null: no auditor that keeps it has run here. */
export function readLastAudit(home: string): LastAudit | null {
  try {
    return readJson<LastAudit>(fileOf(home));
  } catch {
    return null;
  }
}
