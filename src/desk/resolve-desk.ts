/** From what a person typed after `--desk` to a file. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closestName } from './closest-name.js';
import { DeskFileError } from './problem.js';

/** The desk that runs where none is named. */
export const DEFAULT_DESK = 'crypto-bot';

/** `desks` of the working folder first, then those that come with Fermata. */
export function deskFolders(workingFolder: string): readonly string[] {
  const shipped = fileURLToPath(new URL('../../desks', import.meta.url));
  return [...new Set([resolve(workingFolder, 'desks'), shipped])];
}

/** Name or path of a desk file to its absolute path. Throws `DeskFileError` that lists the desks there are. */
export function resolveDesk(nameOrFile: string, workingFolder: string = process.cwd()): string {
  if (/[/\\]|\.ya?ml$/.test(nameOrFile)) {
    return resolve(workingFolder, nameOrFile);
  }
  for (const folder of deskFolders(workingFolder)) {
    const forms = [join(folder, `${nameOrFile}.yaml`), join(folder, nameOrFile, 'desk.yaml')];
    const file = forms.find((form) => existsSync(form));
    if (file !== undefined) {
      return file;
    }
  }
  const known = deskNames(workingFolder);
  const near = closestName(nameOrFile, known);
  throw new DeskFileError(nameOrFile === '' ? 'a desk without a name' : `desk ${nameOrFile}`, [
    {
      line: null,
      column: null,
      key: '',
      expected: known.length === 0 ? 'a desk file in ./desks' : `one of the desks ${known.join(', ')}`,
      found: nameOrFile === '' ? 'nothing' : `no desk of the name ${nameOrFile}`,
      doThis: near === null ? 'name one of these, or write one with: fermata init' : `use --desk ${near}`,
    },
  ]);
}

function deskNames(workingFolder: string): string[] {
  const names = deskFolders(workingFolder).flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((entry) => entry.endsWith('.yaml') || existsSync(join(folder, entry, 'desk.yaml')))
          .map((entry) => basename(entry, '.yaml'))
      : [],
  );
  return [...new Set(names)].sort();
}
