/** Which files code of a desk's folder may be made of, where every one of them counts: strategies, playbooks in code. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, join, relative, sep } from 'node:path';
import type { Loader, OnResolveResult, Plugin } from 'esbuild';
import type { StrategyFile } from '../desk/own-strategy.js';

const LOADERS: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.js': 'js', '.mjs': 'js', '.json': 'json' };

/** Marks what the plugin itself has asked to be resolved. */
const RESOLVED = 'resolved';

export interface OwnFiles {
  /** Real path of the desk's folder. */
  readonly root: string;
  /** Below it: `strategies`, `playbooks`. */
  readonly folder: string;
  /** What may be imported by name. What is not external is a file of ours, with whatever that imports. */
  readonly names: Readonly<Record<string, OnResolveResult>>;
  /** Each file that was read, by its path below the root. */
  readonly read: Map<string, string>;
}

/** Each file is read once: what is hashed is what is compiled. Nothing of it reaches a file of ours by its path. */
export function ownFilesOnly({ root, folder, names, read }: OwnFiles): Plugin {
  const place = join(root, folder) + sep;
  const outside = (path: string) => ({
    errors: [{ text: `a file outside of ${folder}/: ${relative(root, path)}` }],
  });
  return {
    name: 'own files only',
    setup({ onResolve, onLoad, resolve }) {
      const ours = new Set(
        Object.values(names).flatMap(({ path, external }) =>
          path === undefined || external === true ? [] : [path],
        ),
      );
      onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
        if (Object.hasOwn(names, path)) return names[path];
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

export const filesOf = (read: ReadonlyMap<string, string>): readonly StrategyFile[] =>
  [...read].map(([path, text]) => ({ path, text })).sort((a, b) => (a.path < b.path ? -1 : 1));

/**
 * Over the paths and bytes of all files: a comment that changes is another one, too. `version`: of what it is made against;
 * it is counted on where the same file would come to something else.
 */
export function hashOf(version: string, files: readonly StrategyFile[]): string {
  const hash = createHash('sha256').update(`${version}\n`);
  for (const { path, text } of files) {
    hash.update(`${path}\n${createHash('sha256').update(text).digest('hex')}\n`);
  }
  return hash.digest('hex');
}
