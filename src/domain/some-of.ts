/** The first few texts, and how many more there are. */
export function someOf(texts: readonly string[], shownMax = 5): string {
  const more = texts.length - shownMax;
  return [...texts.slice(0, shownMax), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
