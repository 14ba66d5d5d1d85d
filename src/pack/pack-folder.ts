/** Lists what is in a desk's folder besides its desk file. Runs none of it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The parts that steps of routines can name, with the folder of each. */
export const PART_FOLDERS = { check: 'checks', report: 'reports', action: 'actions' } as const;

/** A desk's own names for commands. */
export const ALIASES = 'aliases.yaml';

export type PartKind = keyof typeof PART_FOLDERS;

export interface PartFile {
  readonly kind: PartKind;
  /** The name by which a step calls it. */
  readonly name: string;
  /** Relative to the folder. */
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

/** Files of playbooks in code: each is an incident kind of the same name. */
export function playbookFiles(folder: string): readonly Omit<PartFile, 'kind'>[] {
  if (!existsSync(join(folder, 'desk.yaml'))) return [];
  return filesIn(join(folder, 'playbooks'))
    .filter(isCode)
    .map((file) => ({ name: file.replace(CODE, ''), file: `playbooks/${file}` }));
}
