/**
 * Makes every loop and function of a strategy count steps, so that endless code throws. Counted instead of timed: the
 * same bars end it on every machine, busy or not.
 */
import { STEP } from './names.js';
import { type Tree, walk } from './syntax-tree.js';

const LOOPS: ReadonlySet<string> = new Set([
  ...['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement'],
]);
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'],
]);

/** `tree`: syntax tree of the code. Line numbers don't change. */
export function countingSteps(code: string, tree: Tree): string {
  const added: { readonly at: number; readonly text: string }[] = [];
  const add = (at: number, text: string): void => {
    added.push({ at, text });
  };
  walk(tree, (node) => {
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

const isEnd = (text: string): boolean => text === '}' || text === ')';
