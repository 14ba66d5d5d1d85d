/**
 * Text made harmless: of people (well-formed, without control and direction characters), their reasons, and
 * cells of CSV.
 */

/**
 * Text with such characters can't be stored (Postgres takes neither NUL nor unpaired surrogates), controls a terminal, or
 * reads differently from what it says. Line breaks and tabs are allowed.
 */
const UNFIT = /(?![\t\n])[\p{Cc}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;
const EACH_UNFIT = new RegExp(UNFIT, 'gu');
const DEPTH_MAX = 24;

/** Replaces each character that can't stay with U+FFFD. For a stop, which is never refused because of its text. */
export const plainText = (text: string): string => text.replaceAll(EACH_UNFIT, '\ufffd');

/** The first character of `text` that can't stay, as U+…. Null: all can. */
export function unfitCharacter(text: string): string | null {
  const found = UNFIT.exec(text)?.[0];
  return found === undefined ? null : `U+${codeOf(found)}`;
}

/** The problem with the first unfit text in `value`, with the text's path. Null: none. */
export function unfitText(value: unknown, name = 'the request', depth = 0): string | null {
  if (typeof value === 'string') {
    const found = unfitCharacter(value);
    return found === null
      ? null
      : `${name}: expected text without control and direction characters, found ${found}`;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= DEPTH_MAX) return `${name}: expected at most ${DEPTH_MAX} levels`;
  for (const [key, member] of Object.entries(value)) {
    const problem =
      unfitText(key, name) ?? unfitText(member, depth === 0 ? key : `${name}.${key}`, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

/** The same value with plain text everywhere. */
export function withPlainText<T>(value: T, depth?: number): T;
export function withPlainText(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return plainText(value);
  if (typeof value !== 'object' || value === null || depth >= DEPTH_MAX) return value;
  if (Array.isArray(value)) return value.map((member: unknown) => withPlainText(member, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [plainText(key), withPlainText(member, depth + 1)]),
  );
}

const codeOf = (character: string): string =>
  (character.charCodeAt(0) || 0).toString(16).toUpperCase().padStart(4, '0');

/** Stored if a person gave no reason. */
export const NO_REASON = 'no reason given';
export const REASON_LENGTH_MAX = 500;

/** The reason as stored, cut at `REASON_LENGTH_MAX`: no stop is refused because of it. Null: none was given. */
export function reasonOf(given: unknown): string | null {
  const text = typeof given === 'string' ? given.trim().slice(0, REASON_LENGTH_MAX) : '';
  return text === '' ? null : plainText(text);
}

// Comma-separated values as in RFC 4180, with a line feed at the end of each line. Only written, never
// parsed. Text that a spreadsheet would run is made harmless, which no library does by itself.

/** A spreadsheet runs text that begins like this as a formula. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\n`;

/** Makes text from outside harmless for spreadsheets with the leading apostrophe that means "text" there. */
export const csvText = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
