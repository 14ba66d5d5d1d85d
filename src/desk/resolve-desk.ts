/**
 * Resolves what a person typed after `--desk` to a file. A desk is a folder with `desk.yaml`; in earlier versions it
 * was one file.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromWorkingFolder } from './desk-environment.js';
import { DeskFileError } from './problem.js';
import { closestName } from './typed-names.js';

/** The desk that runs if none is named. */
export const DEFAULT_DESK = 'crypto-bot';

const DESK_FILE = 'desk.yaml';

/** Where desks are searched by name. */
interface DeskPlaces {
  readonly workingFolder: string;
  /** FERMATA_HOME. */
  readonly home: string;
  /** Files of desks that were started, by the name of the desk: for a name that leads to none in the folders. */
  readonly started?: ReadonlyMap<string, string>;
}

export const deskPlacesHere = (): DeskPlaces => ({
  workingFolder: fromWorkingFolder('.'),
  home: fromWorkingFolder(process.env.FERMATA_HOME || '.fermata'),
});

/** A file in a shipped desk's folder that holds its name: a copy under another name is a user's own. */
const SHIPPED_MARK = '.shipped';

const shippedDesks = (): string => fileURLToPath(new URL('../../desks', import.meta.url));

/**
 * Whether a desk's folder, or a file in it, ships with Fermata: the next version replaces it. In a checkout,
 * users' own desks are next to the shipped ones.
 */
export function isShipped(path: string): boolean {
  const [name = '', ...up] = relative(shippedDesks(), path).split(sep);
  return name !== '' && name !== '..' && !up.includes('..') && isMarked(join(shippedDesks(), name));
}

/** Whether a desk's folder is one that ships, with this build or another one. */
export function isMarked(folder: string): boolean {
  const mark = join(folder, SHIPPED_MARK);
  return existsSync(mark) && readFileSync(mark, 'utf8').trim() === basename(folder);
}

/** `desks` in the working folder first, then in FERMATA_HOME, then the desks that ship with Fermata. */
export function deskFolders({ workingFolder, home }: DeskPlaces = deskPlacesHere()): readonly string[] {
  return [...new Set([resolve(workingFolder, 'desks'), resolve(home, 'desks'), shippedDesks()])];
}

/**
 * Resolves a desk's name or path (its folder or file) to the absolute path of its file. Throws
 * `DeskFileError`, which lists the existing desks, or names both if a desk is a folder and a file at once.
 * `meant`: what to suggest if a known name is close.
 */
export function resolveDesk(
  nameOrPath: string,
  places: DeskPlaces = deskPlacesHere(),
  meant: (near: string) => string = (near) => `use --desk ${near}`,
): string {
  if (/[/\\]|\.ya?ml$/.test(nameOrPath)) return fileAt(resolve(places.workingFolder, nameOrPath));
  for (const folder of deskFolders(places)) {
    const found = deskFileIn(folder, nameOrPath);
    if (found !== null) return found;
  }
  const started = places.started?.get(nameOrPath);
  if (started !== undefined) return started;
  const known = [...new Set([...deskNames(places), ...(places.started?.keys() ?? [])])].sort();
  const near = closestName(nameOrPath, known);
  throw problem(nameOrPath === '' ? 'a desk without a name' : `desk ${nameOrPath}`, {
    expected: known.length === 0 ? 'a desk in ./desks' : `one of the desks ${known.join(', ')}`,
    found: nameOrPath === '' ? 'nothing' : `no desk of the name ${nameOrPath}`,
    doThis: near === null ? 'name one of these, or write one with: fermata init' : meant(near),
  });
}

/** How to turn a single-file desk into a folder; null if it is a folder, or is not where desks are searched by name. */
export function folderNotice(deskFile: string): string | null {
  const [folder, name] = [dirname(deskFile), basename(deskFile, '.yaml')];
  if (basename(folder) !== 'desks' || extname(deskFile) !== '.yaml') return null;
  const to = join(folder, name);
  return `a desk is a folder now, and ${deskFile} goes on loading; make it one: mkdir ${to} && mv ${deskFile} ${join(to, DESK_FILE)}`;
}

/** Null: there is no desk of this name. */
export function deskFileIn(folder: string, name: string): string | null {
  const [asFolder, asFile] = [join(folder, name, DESK_FILE), join(folder, `${name}.yaml`)];
  const [isFolder, isFile] = [existsSync(asFolder), existsSync(asFile)];
  if (isFolder && isFile) {
    throw problem(`desk ${name}`, {
      expected: 'one of the two',
      found: `both ${asFolder} and ${asFile}`,
      doThis: 'keep the one that the desk is to run by, and move the other away',
    });
  }
  return isFolder ? asFolder : isFile ? asFile : null;
}

/** Maps a path from earlier versions to the file's current place. */
export function fileAt(path: string): string {
  if (!existsSync(path)) {
    const moved = join(path.slice(0, path.length - extname(path).length), DESK_FILE);
    return extname(path) !== '' && existsSync(moved) ? moved : path;
  }
  const file = join(path, DESK_FILE);
  return statSync(path).isDirectory() && existsSync(file) ? file : path;
}

export interface DeskFound {
  readonly name: string;
  readonly file: string;
  /** Why `--desk NAME` refuses it; null: it doesn't. */
  readonly problem: string | null;
}

/** Each desk that `--desk NAME` finds or refuses, with its file. */
export function desksFound(places: DeskPlaces = deskPlacesHere()): readonly DeskFound[] {
  return deskNames(places).map((name) => {
    try {
      return { name, file: resolveDesk(name, places), problem: null };
    } catch (error) {
      if (!(error instanceof DeskFileError)) throw error;
      return { name, file: error.problems[0]?.found ?? '', problem: error.problems[0]?.doThis ?? '' };
    }
  });
}

function deskNames(places: DeskPlaces): string[] {
  const names = deskFolders(places).flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder).flatMap((entry) =>
          entry.endsWith('.yaml')
            ? [basename(entry, '.yaml')]
            : existsSync(join(folder, entry, DESK_FILE))
              ? [entry]
              : [],
        )
      : [],
  );
  return [...new Set(names)].sort();
}

function problem(file: string, said: { expected: string; found: string; doThis: string }): DeskFileError {
  return new DeskFileError(file, [{ line: null, column: null, key: '', ...said }]);
}
