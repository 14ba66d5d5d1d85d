/** RFC 9457 problem details with two members of ours: `keptSafe` and `doThis`. */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { JsonSchema } from './json-schema.js';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string().describe('What happened'),
    keptSafe: z.string().describe('What was kept safe in spite of it'),
    doThis: z.string().describe('What a person can do'),
    errors: z.array(z.string()).optional().describe('What is wrong with the request, one line each'),
  })
  .describe('RFC 9457 problem details');

/** Problems that a route may answer with; 400, 401, 421, 429 and 500 apply to every route that is not public. */
export function problems(...statuses: readonly number[]): Record<number, JsonSchema> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: STATUS_CODES[status] ?? 'Problem',
        content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
      },
    ]),
  );
}
