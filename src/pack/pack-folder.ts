/** What lies in a desk's folder beside its desk file. Nothing of it is run here. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What steps of routines name, and the folder of each. */
export const PART_FOLDERS = { check: 'checks', report: 'reports', action: 'actions' } as const;

export type PartKind = keyof typeof PART_FOLDERS;

export interface PartFile {
  readonly kind: PartKind;
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
export function partFiles(folder: string): readonly PartFile[] {
  if (!existsSync(join(folder, 'desk.yaml'))) return [];
  return (Object.keys(PART_FOLDERS) as PartKind[]).flatMap((kind) =>
    filesIn(join(folder, PART_FOLDERS[kind]))
      .filter(isCode)
      .map((file) => ({ kind, name: file.replace(CODE, ''), file: `${PART_FOLDERS[kind]}/${file}` })),
  );
}

/** Code that a desk's folder may have one day: to leave it out in silence would look as if it ran. */
export function unreadFiles(folder: string): readonly string[] {
  if (!existsSync(join(folder, 'desk.yaml'))) return [];
  return ['playbooks'].flatMap((kind) =>
    filesIn(join(folder, kind))
      .filter(isCode)
      .map((file) => `${kind}/${file}`),
  );
}
