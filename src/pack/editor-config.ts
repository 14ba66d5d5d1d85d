/** `tsconfig.json` of a desk's folder: tells editors what its code may import, wherever Fermata is installed. */
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const { resolve } = createRequire(import.meta.url);

/** Declarations of the names that `compile.ts` resolves. */
const DECLARATIONS: Readonly<Record<string, string>> = {
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
      paths: Object.fromEntries(Object.entries(DECLARATIONS).map(([name, file]) => [name, [from(file)]])),
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
