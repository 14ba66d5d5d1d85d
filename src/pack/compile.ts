/** Bundles one file of a desk's folder, with its imports from that folder, as one module. It may be TypeScript. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import {
  type BuildOptions,
  build,
  type Loader,
  type Message,
  type OnResolveResult,
  type Plugin,
  stop,
} from 'esbuild';
import type { StrategyFile } from '../desk/own-code.js';
import type { OwnFile } from '../desk/own-strategies.js';
import { ALIASES, partFiles } from './pack-folder.js';

export interface CompileProblem {
  readonly file: string;
  readonly line: number | null;
  readonly found: string;
  /** Absent: the usual text for code of its kind. */
  readonly expected?: string;
}

type Compiled =
  /** `map`: to the lines that a person wrote. */
  | { readonly ok: true; readonly module: string; readonly map: string }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

/** Resolved to files of this installation, whatever the published package is called. */
const NAMES: Readonly<Record<string, string>> = {
  'fermata/pack': new URL('./v1.js', import.meta.url).href,
  zod: import.meta.resolve('zod'),
};

export async function compileFile(folder: string, file: string): Promise<Compiled> {
  const root = realpathSync(folder);
  const bundled = await bundlePart(root, file);
  return bundled.ok ? { ok: true, module: bundled.code, map: bundled.map } : bundled;
}

type Bundled =
  | {
      readonly ok: true;
      readonly code: string;
      /** To the lines that a person wrote. */
      readonly map: string;
      readonly inputs: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

/**
 * The current code of a desk's checks, reports and actions, and its names for commands, each file once:
 * everything that is read from its folder each time, not only at the desk's start. A part that doesn't
 * compile, which may be a draft, contributes only its own file. Runs none of it. Rejects if a file can't be
 * read.
 */
export async function partCode(folder: string): Promise<readonly OwnFile[]> {
  const root = realpathSync(folder);
  const paths = new Set(existsSync(join(root, ALIASES)) ? [ALIASES] : []);
  for (const { file } of partFiles(root)) {
    const bundled = await bundlePart(root, file);
    for (const path of bundled.ok ? bundled.inputs : [file]) paths.add(path);
  }
  // The compiler is a separate process, which would otherwise stay.
  await stop();
  return Promise.all([...paths].map(async (path) => ({ path, content: await readFile(join(root, path)) })));
}

const bundlePart = (root: string, file: string): Promise<Bundled> =>
  bundleFile(root, file, { format: 'esm', platform: 'node', plugins: [within(root)] });

const NO_FILE = /^Could not resolve "(.*)"$/;

/** Bundles `file`, below `root`, with everything that it imports. Nothing is run or written. */
export async function bundleFile(root: string, file: string, options: BuildOptions): Promise<Bundled> {
  try {
    const { outputFiles = [], metafile } = await build({
      absWorkingDir: root,
      entryPoints: [join(root, file)],
      bundle: true,
      write: false,
      metafile: true,
      // Never written: sources are named from the folder that it would be in.
      outfile: join(root, 'fermata.js'),
      sourcemap: 'external',
      sourcesContent: false,
      target: 'node20',
      // The folder's own tsconfig.json is only for editors.
      tsconfigRaw: {},
      logLevel: 'silent',
      ...options,
    });
    const text = (ending: string): string =>
      outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
    return { ok: true, code: text('.js'), map: text('.map'), inputs: Object.keys(metafile?.inputs ?? {}) };
  } catch (error) {
    const { errors } = error as { errors?: readonly Message[] };
    if (errors === undefined) throw error;
    const problems = errors.map(({ text, location, pluginName }) => ({
      file: location?.file ?? file,
      line: location?.line ?? null,
      ...(pluginName === '' && !text.startsWith('Could not resolve')
        ? { found: `a syntax error: ${text}`, expected: 'code that can be read' }
        : { found: text.replace(NO_FILE, 'an import of $1, and there is no such file') }),
    }));
    return { ok: false, problems };
  }
}

/** Allows only the folder's own files, Node's modules and the names above: nothing else exists on another machine. */
function within(root: string): Plugin {
  return {
    name: 'within the folder',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        const known = NAMES[path];
        if (known !== undefined) return { path: known, external: true };
        if (isBuiltin(path))
          return { path: path.startsWith('node:') ? path : `node:${path}`, external: true };
        return kind === 'entry-point' ? undefined : { errors: [{ text: `an import of ${path}` }] };
      });
      onResolve({ filter: /^\// }, ({ path, kind }) =>
        kind === 'entry-point' ? undefined : { errors: [{ text: `an import of ${path}` }] },
      );
      // Paths are real paths here, so a link out of the folder is noticed.
      onLoad({ filter: /.*/ }, ({ path }) =>
        realpathSync(path).startsWith(root + sep)
          ? undefined
          : { errors: [{ text: `a file outside of the folder: ${path}` }] },
      );
    },
  };
}

const LOADERS: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.js': 'js', '.mjs': 'js', '.json': 'json' };

/** Marks resolutions that the plugin itself requested. */
const RESOLVED = 'resolved';

interface OwnFiles {
  /** Real path of the desk's folder. */
  readonly root: string;
  /** Subfolder: `strategies`, `playbooks`. */
  readonly folder: string;
  /** Names that may be imported. A name that is not external is a file of ours, along with its imports. */
  readonly names: Readonly<Record<string, OnResolveResult>>;
  /** Each file that was read, by its path relative to the root. */
  readonly read: Map<string, string>;
}

/**
 * Restricts the files of code whose hash covers every file: strategies, playbooks in code. Reads each file
 * once, so the hash covers exactly what is compiled. The code can't reach our files by path.
 */
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
        // Paths are real paths here, so a link out of the folder is noticed.
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
 * Hashes the paths and bytes of all files, so a changed comment counts as well. `version`: of the API; it is increased
 * when the same file would behave differently.
 */
export function hashOf(version: string, files: readonly StrategyFile[]): string {
  const hash = createHash('sha256').update(`${version}\n`);
  for (const { path, text } of files) {
    hash.update(`${path}\n${createHash('sha256').update(text).digest('hex')}\n`);
  }
  return hash.digest('hex');
}
