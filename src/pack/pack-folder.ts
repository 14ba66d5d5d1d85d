/** What lies in a desk's folder beside its desk file. Nothing of it is run here. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface PartFile {
  /** After which a step calls it. */
  readonly name: string;
  /** Below the folder. */
  readonly file: string;
}

const CODE = /\.(ts|js|mjs)$/;
const DECLARATIONS = /\.d\.ts$/;

const isCode = (file: string): boolean => CODE.test(file) && !DECLARATIONS.test(file);

const filesIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => entry.name)
        .sort()
    : [];

/** Only a desk that is a folder has any. */
export function checkFiles(folder: string): readonly PartFile[] {
  if (!existsSync(join(folder, 'desk.yaml'))) return [];
  return filesIn(join(folder, 'checks'))
    .filter(isCode)
    .map((file) => ({ name: file.replace(CODE, ''), file: `checks/${file}` }));
}

/** Code that a desk's folder may have one day: to leave it out in silence would look as if it ran. */
export function unreadFiles(folder: string): readonly string[] {
  if (!existsSync(join(folder, 'desk.yaml'))) return [];
  return ['reports', 'actions', 'playbooks', 'strategies'].flatMap((kind) =>
    filesIn(join(folder, kind))
      .filter(isCode)
      .map((file) => `${kind}/${file}`),
  );
}
