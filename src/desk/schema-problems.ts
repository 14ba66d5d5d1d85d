/** The desk file's schema for editors, and zod's findings in the words of the person who wrote the file. */
import { z } from 'zod';
import { foundText, keyText } from './problem.js';
import { deskObject } from './schema.js';
import { closestName } from './typed-names.js';

/** A problem before its line is known. */
export interface SchemaProblem {
  readonly path: readonly PropertyKey[];
  readonly key: string;
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}

/** `keys`: known keys of the value, if it is not part of the desk's own schema. */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  data: unknown,
  keys?: readonly string[],
): SchemaProblem[] {
  const missing = issues.filter(({ path }) => path.length === 1 && valueAt(data, path) === undefined);
  const isBegun = keys === undefined && missing.length >= MISSING_TOGETHER;
  const together = isBegun ? [severalMissing(missing.map(({ path }) => keyText(path)))] : [];
  const each = isBegun ? issues.filter((issue) => !missing.includes(issue)) : issues;
  const problems = each.flatMap(meantForm).flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      if (isOwnKindThatShips(issue)) return [ownKindThatShips(issue.path)];
      return issue.keys.map((key) => unknownKey(issue.path, key, keys ?? knownKeys(issue.path)));
    }
    return [problemOf(issue, valueAt(data, issue.path))];
  });
  return [...together, ...problems];
}

/**
 * For a value that can have several forms: what is wrong within the form that it has, or the issue itself if
 * it has none of them.
 */
function meantForm(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find((form) =>
    form.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  const within = meant?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  return within?.flatMap(meantForm) ?? [issue];
}

/** Steps make an incident kind the desk's own; Fermata may have shipped one of that name since. */
const isOwnKindThatShips = ({ path, keys }: z.core.$ZodIssueUnrecognizedKeys): boolean =>
  path.length === 3 && path[0] === 'incidents' && path[1] === 'kinds' && keys.includes('steps');

function ownKindThatShips(path: readonly PropertyKey[]): SchemaProblem {
  const kind = String(path[2]);
  const found = `${kind}, a kind that comes with Fermata`;
  const doThis = `rename yours: ${kind} comes with Fermata, with a playbook of its own`;
  return { path, key: keyText(path), expected: 'a name of its own for a kind with steps', found, doThis };
}

/** With this many keys missing, a file is only a beginning: one problem names them all, instead of one for each. */
const MISSING_TOGETHER = 3;

function severalMissing(keys: readonly string[]): SchemaProblem {
  return {
    path: [],
    key: '',
    expected: `the keys ${keys.join(', ')} as well`,
    found: 'none of them',
    doThis: 'let fermata init write a whole desk file, and change that; each key: docs/DESK_FILE.md',
  };
}

function unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]): SchemaProblem {
  const near = closestName(key, known);
  return {
    path: [...path, key],
    key: keyText([...path, key]),
    expected: known.length === 0 ? 'no keys' : `one of the keys ${known.join(', ')}`,
    found: `the unknown key ${key}`,
    doThis: near === null ? `remove ${key}` : `write ${near} instead of ${key}`,
  };
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): SchemaProblem {
  const key = keyText(issue.path);
  const place = { path: issue.path, key };
  if (issue.code === 'custom' && issue.params !== undefined) {
    const { expected, found, doThis } = issue.params as Record<'expected' | 'found' | 'doThis', string>;
    return { ...place, expected, found, doThis };
  }
  if (issue.code === 'invalid_key') {
    const named = issue.issues.map(expectedText).join('; ');
    const name = String(issue.path.at(-1) ?? '');
    return {
      ...place,
      expected: `a name of ${named}`,
      found: `"${name}"`,
      doThis: `give ${name} such a name`,
    };
  }
  const expected = expectedText(issue);
  const found = foundText(value);
  if (value === undefined) {
    return { ...place, expected, found, doThis: `add the key ${String(issue.path.at(-1) ?? '')}` };
  }
  if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value === 'number') {
    return { ...place, expected: 'text in quotes', found, doThis: `put it in quotes: "${value}"` };
  }
  return { ...place, expected, found, doThis: `write ${expected}` };
}

const TYPE_TEXT: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'a group of keys',
  record: 'a group of keys',
  string: 'text',
};

function expectedText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_TEXT[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(', ')}`;
    case 'too_small':
    case 'too_big':
      return boundText(issue);
    case 'invalid_union':
      return oneOf(issue.errors.map((form) => form.map(expectedText).join('; ')));
    default:
      return issue.message.replace(/^expected /, '');
  }
}

function oneOf(texts: readonly string[]): string {
  const [last = '', ...others] = [...texts].reverse();
  if (others.length < 2) return [...others, last].join(' or ');
  return `${others.reverse().join(', ')}, or ${last}`;
}

function boundText(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [bound, inclusive, exclusive] =
    issue.code === 'too_small'
      ? [issue.minimum, 'at least', 'more than']
      : [issue.maximum, 'at most', 'less than'];
  const words = `${issue.inclusive === false ? exclusive : inclusive} ${bound}`;
  if (issue.origin === 'array') {
    return `a list of ${words}`;
  }
  return issue.origin === 'string' ? `text of ${words} characters` : `a number of ${words}`;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    data,
  );
}

/** The keys of the schema at a path; empty if it has none of its own there. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: JsonSchema | undefined = deskJsonSchema();
  for (const part of path) {
    const named = schema?.properties?.[String(part)] ?? schema?.additionalProperties;
    schema = (typeof part === 'number' ? schema?.items : named) as JsonSchema | undefined;
  }
  const forms = [schema, ...((schema?.anyOf ?? []) as JsonSchema[])];
  return forms.flatMap((form) => Object.keys(form?.properties ?? {}));
}

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** For editors: completion, descriptions and errors while typing. */
export function deskJsonSchema(): JsonSchema {
  return { title: 'Fermata desk file', ...z.toJSONSchema(deskObject, { io: 'input' }) };
}

export function deskJsonSchemaText(): string {
  return `${JSON.stringify(deskJsonSchema(), null, 2)}\n`;
}
