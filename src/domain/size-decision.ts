/** What a decision on a larger position size is about: once the size is another one, it counts no more. */
export function sizeSubject(fromPct: number, toPct: number): string {
  return `size:${fromPct}:${toPct}`;
}
