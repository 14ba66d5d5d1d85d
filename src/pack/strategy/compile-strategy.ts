/** One strategy of a desk's folder with every file that it imports, as one script. Nothing of it is run here. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Loader, Plugin } from 'esbuild';
import type { StrategyFile, StrategyModule } from '../../desk/own-strategy.js';
import { bundleFile, type CompileProblem } from '../compile.js';
import { countingSteps } from './count-steps.js';
import { EXPORTS, SCRIPT } from './names.js';
import { refusedIn } from './refused.js';
import { treeOf } from './syntax-tree.js';

export type CompiledStrategy =
  | {
      readonly ok: true;
      /** Over every file that it is made of. */
      readonly hash: string;
      readonly module: StrategyModule;
      readonly files: readonly StrategyFile[];
    }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

const API = fileURLToPath(new URL('./strategy-v1.js', import.meta.url));
const LOADERS: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.js': 'js', '.mjs': 'js', '.json': 'json' };

/** `file`: below `folder`, such as `strategies/dip.ts`. What isn't deterministic is refused with its line. */
export async function compileStrategy(folder: string, file: string): Promise<CompiledStrategy> {
  const root = realpathSync(folder);
  const read = new Map<string, string>();
  const bundled = await bundleFile(root, file, {
    format: 'iife',
    globalName: EXPORTS,
    platform: 'neutral',
    banner: { js: '"use strict";' },
    outfile: join(root, SCRIPT),
    sourcemap: 'external',
    sourcesContent: false,
    charset: 'utf8',
    legalComments: 'none',
    // What is never called is judged as well.
    treeShaking: false,
    plugins: [ownFilesOnly(root, read)],
  });
  if (!bundled.ok) return bundled;
  const text = (ending: string): string =>
    bundled.outputs.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const [code, map] = [text('.js'), text('.map')];
  const tree = treeOf(code);
  const problems = refusedIn(tree, map);
  if (problems.length > 0) return { ok: false, problems };
  const files = [...read]
    .map(([path, content]) => ({ path, text: content }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const module = { code: countingSteps(code, tree), map };
  return { ok: true, hash: hashOf(files), module, files };
}

/** Part of each hash. It is counted on where the same file would come to other decisions. */
const API_VERSION = 'fermata/strategy 1';

/** Over the paths and bytes of all files: a comment that changes is another strategy, too. */
function hashOf(files: readonly StrategyFile[]): string {
  const hash = createHash('sha256').update(`${API_VERSION}\n`);
  for (const { path, text } of files) {
    hash.update(`${path}\n${createHash('sha256').update(text).digest('hex')}\n`);
  }
  return hash.digest('hex');
}

/** Marks what the plugin itself has asked to be resolved. */
const RESOLVED = 'resolved';

/** Files below `strategies/`, each read once: what is hashed is what is compiled. Nothing of it reaches a file of ours by its path. */
function ownFilesOnly(root: string, read: Map<string, string>): Plugin {
  const place = join(root, 'strategies') + sep;
  const outside = (path: string) => ({
    errors: [{ text: `a file outside of strategies/: ${relative(root, path)}` }],
  });
  return {
    name: 'own files only',
    setup({ onResolve, onLoad, resolve }) {
      const ours = new Set([API]);
      onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
        if (path === 'fermata/strategy') return { path: API };
        return kind === 'entry-point' ? undefined : { errors: [{ text: `an import of ${path}` }] };
      });
      onResolve({ filter: /^\./ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === RESOLVED) return undefined;
        const found = await resolve(path, { importer, resolveDir, kind, pluginData: RESOLVED });
        if (found.errors.length > 0) return { errors: found.errors };
        // Paths are real here: a link out of the folder shows.
        if (ours.has(importer)) ours.add(found.path);
        else if (!found.path.startsWith(place)) return outside(found.path);
        return { path: found.path };
      });
      onLoad({ filter: /.*/ }, ({ path }) => {
        if (ours.has(path)) return undefined;
        const real = realpathSync(path);
        if (!real.startsWith(place)) return outside(path);
        const loader = LOADERS[extname(real)];
        if (loader === undefined)
          return { errors: [{ text: `a file of another kind: ${relative(root, path)}` }] };
        const contents = readFileSync(real, 'utf8');
        read.set(relative(root, real).split(sep).join('/'), contents);
        return { contents, loader, resolveDir: dirname(real) };
      });
    },
  };
}
