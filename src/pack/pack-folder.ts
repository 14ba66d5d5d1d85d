/**
 * What is in a desk's folder besides its desk file, none of which is run here; and `tsconfig.json`, which
 * tells editors what its code may import, wherever Fermata is installed.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The parts that steps of routines can name, with the folder of each. */
export const PART_FOLDERS = { check: 'checks', report: 'reports', action: 'actions' } as const;

/** A desk's own names for commands. */
export const ALIASES = 'aliases.yaml';

/** What the desk runs besides its file: a desk that begins like another one gets a copy. */
export const DESK_CODE = [...Object.values(PART_FOLDERS), 'playbooks', 'strategies', ALIASES] as const;

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

const { resolve } = createRequire(import.meta.url);

/** Declarations of the names that `compile.ts` resolves. */
const EDITOR_DECLARATIONS: Readonly<Record<string, string>> = {
  'fermata/pack': fileURLToPath(new URL('../../dist/pack/v1.d.ts', import.meta.url)),
  'fermata/strategy': fileURLToPath(new URL('../../dist/pack/strategy/strategy-v1.d.ts', import.meta.url)),
  zod: join(dirname(resolve('zod')), 'index.d.ts'),
};

export function editorConfig(folder: string): string {
  const from = (file: string): string => {
    const path = relative(folder, file).split(sep).join('/');
    return path.startsWith('.') ? path : `./${path}`;
  };
  const nodeTypes = nodeTypesFolder();
  const config = {
    compilerOptions: {
      target: 'ES2023',
      lib: ['ES2023'],
      module: 'esnext',
      moduleResolution: 'bundler',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowJs: true,
      ...(nodeTypes === null ? { types: [] } : { types: ['node'], typeRoots: [from(nodeTypes)] }),
      paths: Object.fromEntries(
        Object.entries(EDITOR_DECLARATIONS).map(([name, file]) => [name, [from(file)]]),
      ),
    },
    include: ['checks', 'reports', 'actions', 'strategies', 'playbooks'],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** Installed by our dependencies; without it, Node's modules have no types. */
function nodeTypesFolder(): string | null {
  try {
    return dirname(dirname(resolve('@types/node/package.json')));
  } catch {
    return null;
  }
}
