/** The key that decisions are checked with. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { homePaths, SECRET_FILES } from '../../home/runtime.js';
import { readSecret } from '../../home/secrets.js';

/** Throws where the file is missing, or where others than its owner can read or change it. */
export function readDecisionKey(home: string): string {
  const key = readSecret(home, 'decisionKey');
  const path = join(homePaths(home).secrets, SECRET_FILES.decisionKey);
  const { mode, uid } = statSync(path);
  if ((mode & 0o077) !== 0 || uid !== (process.getuid?.() ?? uid)) {
    throw new Error(
      `${path} is open to others than its owner; no decision is believed. Run: chmod 600 ${path}`,
    );
  }
  return key;
}
