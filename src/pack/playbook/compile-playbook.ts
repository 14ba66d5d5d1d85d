/**
 * Compiles one playbook of a desk's folder, with every file that it imports, into the body of one function. Runs none
 * of it.
 */
import { realpathSync } from 'node:fs';
import { transform } from 'esbuild';
import type { CodedPlaybook, NamedInCode } from '../../desk/own-code.js';
import { bundleFile, type CompileProblem, filesOf, hashOf, ownFilesOnly } from '../compile.js';
import { type CodeRules, GLOBALS, refusedToAll } from '../strategy/names.js';
import { refusedIn, sourceLines, type Tree, treeOf, walk } from '../strategy/refused.js';
import type { PlaybookIncident } from '../v1.js';

type CompiledPlaybook =
  | ({ readonly ok: true } & Pick<CodedPlaybook, 'hash' | 'code' | 'files' | 'named'>)
  | { readonly ok: false; readonly problems: readonly CompileProblem[] };

const LATER = 'a playbook waits with incident.wait(minutes)';
const TIME = 'a playbook has the time of its run: incident.nowMs()';

/**
 * The run's own times and promises, which its history reproduces, replace the usual ones. The other rules are
 * those for strategies, except that numbers need not be exact and the code may wait.
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
    charset: 'utf8',
    legalComments: 'none',
    // Code that is never called is checked, too.
    treeShaking: false,
    plugins: [ownFilesOnly({ root, folder: 'playbooks', names: NAMES, read })],
  });
  if (!bundled.ok) return bundled;
  const { map } = bundled;
  const tree = treeOf(bundled.code, 'module');
  const problems = [...refusedIn(tree, map, PLAYBOOK_RULES), ...notOfAnIncident(tree, map, file)];
  if (problems.length > 0) return { ok: false, problems };
  const { code } = await transform(bundled.code, { format: 'cjs', platform: 'neutral', charset: 'utf8' });
  const files = filesOf(read);
  return {
    ok: true,
    hash: hashOf(API_VERSION, files),
    code,
    files,
    named: namedIn(tree, map, file),
  };
}

/** What an incident has. A name that is none would be found in the middle of one. */
const OF_AN_INCIDENT = new Set(
  Object.keys({
    ...{ desk: true, kind: true, title: true, detail: true, openedMs: true, nowMs: true, wait: true },
    ...{ check: true, report: true, action: true, task: true, agree: true, halt: true, stop: true },
    ...{ closeAll: true, restartTrader: true, record: true, tell: true },
  } satisfies Record<keyof PlaybookIncident, true>),
);

/** Judges only what `run` does with its own first parameter, where no other function has one of that name. */
function notOfAnIncident(tree: Tree, map: string, file: string): CompileProblem[] {
  const placeOf = sourceLines(map);
  const first: Tree[] = [];
  const declared: unknown[] = [];
  walk(tree, (node, parent) => {
    if (!/Function/.test(node.type)) {
      if (node.type === 'VariableDeclarator') declared.push((node.id as Tree).name);
      return;
    }
    const parameters = node.params as Tree[];
    declared.push(...parameters.map(({ name }) => name));
    const isRun = parent?.type === 'Property' && (parent.key as Tree).name === 'run';
    if (isRun && parameters[0]?.type === 'Identifier') first.push(parameters[0]);
  });
  const [{ name } = { name: undefined }] = first;
  if (name === undefined || declared.filter((one) => one === name).length > 1) return [];
  const problems: CompileProblem[] = [];
  walk(tree, ({ type, object, property, computed }) => {
    if (type !== 'MemberExpression' || computed === true || (object as Tree).name !== name) return;
    const used = String((property as Tree).name);
    if (OF_AN_INCIDENT.has(used)) return;
    const { line = 1, column = 0 } = (property as Tree).loc?.start ?? {};
    problems.push({
      ...(placeOf(line, column) ?? { file, line: null }),
      expected: `one of ${[...OF_AN_INCIDENT].join(', ')}`,
      found: `${String(name)}.${used}`,
    });
  });
  return problems;
}

const ASKED = ['check', 'report', 'action'] as const;

/** The incident is a parameter, so a name that the code declares itself is something else. */
function namedIn(tree: Tree, map: string, file: string): readonly NamedInCode[] {
  const placeOf = sourceLines(map);
  const declared = new Set<unknown>();
  walk(tree, ({ type, id }) => {
    if (/^(VariableDeclarator|(Function|Class)(Declaration|Expression))$/.test(type))
      declared.add((id as Tree | null)?.name);
  });
  const named: NamedInCode[] = [];
  walk(tree, (node) => {
    if (node.type !== 'CallExpression') return;
    const { object, property, computed } = node.callee as Tree & Record<'object' | 'property', Tree>;
    const kind = ASKED.find((one) => one === property?.name);
    const [first, options] = node.arguments as Tree[];
    const name = first === undefined ? undefined : literal(first);
    if (object?.type !== 'Identifier' || declared.has(object.name) || computed === true) return;
    if (kind === undefined || typeof name !== 'string') return;
    const { line = 1, column = 0 } = property.loc?.start ?? {};
    const place = placeOf(line, column) ?? { file, line: null };
    named.push({ kind, name, ...place, ...givenIn(options) });
  });
  return named;
}

/** The values of `with:` in a call's options. */
function givenIn(options: Tree | undefined): Pick<NamedInCode, 'given' | 'later'> {
  const unknown = { given: null, later: [] };
  if (options === undefined) return { given: {}, later: [] };
  const members = membersOf(options);
  if (members === null) return unknown;
  const given = members.find(([key]) => key === 'with')?.[1];
  const values = given === undefined ? [] : membersOf(given);
  if (values === null) return unknown;
  const read = values.map(([key, value]) => [key, literal(value)] as const);
  return {
    given: Object.fromEntries(
      read.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
    ),
    later: read.flatMap(([key, value]) => (value === undefined ? [key] : [])),
  };
}

/** Null: not an object with all its keys written out. */
function membersOf({ type, properties }: Tree): [string, Tree][] | null {
  if (type !== 'ObjectExpression') return null;
  const members = (properties as Tree[]).map(({ key, value, computed }): [string, Tree] | null =>
    key === undefined || computed === true
      ? null
      : [String((key as Tree).name ?? (key as Tree).value), value as Tree],
  );
  return members.every((member) => member !== null) ? members : null;
}

/** Undefined: known only at run time. */
function literal({ type, value, operator, argument, quasis }: Tree): string | number | boolean | undefined {
  if (type === 'UnaryExpression' && operator === '-') {
    const positive = literal(argument as Tree);
    return typeof positive === 'number' ? -positive : undefined;
  }
  if (type === 'TemplateLiteral') {
    const [only, ...others] = quasis as { readonly value: { readonly cooked: string } }[];
    return others.length === 0 ? only?.value.cooked : undefined;
  }
  return type === 'Literal' && ['string', 'number', 'boolean'].includes(typeof value)
    ? (value as string | number | boolean)
    : undefined;
}
