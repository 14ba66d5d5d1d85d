/**
 * Compiled code of desks' folders, on disk by user and build: each process of a desk and most commands read
 * it at their start. An entry is valid only while every source file is unchanged. Code that can't be cached
 * is compiled again.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { userCache } from '../desk/desk-environment.js';
import type { StrategyFile } from '../desk/own-code.js';
import { areAsRead } from '../desk/own-strategies.js';
import { CHILD } from './child-process.js';

/** Most entries of each kind, for one user. */
export const KEPT_MAX = 100;

type Kind = 'strategies' | 'playbooks';

export interface Compiled {
  /** Relative to the desk's folder. */
  readonly file: string;
  /** All of its source files, as read. */
  readonly files: readonly StrategyFile[];
}

/** `folder`: the desk's; `more`: what else the result depends on. Null: it must be compiled. */
export function findCompiled<T extends Compiled>(
  kind: Kind,
  folder: string,
  file: string,
  more = '',
): T | null {
  try {
    const place = placeOf(kind, folder, file, more);
    if (statSync(place).uid !== process.getuid?.()) return null;
    const kept = JSON.parse(readFileSync(place, 'utf8')) as T;
    return kept.file === file && kept.files.length > 0 && areAsRead(folder, kept.files) ? kept : null;
  } catch {
    return null;
  }
}

export function keepCompiled(kind: Kind, folder: string, compiled: Compiled, more = ''): void {
  try {
    const place = placeOf(kind, folder, compiled.file, more);
    mkdirSync(dirname(dirname(place)), { recursive: true });
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    const next = `${place}.${process.pid}`;
    writeFileSync(next, JSON.stringify(compiled), { mode: 0o600 });
    renameSync(next, place);
    forgetOldest(dirname(place));
  } catch {
    // A folder that can't be written only costs time.
  }
}

/**
 * By content, not by location: a running desk has a copy of the files that a person wrote. And by the names
 * of neighbouring files: an added file may change what an import resolves to.
 */
function placeOf(kind: Kind, folder: string, file: string, more: string): string {
  const name = createHash('sha256');
  for (const part of [
    build(),
    namesIn(folder, dirname(file)),
    file,
    readFileSync(join(folder, file), 'utf8'),
    more,
  ])
    name.update(`${part.length} ${part}`);
  return join(cacheFolder(kind), `${name.digest('hex')}.json`);
}

/** Throws if the home is another user's, for example because `sudo` left it in the environment. */
function cacheFolder(kind: Kind): string {
  const home = homedir();
  if (!process.env.XDG_CACHE_HOME && statSync(home).uid !== process.getuid?.())
    throw new Error(`${home} is another user's`);
  return join(userCache(process.env), kind);
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

/** What is compiled into strategies is there, next to what the child is bundled from. */
const PACK = fileURLToPath(new URL('../../dist/pack/', import.meta.url));

/** Identifies the code that compiles and describes, since another build may yield other results. */
function build(): string {
  if (stamp !== null) return stamp;
  const files = readdirSync(PACK, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const stamps = [CHILD, ...files].map((path) => {
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
