/** The problems of a desk file, in words that let a person fix it without reading code. */
export interface DeskProblem {
  /** Counted from 1; null for a problem of the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  /** For example `instruments[0].tickSize`; empty for a problem of the whole file. */
  readonly key: string;
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}

/** The file can't be used; none of it took effect. */
export class DeskFileError extends Error {
  override readonly name = 'DeskFileError';
  readonly keptSafe = 'nothing was started or changed';
  readonly doThis: string;
  readonly file: string;
  readonly problems: readonly DeskProblem[];

  /** `named`: what can't be used, if it is a part of `file`. */
  constructor(file: string, problems: readonly DeskProblem[], named = file) {
    super([`${named} can't be used`, ...problems.map((problem) => problemLine(file, problem))].join('\n'));
    this.file = file;
    this.problems = problems;
    this.doThis = [...new Set(problems.map((problem) => problem.doThis))].join('; ');
  }
}

/** One line: place, key, expected, found. */
function problemLine(file: string, problem: DeskProblem): string {
  const place = problem.line === null ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
  const key = problem.key === '' ? '' : ` ${problem.key}:`;
  return `${place}:${key} expected ${problem.expected}; found ${problem.found}`;
}

export function keyText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') {
      return `${text}[${part}]`;
    }
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

const FOUND_CHARACTERS_MAX = 80;

export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  }
  if (typeof value === 'object') return 'a group of keys';
  const text = typeof value === 'string' ? `"${value}"` : `${typeof value} ${String(value)}`;
  return text.length <= FOUND_CHARACTERS_MAX ? text : `${text.slice(0, FOUND_CHARACTERS_MAX)}…`;
}

/** A broken rule across several keys of a desk; `path` leads to the value to change. */
export interface BrokenRule {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}
