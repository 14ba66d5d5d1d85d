/** Refused, cut off, or (57P01 to 57P03) shutting down, ended by the death of another of its processes, or starting up. */
const CODES: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'];

/** What a Postgres that is just being started again makes of a question. */
export const isServerAway = (error: unknown): boolean =>
  CODES.includes((error as { code?: unknown }).code) || /Connection terminated/.test(String(error));
