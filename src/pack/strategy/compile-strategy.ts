/** Compiles one strategy of a desk's folder, with every file that it imports, into one script. Runs none of it. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StrategyFile, StrategyModule } from '../../desk/own-strategy.js';
import { bundleFile, type CompileProblem } from '../compile.js';
import { filesOf, hashOf, ownFilesOnly } from '../own-files-only.js';
import { countingSteps } from './count-steps.js';
import { EXPORTS, SCRIPT, STRATEGY_RULES } from './names.js';
import { refusedIn } from './refused.js';
import { treeOf } from './syntax-tree.js';

export type CompiledStrategy =
  | {
      readonly ok: true;
      /** Over all of its source files. */
      readonly hash: string;
      readonly module: StrategyModule;
      readonly files: readonly StrategyFile[];
    }
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

const API = fileURLToPath(new URL('./strategy-v1.js', import.meta.url));

/**
 * `file`: relative to `folder`, for example `strategies/dip.ts`. Anything nondeterministic is refused with its line.
 */
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
    // Code that is never called is checked, too.
    treeShaking: false,
    plugins: [
      ownFilesOnly({ root, folder: 'strategies', names: { 'fermata/strategy': { path: API } }, read }),
    ],
  });
  if (!bundled.ok) return bundled;
  const text = (ending: string): string =>
    bundled.outputs.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const [code, map] = [text('.js'), text('.map')];
  const tree = treeOf(code);
  const problems = refusedIn(tree, map, STRATEGY_RULES);
  if (problems.length > 0) return { ok: false, problems };
  const files = filesOf(read);
  const module = { code: countingSteps(code, tree), map };
  return { ok: true, hash: hashOf(API_VERSION, files), module, files };
}

/** Part of each hash. Increased when the same file would make other decisions. */
const API_VERSION = 'fermata/strategy 1';
