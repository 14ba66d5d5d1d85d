/** Reads the strategies of a desk's folder, compiled and described in a separate process. Runs none of them here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { artefactsKey, type ListedArtefacts } from '../../desk/artefacts.js';
import { areAsRead, type ReadStrategies } from '../../desk/own-strategies.js';
import { askChild, packError, problem } from '../child-process.js';
import { findCompiled, keepCompiled } from '../compiled-cache.js';
import type { DescribedStrategy } from '../protocol.js';

/** By folder, file and artefacts: a process reads its desk file often, and its strategies hardly ever change. */
const known = new Map<string, DescribedStrategy>();

/** `kinds`: in the form `./strategies/NAME.ts`. Throws `DeskFileError` with each problem of a file. */
export const readStrategies: ReadStrategies = (folder, kinds, artefacts) => {
  const described = describeStrategies(
    folder,
    kinds.map((kind) => kind.slice(2)),
    artefacts,
  );
  return new Map(
    described.map(({ file, trial, ...own }) => [
      `./${file}`,
      { kind: `./${file}`, ...own, asked: trial.terms, artefacts: [] },
    ]),
  );
};

/**
 * `files`: relative to `folder`. `artefacts`: each file's; the caller checks that they have the listed hash. Throws
 * like `readStrategies`.
 */
export function describeStrategies(
  folder: string,
  files: readonly string[],
  artefacts: ListedArtefacts = {},
): readonly DescribedStrategy[] {
  const missing = files.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    const doThis = 'write one with: fermata strategy new, or name another in the desk file';
    throw packError(
      folder,
      missing.map((file) => problem(file, 'a strategy', 'no such file', doThis)),
    );
  }
  const key = artefactsKey(artefacts);
  const changed = files.filter((file) => !isKnown(folder, file, key));
  if (changed.length > 0) {
    const args = ['strategies', folder, JSON.stringify(artefacts), ...changed];
    for (const answer of askChild(folder, args, 'strategies')) {
      if (!('strategy' in answer)) continue;
      known.set(nameOf(folder, answer.strategy.file, key), answer.strategy);
      keepCompiled('strategies', folder, answer.strategy, key);
    }
  }
  return files.flatMap((file) => known.get(nameOf(folder, file, key)) ?? []);
}

const nameOf = (folder: string, file: string, artefacts: string): string =>
  `${join(folder, file)}\n${artefacts}`;

function isKnown(folder: string, file: string, artefacts: string): boolean {
  const found = known.get(nameOf(folder, file, artefacts));
  if (found !== undefined && areAsRead(folder, found.files)) return true;
  const kept = findCompiled<DescribedStrategy>('strategies', folder, file, artefacts);
  if (kept !== null) known.set(nameOf(folder, file, artefacts), kept);
  return kept !== null;
}
