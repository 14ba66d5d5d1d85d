/** Reads the strategies of a desk's folder, compiled and described in a separate process. Runs none of them here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { areAsRead } from '../../desk/keep-own-files.js';
import type { OwnStrategy } from '../../desk/own-strategy.js';
import { askChild, packError, problem } from '../ask-child.js';
import type { DescribedStrategy } from '../protocol.js';
import { keepStrategy, keptStrategy } from './kept-strategies.js';

/** By folder and file: a process reads its desk file often, and its strategies hardly ever change. */
const known = new Map<string, DescribedStrategy>();

/** `kinds`: in the form `./strategies/NAME.ts`. Throws `DeskFileError` with each problem of a file. */
export function readStrategies(folder: string, kinds: readonly string[]): ReadonlyMap<string, OwnStrategy> {
  const described = describeStrategies(
    folder,
    kinds.map((kind) => kind.slice(2)),
  );
  return new Map(
    described.map(({ file, trial: _trial, ...own }) => [`./${file}`, { kind: `./${file}`, ...own }]),
  );
}

/** `files`: relative to `folder`. Throws like `readStrategies`. */
export function describeStrategies(folder: string, files: readonly string[]): readonly DescribedStrategy[] {
  const missing = files.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    const doThis = 'write one with: fermata strategy new, or name another in the desk file';
    throw packError(
      folder,
      missing.map((file) => problem(file, 'a strategy', 'no such file', doThis)),
    );
  }
  const changed = files.filter((file) => !isKnown(folder, file));
  if (changed.length > 0) {
    for (const answer of askChild(folder, ['strategies', folder, ...changed], 'strategies')) {
      if (!('strategy' in answer)) continue;
      known.set(join(folder, answer.strategy.file), answer.strategy);
      keepStrategy(folder, answer.strategy);
    }
  }
  return files.flatMap((file) => known.get(join(folder, file)) ?? []);
}

function isKnown(folder: string, file: string): boolean {
  const found = known.get(join(folder, file));
  if (found !== undefined && areAsRead(folder, found.files)) return true;
  const kept = keptStrategy(folder, file);
  if (kept !== null) known.set(join(folder, file), kept);
  return kept !== null;
}
