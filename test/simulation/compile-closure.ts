/** Everything that a seed runs, compiled into one file: what processes run, and what a report names the hash of. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface CompiledClosure {
  /** Runs seeds as it is sent them. */
  readonly file: string;
  /** SHA-256, hex, of the compiled code, packages included: equal where the same ran. */
  readonly hash: string;
  /** The file is needed no more. */
  remove(): void;
}

/** Comments and the layout of lines are no part of it. `root`: of the sources. */
export async function compileClosure(root: string): Promise<CompiledClosure> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/simulation/seed-process.ts')],
    absWorkingDir: root,
    outfile: join(root, 'seed-process.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    // Packages of CommonJS ask for Node's own modules by it.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    preserveSymlinks: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
    write: false,
    logLevel: 'silent',
  });
  const folder = mkdtempSync(join(tmpdir(), 'fermata-simulation-'));
  const hash = createHash('sha256');
  for (const { path, contents } of outputFiles) {
    const isMap = path.endsWith('.map');
    if (!isMap) hash.update(contents);
    writeFileSync(join(folder, isMap ? 'seed-process.mjs.map' : 'seed-process.mjs'), contents);
  }
  return {
    file: join(folder, 'seed-process.mjs'),
    hash: hash.digest('hex'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
