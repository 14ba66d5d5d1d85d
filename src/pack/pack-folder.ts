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

/** Of whatever is called after its file. */
export const NAME = /^[a-z][a-z0-9-]{0,39}$/;

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

/** Of playbooks in code: each a kind of incident by its name. */
export function playbookFiles(folder: string): readonly Omit<PartFile, 'kind'>[] {
  if (!existsSync(join(folder, 'desk.yaml'))) return [];
  return filesIn(join(folder, 'playbooks'))
    .filter(isCode)
    .map((file) => ({ name: file.replace(CODE, ''), file: `playbooks/${file}` }));
}
