import type { preValidationAsyncHookHandler } from 'fastify';

/**
 * Query text to numbers for the named members, and nothing else: what is not plain digits stays text, and the schema
 * refuses it.
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

/** BASE/QUOTE as the desk file writes it. */
export const symbolQuery = { type: 'string', pattern: '^[A-Z0-9]{1,20}/[A-Z0-9]{1,20}$' } as const;
