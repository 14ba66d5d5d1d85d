/** Finds what may differ between machines or runs in compiled code, each with its line. */
import { SourceMap } from 'node:module';
import { type Node, parse } from 'acorn';
import type { CompileProblem } from '../compile.js';
import { type CodeRules, MATH, MEMBERS } from './names.js';

const FOUND_MAX = 20;

interface Found {
  readonly node: Tree;
  readonly found: string;
}

/** `map`: source map from the script back to the files. Empty result: nothing found. */
export function refusedIn(tree: Tree, map: string, rules: CodeRules): readonly CompileProblem[] {
  const placeOf = sourceLines(map);
  const declared = new Set<string>();
  walk(tree, (node, parent, above) => {
    if (node.type === 'Identifier' && isDeclaration(node, parent, above)) declared.add(String(node.name));
  });
  const found: Found[] = [];
  walk(tree, (node, parent) => {
    const what = refused(node, parent, declared, rules);
    if (what !== null) found.push({ node, found: what });
  });
  const problems = found.map((one) => {
    const place = placeOf(one.node.loc?.start.line ?? 1, one.node.loc?.start.column ?? 0);
    return { file: place?.file ?? rules.what, line: place?.line ?? null, found: one.found };
  });
  const each = new Map(
    problems.map((problem) => [`${problem.file}:${problem.line} ${problem.found}`, problem]),
  );
  return [...each.values()].slice(0, FOUND_MAX);
}

function refused(
  node: Tree,
  parent: Tree | null,
  declared: ReadonlySet<string>,
  rules: CodeRules,
): string | null {
  const { reasons, exact, waits } = rules;
  switch (node.type) {
    case 'Identifier':
      return refusedName(node, parent, declared, rules);
    case 'MemberExpression':
      return refusedMember(node, rules);
    case 'BinaryExpression':
    case 'AssignmentExpression':
      return exact && String(node.operator).startsWith('**')
        ? `${node.operator}: engines differ in its last place; multiply, or use Math.sqrt`
        : null;
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node.async === true && !waits ? `async: ${reasons.Promise}` : null;
    case 'ImportExpression':
      return `import(): ${waits ? 'what is imported stands at the top of the file' : reasons.Promise}`;
    default:
      return null;
  }
}

function refusedName(
  node: Tree,
  parent: Tree | null,
  declared: ReadonlySet<string>,
  { what, globals, reasons }: CodeRules,
): string | null {
  const name = String(node.name);
  if (isPropertyName(node, parent)) return null;
  // These are refused even if the code declares them: a reader could not tell the two apart.
  if (Object.hasOwn(reasons, name)) return `${name}: ${reasons[name]}`;
  if (name === 'Math' && !isOwner(node, parent)) return 'Math: its functions are called by name, as Math.abs';
  return globals.has(name) || declared.has(name) ? null : `${name}: ${what} has no such name`;
}

function refusedMember(node: Tree, { what, exact }: CodeRules): string | null {
  const owner = node.object as Tree;
  const property = node.property as Tree;
  const name = memberName(property, node.computed === true);
  if (owner.type === 'Identifier' && owner.name === 'Math') {
    if (name === null) return 'Math[…]: its functions are called by name, as Math.abs';
    if (name === 'random') return `Math.random: ${what} has no randomness`;
    if (exact && !MATH.has(name)) return `Math.${name}: engines differ in its last place`;
  }
  return name !== null && Object.hasOwn(MEMBERS, name) ? `.${name}: ${MEMBERS[name]}` : null;
}

/** Null: known only at run time. */
function memberName(property: Tree, computed: boolean): string | null {
  if (!computed) return String(property.name);
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : null;
}

const isOwner = (node: Tree, parent: Tree | null): boolean =>
  parent?.type === 'MemberExpression' && parent.object === node;

function isPropertyName(node: Tree, parent: Tree | null): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.property === node && parent.computed !== true;
    case 'Property':
      return parent.key === node && parent.computed !== true && parent.shorthand !== true;
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return parent.key === node && parent.computed !== true;
    case 'ImportSpecifier':
      return parent.local !== node;
    case 'ExportSpecifier':
      return parent.local !== node || parent.exported === parent.local;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    // new.target
    case 'MetaProperty':
      return true;
    default:
      return false;
  }
}

function isDeclaration(node: Tree, parent: Tree | null, above: Tree | null): boolean {
  switch (parent?.type) {
    case 'VariableDeclarator':
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ClassDeclaration':
    case 'ClassExpression':
      return parent.id === node || isParameter(node, parent);
    case 'ArrowFunctionExpression':
      return isParameter(node, parent);
    case 'CatchClause':
      return parent.param === node;
    case 'RestElement':
    case 'ArrayPattern':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return true;
    case 'ImportSpecifier':
      return parent.local === node;
    case 'AssignmentPattern':
      return parent.left === node;
    case 'Property':
      return above?.type === 'ObjectPattern' && parent.value === node;
    default:
      return false;
  }
}

const isParameter = (node: Tree, parent: Tree): boolean =>
  Array.isArray(parent.params) && parent.params.includes(node);

/** In the files that a person wrote. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number | null;
}

/**
 * Maps a position in the compiled script to the line that a person wrote. `line` from 1, `column` from 0, both in the
 * script.
 */
export function sourceLines(map: string): (line: number, column: number) => SourcePlace | null {
  const lines = new SourceMap(JSON.parse(map));
  return (line, column) => {
    const entry = lines.findEntry(line - 1, column);
    return 'originalSource' in entry ? { file: entry.originalSource, line: entry.originalLine + 1 } : null;
  };
}

export interface Tree extends Node {
  readonly [member: string]: unknown;
}

/** `above`: the parent of the parent. */
type Visit = (node: Tree, parent: Tree | null, above: Tree | null) => void;

/** The syntax tree of compiled code. Throws `SyntaxError`. */
export function treeOf(code: string, sourceType: 'script' | 'module' = 'script'): Tree {
  return parse(code, { ecmaVersion: 2023, sourceType, locations: true }) as unknown as Tree;
}

/** Visits every node, outer nodes first. */
export function walk(tree: Tree, visit: Visit): void {
  visitBelow(tree, null, null, visit);
}

function visitBelow(node: Tree, parent: Tree | null, above: Tree | null, visit: Visit): void {
  visit(node, parent, above);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) visitBelow(child, node, parent, visit);
  }
}

const isNode = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && typeof (value as Tree).type === 'string';
