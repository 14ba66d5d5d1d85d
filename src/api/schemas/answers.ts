/**
 * Shapes are declared once, in zod: types follow from them, and they are published as JSON Schema. No type provider:
 * Fastify checks requests by the very schema that is published.
 */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/** With `io: 'input'` only strict zod schemas forbid further members: an answer may gain some. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema: written }) => {
      const words = wordsOf(zodSchema);
      if (written.pattern !== undefined && words !== undefined) written[EXPECTED] = words;
    },
  });
  return rest;
}

/** What a `pattern` expects, in words, for the answer to a request that doesn't match. */
export const EXPECTED = 'x-expected';

/** The words of the check that has a pattern. */
function wordsOf({ _zod: { def } }: z.core.$ZodType): string | undefined {
  const checks = [def, ...(def.checks ?? []).map((check) => check._zod.def)];
  const format = checks.find((check) => 'check' in check && check.check === 'string_format');
  const said = format?.error?.({} as never);
  return typeof said === 'string' ? said.replace(/^expected /, '') : undefined;
}

/** An answer with its description, for a route's `response`. */
export function answer(description: string, schema: z.ZodType | JsonSchema): JsonSchema {
  const shape = schema instanceof z.ZodType ? jsonSchema(schema) : schema;
  return { description, content: { 'application/json': { schema: shape } } };
}

/** RFC 9457 problem details with two members of ours: `keptSafe` and `doThis`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string().describe('What happened'),
    keptSafe: z.string().describe('What was kept safe all the same'),
    doThis: z.string().describe('What a person can do'),
    errors: z.array(z.string()).optional().describe('What is wrong with the request, one line each'),
  })
  .describe('RFC 9457 problem details');

/**
 * The problems that a route lists. Any route may also answer 400, 403 (a foreign origin), 421 or 500, and one
 * that is not public 401 or 429.
 */
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
