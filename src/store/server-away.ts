/**
 * Error codes: refused, cut off, or (57P01 to 57P03) shutting down, ended by another process's crash, or starting up.
 */
const CODES: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'];

/** The errors of a query to a Postgres that is being restarted. */
export const isServerAway = (error: unknown): boolean =>
  CODES.includes((error as { code?: unknown }).code) || /Connection terminated/.test(String(error));
