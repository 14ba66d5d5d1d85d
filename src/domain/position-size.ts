/** Position size as people choose it, in percent of the full size. */
export const SIZE_PCT_MIN = 1;
export const SIZE_PCT_MAX = 100;

/** Null: the size is the desk file's. */
export function reducedSize({ sizePct }: { readonly sizePct: number }): string | null {
  return sizePct === SIZE_PCT_MAX ? null : `${sizePct} % of the full position size`;
}

/** The subject of a decision on a larger position size. The decision lapses when the size changes. */
export function sizeSubject(fromPct: number, toPct: number): string {
  return `size:${fromPct}:${toPct}`;
}
