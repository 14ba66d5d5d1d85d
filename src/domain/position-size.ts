/** Position size, percent of the desk file's, as people choose it. */
export const SIZE_PCT_MIN = 1;
export const SIZE_PCT_MAX = 100;

/** Null where it is the desk file's. */
export function reducedSize({ sizePct }: { readonly sizePct: number }): string | null {
  return sizePct === SIZE_PCT_MAX ? null : `${sizePct} % of the desk file’s position size`;
}
