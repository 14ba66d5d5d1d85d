/** The hash of a strategy: of every file that it is made of. */
import { createHash } from 'node:crypto';
import type { StrategyFile } from '../../desk/own-strategy.js';

/** Part of each hash. It is counted on where the same file would come to other decisions. */
const API_VERSION = 'fermata/strategy 1';

/** Over the paths and bytes of all files: a comment that changes is another strategy, too. */
export function strategyHash(files: readonly StrategyFile[]): string {
  const hash = createHash('sha256').update(`${API_VERSION}\n`);
  for (const { path, text } of files) {
    hash.update(`${path}\n${createHash('sha256').update(text).digest('hex')}\n`);
  }
  return hash.digest('hex');
}
