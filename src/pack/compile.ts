/** Bundles one file of a desk's folder, with its imports from that folder, as one module. It may be TypeScript. */
import { realpathSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, sep } from 'node:path';
import { type BuildOptions, build, type Message, type OutputFile, type Plugin } from 'esbuild';

export interface CompileProblem {
  readonly file: string;
  readonly line: number | null;
  readonly found: string;
}

type Compiled =
  | { readonly ok: true; readonly module: string }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

/** Resolved to files of this installation, whatever the published package is called. */
const NAMES: Readonly<Record<string, string>> = {
  'fermata/pack': import.meta.resolve('./v1.js'),
  zod: import.meta.resolve('zod'),
};

export async function compileFile(folder: string, file: string): Promise<Compiled> {
  const root = realpathSync(folder);
  const bundled = await bundleFile(root, file, {
    format: 'esm',
    platform: 'node',
    plugins: [within(root)],
  });
  return bundled.ok ? { ok: true, module: bundled.outputs[0]?.text ?? '' } : bundled;
}

type Bundled =
  | { readonly ok: true; readonly outputs: readonly OutputFile[] }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

/** Bundles `file`, below `root`, with everything that it imports. Nothing is run or written. */
export async function bundleFile(root: string, file: string, options: BuildOptions): Promise<Bundled> {
  try {
    const { outputFiles = [] } = await build({
      absWorkingDir: root,
      entryPoints: [join(root, file)],
      bundle: true,
      write: false,
      target: 'node20',
      // The folder's own tsconfig.json is only for editors.
      tsconfigRaw: {},
      logLevel: 'silent',
      ...options,
    });
    return { ok: true, outputs: outputFiles };
  } catch (error) {
    const { errors } = error as { errors?: readonly Message[] };
    if (errors === undefined) throw error;
    const problems = errors.map(({ text, location }) => ({
      file: location?.file ?? file,
      line: location?.line ?? null,
      found: text,
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
