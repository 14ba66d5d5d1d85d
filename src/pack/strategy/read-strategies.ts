/** Reads the strategies of a desk's folder, compiled and described in a separate process. Runs none of them here. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { artefactsKey, type ListedArtefacts } from '../../desk/artefacts.js';
import { areAsRead } from '../../desk/keep-own-files.js';
import type { ReadStrategies } from '../../desk/own-strategies.js';
import { userCache } from '../../desk/user-cache.js';
import { askChild, CHILD, packError, problem } from '../child-process.js';
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
    described.map(({ file, trial: _trial, ...own }) => [
      `./${file}`,
      { kind: `./${file}`, ...own, artefacts: [] },
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
      keepStrategy(folder, answer.strategy, key);
    }
  }
  return files.flatMap((file) => known.get(nameOf(folder, file, key)) ?? []);
}

const nameOf = (folder: string, file: string, artefacts: string): string =>
  `${join(folder, file)}\n${artefacts}`;

function isKnown(folder: string, file: string, artefacts: string): boolean {
  const found = known.get(nameOf(folder, file, artefacts));
  if (found !== undefined && areAsRead(folder, found.files)) return true;
  const kept = keptStrategy(folder, file, artefacts);
  if (kept !== null) known.set(nameOf(folder, file, artefacts), kept);
  return kept !== null;
}

export const KEPT_MAX = 100;

/**
 * Caches compiled strategies by user and build, because each process of a desk and most commands read them at their
 * start. An entry is valid only while every source file is unchanged. If nothing can be cached, strategies are compiled
 * again. `folder`: the desk's folder; `file`: relative to it; `artefacts`: their key. Null: it has to be compiled.
 */
function keptStrategy(folder: string, file: string, artefacts: string): DescribedStrategy | null {
  try {
    const place = placeOf(folder, file, artefacts);
    if (statSync(place).uid !== process.getuid?.()) return null;
    const kept = JSON.parse(readFileSync(place, 'utf8')) as DescribedStrategy;
    return kept.file === file && kept.files.length > 0 && areAsRead(folder, kept.files) ? kept : null;
  } catch {
    return null;
  }
}

function keepStrategy(folder: string, strategy: DescribedStrategy, artefacts: string): void {
  try {
    const place = placeOf(folder, strategy.file, artefacts);
    mkdirSync(dirname(dirname(place)), { recursive: true });
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    const next = `${place}.${process.pid}`;
    writeFileSync(next, JSON.stringify(strategy), { mode: 0o600 });
    renameSync(next, place);
    forgetOldest(dirname(place));
  } catch {
    // A folder that can't be written only costs time.
  }
}

/**
 * By content and by the names of neighbouring files, not by location: a running desk has a copy of the files that a
 * person wrote. A file that is added may change what an import resolves to.
 */
function placeOf(folder: string, file: string, artefacts: string): string {
  const name = createHash('sha256');
  for (const part of [
    build(),
    namesIn(folder, dirname(file)),
    file,
    readFileSync(join(folder, file), 'utf8'),
    artefacts,
  ])
    name.update(`${part.length} ${part}`);
  return join(cacheFolder(), `${name.digest('hex')}.json`);
}

/** Throws if it belongs to another user, for example if `sudo` has left that user's home in the environment. */
function cacheFolder(): string {
  const home = homedir();
  if (!process.env.XDG_CACHE_HOME && statSync(home).uid !== process.getuid?.())
    throw new Error(`${home} is another user's`);
  return join(userCache(process.env), 'strategies');
}

function namesIn(folder: string, below: string): string {
  return readdirSync(join(folder, below), { recursive: true, withFileTypes: true })
    .map(
      (entry) =>
        `${entry.isSymbolicLink() ? 'link ' : ''}${join(relative(folder, entry.parentPath), entry.name)}`,
    )
    .sort()
    .join('\n');
}

let stamp: string | null = null;

/** Identifies the code that compiles and describes strategies, since another build may give other results. */
function build(): string {
  if (stamp !== null) return stamp;
  const folder = dirname(CHILD);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const stamps = files.map((path) => {
    const { size, mtimeMs } = statSync(path);
    return `${path} ${size} ${mtimeMs}`;
  });
  const { version } = createRequire(import.meta.url)('esbuild/package.json') as { version: string };
  stamp = [process.version, version, ...stamps].join('\n');
  return stamp;
}

function forgetOldest(folder: string): void {
  const kept = readdirSync(folder).map((name) => join(folder, name));
  if (kept.length <= KEPT_MAX) return;
  const byAge = kept.map((path) => ({ path, mtimeMs: statSync(path).mtimeMs }));
  byAge.sort((one, other) => one.mtimeMs - other.mtimeMs);
  for (const { path } of byAge.slice(0, kept.length - KEPT_MAX)) rmSync(path, { force: true });
}
