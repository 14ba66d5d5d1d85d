/** Texts of a desk file end in terminals, messages and Postgres: each is to read as it is, wherever it is shown. */
import { unfitCharacter } from '../domain/plain-text.js';
import { keyText } from './problem.js';
import type { SchemaProblem } from './schema-problems.js';

export function textProblems(value: unknown, path: readonly PropertyKey[] = []): readonly SchemaProblem[] {
  if (typeof value === 'string') {
    const found = unfitCharacter(value);
    if (found === null) return [];
    const expected = 'text without control and direction characters';
    return [{ path, key: keyText(path), expected, found, doThis: `remove ${found} from it` }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    textProblems(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
