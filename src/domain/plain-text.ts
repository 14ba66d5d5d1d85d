/**
 * Text from people: well-formed, without control and direction characters. Text with such characters can't be stored
 * (Postgres takes neither NUL nor unpaired surrogates), controls a terminal, or reads differently from what it says.
 * Line breaks and tabs are allowed.
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
