import type { FastifyReply, preValidationAsyncHookHandler } from 'fastify';
import { databaseDown, sendProblem } from '../problem.js';

/**
 * Converts the named members of a query to numbers, and nothing else. What is not plain digits stays text, which the
 * schema refuses.
 */
export function coerceIntegers(...names: readonly string[]): preValidationAsyncHookHandler {
  return async (request) => {
    const query = request.query as Record<string, unknown>;
    for (const name of names) {
      const text = query[name];
      if (typeof text === 'string' && /^\d{1,9}$/.test(text)) query[name] = Number(text);
    }
  };
}

/** BASE/QUOTE as in the desk file. */
export const symbolQuery = { type: 'string', pattern: '^[A-Z0-9]{1,20}/[A-Z0-9]{1,20}$' } as const;

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

/** Returns the result of `read`; if the database does not answer, sends a problem that says so and logs the error. */
export async function fromDatabase<T>(
  reply: FastifyReply,
  what: string,
  read: () => Promise<T>,
): Promise<T | FastifyReply> {
  try {
    return await read();
  } catch (error) {
    reply.request.log.warn({ err: error }, `${what} cannot be read`);
    return sendProblem(reply, databaseDown(what));
  }
}
