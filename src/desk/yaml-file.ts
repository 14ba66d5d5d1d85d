/** A YAML file that people write: read within bounds, and each problem named with its line. */
import { readFileSync, statSync } from 'node:fs';
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { DeskFileError, type DeskProblem } from './problem.js';
import type { SchemaProblem } from './schema-problems.js';

interface YamlFile {
  readonly data: unknown;
  /** The problems with their lines, in the order of the file. */
  readonly refuse: (problems: readonly SchemaProblem[]) => DeskFileError;
}

interface FileKind {
  /** With its article, for messages. */
  readonly what: string;
  /** What to do if it can't be read. */
  readonly absent: string;
}

const FILE_BYTES_MAX = 1024 * 1024;
/** Aliases (`*name`) must not expand a small file into a huge one. */
const ALIASES_MAX = 100;

/**
 * The content of the texts that were read last: the parts of a process read its desk file one after another, a twin that of its
 * desk as well, and to read YAML takes longer than all that is checked in it.
 */
const lastRead = new Map<string, unknown>();
const LAST_READ_MAX = 2;

/** `file` is only for messages. Throws `DeskFileError`. */
export function parseYaml(file: string, text: string): YamlFile {
  // Each gets its own: what one changes is not in the file.
  if (lastRead.has(text))
    return {
      data: structuredClone(lastRead.get(text)),
      refuse: (problems) => parseAnew(file, text).refuse(problems),
    };
  const read = parseAnew(file, text);
  for (const [oldest] of lastRead) if (lastRead.size >= LAST_READ_MAX) lastRead.delete(oldest);
  lastRead.set(text, structuredClone(read.data));
  return read;
}

function parseAnew(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    throw new DeskFileError(
      file,
      document.errors.map((error) => yamlProblem(error, lines)),
    );
  }
  visit(document, {
    Pair: (_at, { key }) => {
      // No object of JavaScript has a key of this name: it would be dropped in silence.
      if (keyName(key) !== '__proto__') return;
      const { line, col } = lines.linePos(offsetOf(key) ?? 0);
      const said = { expected: 'a key that means something', found: '__proto__', doThis: 'remove it' };
      throw new DeskFileError(file, [{ line, column: col, key: '__proto__', ...said }]);
    },
  });
  return {
    data: contentOf(file, () => document.toJS({ maxAliasCount: ALIASES_MAX })),
    refuse: (problems) =>
      new DeskFileError(file, inOrder(problems.map((problem) => located(problem, document, lines)))),
  };
}

/** Null: the file can't be read, or names no desk. */
export function deskNameIn(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8');
    const name = nameIn(file, text);
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}

/** Also where something else in the file is wrong. */
function nameIn(file: string, text: string): unknown {
  try {
    return (parseYaml(file, text).data as { desk?: unknown } | null)?.desk;
  } catch {
    return parseDocument(text).get('desk');
  }
}

/** Throws `DeskFileError`. */
export function readText(file: string, { what, absent }: FileKind): string {
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) {
      throw fileError(file, `${what} of at most 1 MB`, `${size} bytes`, `give the path of ${what}`);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof DeskFileError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const found = code === 'ENOENT' ? 'no such file' : `a file that can't be read (${code})`;
    throw fileError(file, what, found, absent);
  }
}

function contentOf(file: string, read: () => unknown): unknown {
  try {
    return read();
  } catch {
    const doThis = 'write the values out instead of repeating them by *name';
    throw fileError(file, `at most ${ALIASES_MAX} aliases`, 'more, or one without its anchor', doThis);
  }
}

function fileError(file: string, expected: string, found: string, doThis: string): DeskFileError {
  return new DeskFileError(file, [{ line: null, column: null, key: '', expected, found, doThis }]);
}

function yamlProblem(error: YAMLError, lines: LineCounter): DeskProblem {
  const { line, col } = lines.linePos(error.pos[0]);
  const found = error.message.replaceAll(/\s+/g, ' ');
  const place = { line, column: col, key: '' };
  return error.code === 'DUPLICATE_KEY'
    ? {
        ...place,
        expected: 'each key once in its group',
        found: 'a key that stands above already',
        doThis: 'remove one of the two',
      }
    : { ...place, expected: 'YAML', found, doThis: 'check indentation, quotes and brackets of this line' };
}

function inOrder(problems: readonly DeskProblem[]): DeskProblem[] {
  return problems.toSorted((left, right) => (left.line ?? 0) - (right.line ?? 0));
}

function located({ path, ...problem }: SchemaProblem, document: Document, lines: LineCounter): DeskProblem {
  const position = positionOf(document, lines, path);
  return { line: position?.line ?? null, column: position?.column ?? null, ...problem };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Position of the path's last key, or of the item if it ends in a list. If the path continues beyond the text (a
 * missing key), the position of its last existing part.
 */
function positionOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Position | null {
  let node: unknown = document.contents;
  let offset = offsetOf(document.contents);
  for (const part of path) {
    const next = step(node, part);
    if (next === null) break;
    node = next.value;
    offset = next.offset ?? offset;
  }
  if (offset === null) return null;
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** The member of a map or list, and the position of its key or item. Null: there is none. */
function step(node: unknown, part: PropertyKey): { value: unknown; offset: number | null } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && keyName(item.key) === String(part));
    return pair === undefined ? null : { value: pair.value, offset: offsetOf(pair.key) };
  }
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part];
    return item === undefined ? null : { value: item, offset: offsetOf(item) };
  }
  return null;
}

function keyName(key: unknown): string {
  return isNode(key) ? String((key as { value?: unknown }).value) : String(key);
}

function offsetOf(node: unknown): number | null {
  return isNode(node) ? ((node as Node).range?.[0] ?? null) : null;
}
