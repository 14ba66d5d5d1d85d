import { parseSync } from 'vite';

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const isFunction = (node) => FUNCTIONS.has(node?.type);

/**
 * Functions that return an object of functions of which two or more use the same variable, and that variable changes: a class
 * says so. As `path function (variables)`.
 * @param {import('./modules.mjs').Module[]} modules
 */
export function stateInClosures(modules) {
  return modules.flatMap(({ path, text }) => {
    if (!/\blet\b/.test(text)) return [];
    return parseSync(path, text).program.body.flatMap((statement) =>
      functionsOf(statement).flatMap(([name, { body }]) => {
        const shared = sharedState(body?.body);
        return shared.length === 0 ? [] : [`${path} ${name} (${shared.join(', ')})`];
      }),
    );
  });
}

/** Of one statement of a file: what it declares. */
function functionsOf(statement) {
  const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
  if (isFunction(declaration)) return [[declaration.id?.name, declaration]];
  return variablesOf(declaration).filter(([, value]) => isFunction(value));
}

const variablesOf = (statement, kind = statement?.kind) =>
  statement?.type !== 'VariableDeclaration' || statement.kind !== kind
    ? []
    : statement.declarations.map(({ id, init }) => [id.name, init]);

function sharedState(body) {
  if (!Array.isArray(body)) return [];
  const changing = body.flatMap((statement) => variablesOf(statement, 'let')).map(([name]) => name);
  const variables = new Map(body.flatMap((statement) => variablesOf(statement)));
  const inner = new Map(body.flatMap(functionsOf));
  const returned = withoutTypes(body.find(({ type }) => type === 'ReturnStatement')?.argument);
  const object = returned?.type === 'Identifier' ? withoutTypes(variables.get(returned.name)) : returned;
  if (changing.length === 0 || object?.type !== 'ObjectExpression') return [];
  const methods = object.properties
    .map(({ value }) => (value?.type === 'Identifier' ? inner.get(value.name) : value))
    .filter(isFunction)
    .map((method) => namesUsed(method, inner));
  return changing.filter((name) => methods.filter((used) => used.has(name)).length > 1);
}

const withoutTypes = (node) =>
  node?.type === 'TSAsExpression' || node?.type === 'TSSatisfiesExpression'
    ? withoutTypes(node.expression)
    : node;

/** Names in a function, and in those beside it that it calls. */
function namesUsed(node, inner, found = new Set()) {
  if (node === null || typeof node !== 'object') return found;
  if (node.type === 'Identifier' && !found.has(node.name)) {
    found.add(node.name);
    namesUsed(inner.get(node.name) ?? null, inner, found);
  }
  for (const part of Object.values(node)) namesUsed(part, inner, found);
  return found;
}
