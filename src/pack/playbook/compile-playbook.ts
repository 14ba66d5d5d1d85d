/**
 * Compiles one playbook of a desk's folder, with every file that it imports, into the body of one function. Runs none
 * of it.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';
import * as zod from 'zod';
import { z } from 'zod';
import type { CodedPlaybook } from '../../desk/coded-playbook.js';
import { minutes, severityNameSchema, triggerSchema } from '../../desk/own-incident-schema.js';
import { messageOf } from '../../domain/message-of.js';
import { bundleFile, type CompileProblem, filesOf, hashOf, ownFilesOnly } from '../compile.js';
import { type CodeRules, GLOBALS, refusedToAll } from '../strategy/names.js';
import { refusedIn, treeOf } from '../strategy/refused.js';
import * as pack from '../v1.js';
import { definitionIn } from './load-code.js';

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

/** A halt by its own step would open it again each time it is over. */
const trigger = triggerSchema.prefault({}).refine(({ halt }) => !halt.includes('check-failed'), {
  path: ['halt'],
  error: 'expected a cause that incident.halt does not make, found check-failed',
});

const SAYS = z.object({
  kind: z.literal('playbook'),
  title: z.string().min(1).max(120),
  severity: severityNameSchema.default('medium'),
  trigger,
  approvalMinutes: minutes.default(60),
  parameters: z.instanceof(z.ZodObject),
  run: z.custom<pack.Playbook['run']>((run) => typeof run === 'function', 'expected a function'),
});

type Described =
  | Pick<CodedPlaybook, 'title' | 'severity' | 'trigger' | 'approvalMinutes' | 'parameters'>
  | { readonly found: string };

/** Reads the declaration of a compiled playbook. Runs its top-level code, so only in a separate process. */
export function describePlaybook(code: string): Described {
  try {
    // The code was checked before: it can only use its own names.
    const factory = new Function('module', 'exports', 'require', code) as Parameters<typeof definitionIn>[0];
    const made = definitionIn(factory, { 'fermata/pack': pack, zod });
    if (made === undefined) return { found: 'no default export' };
    const read = SAYS.safeParse(made);
    if (!read.success)
      return {
        found: read.error.issues
          .map(({ path, message }) => `${path.map(String).join('.') || 'another default export'}: ${message}`)
          .join('; '),
      };
    const { title, severity, approvalMinutes, parameters } = read.data;
    return {
      ...{ title, severity, trigger: read.data.trigger, approvalMinutes },
      // The form in the desk file: keys with a default may be absent.
      parameters: z.toJSONSchema(parameters, { io: 'input', unrepresentable: 'any' }),
    };
  } catch (error) {
    return { found: `an error while it was loaded: ${messageOf(error)}` };
  }
}
