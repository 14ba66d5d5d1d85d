/** The syntax tree of compiled code. */
import { type Node, parse } from 'acorn';

export interface Tree extends Node {
  readonly [member: string]: unknown;
}

/** `above`: the parent of the parent. */
type Visit = (node: Tree, parent: Tree | null, above: Tree | null) => void;

/** Throws `SyntaxError`. */
export function treeOf(code: string, sourceType: 'script' | 'module' = 'script'): Tree {
  return parse(code, { ecmaVersion: 2023, sourceType, locations: true }) as unknown as Tree;
}

/** Every node of it, outer nodes first. */
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
