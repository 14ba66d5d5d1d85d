import type { preValidationAsyncHookHandler } from 'fastify';

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
