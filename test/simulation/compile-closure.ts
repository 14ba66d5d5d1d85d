/** Everything that a seed runs, compiled into one file: what processes run, and what a report names the hash of. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface CompiledClosure {
  /** Runs seeds as it is sent them. */
  readonly file: string;
  /** SHA-256, hex, of the compiled code and of the lock of the packages beside it: equal where the same ran. */
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
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    minifyWhitespace: true,
    sourcemap: 'linked',
    write: false,
    logLevel: 'silent',
  });
  // Packages are looked for from here.
  const folder = mkdtempSync(join(root, 'node_modules', '.fermata-simulation-'));
  const hash = createHash('sha256');
  for (const { path, contents } of outputFiles) {
    const isMap = path.endsWith('.map');
    if (!isMap) hash.update(contents);
    writeFileSync(join(folder, isMap ? 'seed-process.mjs.map' : 'seed-process.mjs'), contents);
  }
  hash.update(readFileSync(join(root, 'package-lock.json')));
  return {
    file: join(folder, 'seed-process.mjs'),
    hash: hash.digest('hex'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
