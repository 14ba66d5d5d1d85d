/** A time span in a query: `from` (at or after) and `to` (before). */
export const timeQuery = {
  type: 'string',
  maxLength: 40,
  description: 'ISO 8601, or milliseconds since 1970',
} as const;
export const untilQuery = { ...timeQuery, description: `${timeQuery.description}; not included` } as const;

export interface SpanQuery {
  readonly from?: string;
  readonly to?: string;
}

/** Returns text if something is wrong with the query. */
export function spanOf({ from, to }: SpanQuery): { fromMs: number | null; toMs: number | null } | string {
  const fromMs = timeOf(from);
  const toMs = timeOf(to);
  if (Number.isNaN(fromMs) || Number.isNaN(toMs))
    return '`from` and `to` are times, for example 2026-01-05T10:00:00Z.';
  if (fromMs !== null && toMs !== null && fromMs >= toMs) return '`from` must be before `to`.';
  return { fromMs, toMs };
}

/** Null: not given. NaN: not a time. */
function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  return /^\d{10,14}$/.test(text) ? Number(text) : Date.parse(text);
}
