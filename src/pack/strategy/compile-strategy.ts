/** Compiles one strategy of a desk's folder, with every file that it imports, into one script. Runs none of it. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Artefact } from '../../desk/artefacts.js';
import type { StrategyFile, StrategyModule } from '../../desk/own-code.js';
import { bundleFile, type CompileProblem, filesOf, hashOf, ownFilesOnly } from '../compile.js';
import { EXPORTS, STEP, STRATEGY_RULES, THROW } from './names.js';
import { refusedIn, type Tree, treeOf, walk } from './refused.js';

type CompiledStrategy =
  | {
      readonly ok: true;
      /** Of all of its source files. */
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
    charset: 'utf8',
    legalComments: 'none',
    // Code that is never called is checked, too.
    treeShaking: false,
    plugins: [
      ownFilesOnly({ root, folder: 'strategies', names: { 'fermata/strategy': { path: API } }, read }),
    ],
  });
  if (!bundled.ok) return bundled;
  const { code, map } = bundled;
  const tree = treeOf(code);
  const problems = refusedIn(tree, map, STRATEGY_RULES);
  if (problems.length > 0) return { ok: false, problems };
  const files = filesOf(read);
  const module = { code: watched(code, tree), map };
  return { ok: true, hash: hashOf(API_VERSION, files), module, files };
}

/** Hash of the source files and the artefacts; without artefacts, of the source files only. */
export function hashWith(hash: string, artefacts: readonly Artefact[]): string {
  if (artefacts.length === 0) return hash;
  const lines = artefacts.map(({ name, sha256 }) => `${name} ${sha256}\n`);
  return createHash('sha256')
    .update([`${hash}\n`, ...lines].join(''))
    .digest('hex');
}

/** Part of each hash. Increased when the same file would make other decisions. */
const API_VERSION = 'fermata/strategy 1';

const LOOPS: ReadonlySet<string> = new Set([
  ...['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'],
]);
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'],
]);

/**
 * Makes every loop and function of a strategy count steps, so endless code throws. Steps are counted, not
 * timed: the same bars end it on every machine, busy or not. Also makes every `throw` say where it is.
 * `tree`: syntax tree of the code. Line numbers don't change.
 */
function watched(code: string, tree: Tree): string {
  const added: { readonly at: number; readonly text: string }[] = [];
  const add = (at: number, text: string): void => {
    added.push({ at, text });
  };
  walk(tree, (node) => {
    if (node.type === 'ThrowStatement') {
      const thrown = node.argument as Tree;
      add(thrown.start, `${THROW}((`);
      add(thrown.end, `),${node.loc?.start.line},${node.loc?.start.column})`);
      return;
    }
    const isLoop = LOOPS.has(node.type);
    if (!isLoop && !FUNCTIONS.has(node.type)) return;
    const body = node.body as Tree;
    if (body.type === 'BlockStatement') return add(body.start + 1, `${STEP}();`);
    add(body.start, isLoop ? `{${STEP}();` : `(${STEP}(),`);
    add(body.end, isLoop ? '}' : ')');
  });
  // Of several insertions at one position, the outer one opens first and closes last.
  const inOrder = added.map((one, order) => ({ ...one, order: isEnd(one.text) ? -order : order }));
  inOrder.sort((a, b) => a.at - b.at || a.order - b.order);
  let [text, from] = ['', 0];
  for (const { at, text: more } of inOrder) {
    text += code.slice(from, at) + more;
    from = at;
  }
  return text + code.slice(from);
}

const isEnd = (text: string): boolean => text.startsWith('}') || text.startsWith(')');
