/**
 * Compiles one playbook of a desk's folder, with every file that it imports, into the body of one function. Runs none
 * of it.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import type { CodedPlaybook } from '../../desk/coded-playbook.js';
import { bundleFile, type CompileProblem, filesOf, hashOf, ownFilesOnly } from '../compile.js';
import { type CodeRules, GLOBALS, refusedToAll } from '../strategy/names.js';
import { refusedIn, treeOf } from '../strategy/refused.js';

type CompiledPlaybook =
  | ({ readonly ok: true } & Pick<CodedPlaybook, 'hash' | 'code' | 'files'>)
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

const LATER = 'a playbook waits with incident.wait(minutes)';
const TIME = 'a playbook has the time of its run: incident.nowMs()';

/**
 * Times and promises are replaced by the run's own, which its history reproduces; otherwise the rules are those for
 * strategies.
 */
const PLAYBOOK_RULES: CodeRules = {
  what: 'a playbook',
  globals: new Set([...GLOBALS, 'Date', 'Promise']),
  reasons: {
    ...refusedToAll('a playbook'),
    performance: TIME,
    Temporal: TIME,
    setTimeout: LATER,
    setInterval: LATER,
    setImmediate: LATER,
    queueMicrotask: LATER,
    console: 'a playbook says what it does with incident.record(…)',
  },
  exact: false,
  waits: true,
};

/** Part of each hash. Increased when the same file would behave differently. */
const API_VERSION = 'fermata/pack 1';

/** Both are provided where it runs, in the workflow sandbox. */
const NAMES = {
  'fermata/pack': { path: 'fermata/pack', external: true },
  zod: { path: 'zod', external: true },
};

/**
 * `file`: relative to `folder`, for example `playbooks/late-bank.ts`. Anything nondeterministic is refused with its
 * line.
 */
export async function compilePlaybook(folder: string, file: string): Promise<CompiledPlaybook> {
  const root = realpathSync(folder);
  const read = new Map<string, string>();
  const bundled = await bundleFile(root, file, {
    format: 'esm',
    platform: 'neutral',
    outfile: join(root, 'fermata-playbook.js'),
    sourcemap: 'external',
    sourcesContent: false,
    charset: 'utf8',
    legalComments: 'none',
    // Code that is never called is checked, too.
    treeShaking: false,
    plugins: [ownFilesOnly({ root, folder: 'playbooks', names: NAMES, read })],
  });
  if (!bundled.ok) return bundled;
  const text = (ending: string): string =>
    bundled.outputs.find(({ path }) => path.endsWith(ending))?.text ?? '';
  const problems = refusedIn(treeOf(text('.js'), 'module'), text('.map'), PLAYBOOK_RULES);
  if (problems.length > 0) return { ok: false, problems };
  const { code } = await transform(text('.js'), { format: 'cjs', platform: 'neutral', charset: 'utf8' });
  const files = filesOf(read);
  return { ok: true, hash: hashOf(API_VERSION, files), code, files };
}
