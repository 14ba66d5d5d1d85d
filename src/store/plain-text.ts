/** Postgres accepts neither NUL nor half of a surrogate pair, but texts of venues and programs may contain both. */
export function plainText(text: string): string {
  return Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8');
}

/** The same for every string in a JSON value. */
export function plainJson<T>(value: T): T {
  const text = JSON.stringify(value);
  if (!/\\u0000|\\ud[89a-f]/i.test(text)) return value;
  return JSON.parse(text, (_key, item: unknown) => (typeof item === 'string' ? plainText(item) : item)) as T;
}
