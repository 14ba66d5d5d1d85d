/** A moment as people read it: `2026-11-20 19:01 UTC`. Whoever needs milliseconds reads the evidence. */
export const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** A moment as programs read it: ISO 8601 in UTC, to the millisecond. */
export const iso = (ms: number): string => new Date(ms).toISOString();
