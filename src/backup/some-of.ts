const SHOWN_MAX = 5;

/** The first few, and how many more there are. */
export function someOf(texts: readonly string[]): string {
  const more = texts.length - SHOWN_MAX;
  return [...texts.slice(0, SHOWN_MAX), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
