/** The subject of a decision on a larger position size. It no longer counts once the size has changed. */
export function sizeSubject(fromPct: number, toPct: number): string {
  return `size:${fromPct}:${toPct}`;
}
