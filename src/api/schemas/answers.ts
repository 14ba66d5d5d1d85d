/**
 * Shapes of answers, and of what the emergency buttons send and get. They are declared once, in zod: types
 * follow from them, and they are published as JSON Schema. No type provider: Fastify checks requests by the
 * very schema that is published.
 */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { haltSchema, traderStatusSchema } from '../../contracts/trader-status.js';
import { printable } from '../../desk/schema-values.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/settings-change.js';
import { SIGNATURE_CHARS_MAX } from '../../domain/vote-statement.js';

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

/** An answer with its description, for a route's `response`; written when somebody reads the description of the API. */
export function answer(description: string, schema: z.ZodType | JsonSchema): JsonSchema {
  const shape = {
    get schema(): JsonSchema {
      return schema instanceof z.ZodType ? jsonSchema(schema) : schema;
    },
  };
  return { description, content: { 'application/json': shape } };
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

const problem = (description: string): JsonSchema => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
});

/** The problems that a route lists, beside `anyProblem`. */
export function problems(...statuses: readonly number[]): Record<number, JsonSchema> {
  return Object.fromEntries(statuses.map((status) => [status, problem(STATUS_CODES[status] ?? 'Problem')]));
}

/** Of any route, beside those that it lists; the description of the API says which there are. */
export const anyProblem = { default: problem('Any other problem') };

const HALT_ID_CHARS_MAX = 100;

export const reason = printable.max(500).describe('Kept in the journal, the evidence and the audit trail');

/** A signature by the person's own key; GET /api/signing returns the statement to sign. */
export const signature = z
  .string()
  .min(1)
  .max(SIGNATURE_CHARS_MAX)
  .optional()
  .describe('For real money: over the statement of GET /api/signing, with the person’s own key');

/** For requests that need a reason. */
export const reasonSchema = z.strictObject({ reason: reason.min(1) });

/** No button is refused for its reason: a missing one is asked for afterwards, a long one is cut. */
const anyReason = z
  .string()
  .optional()
  .describe(
    'Kept in the journal, the evidence and the audit trail, cut to 500 characters; a task asks for a missing one',
  );
export const stopSchema = z.strictObject({ reason: anyReason });
export const closeAllSchema = stopSchema.extend({
  kill: z.boolean().optional().describe('True: two people must resume, whatever the desk file says'),
});
export const resumeSchema = stopSchema.extend({
  sizePct: z
    .int()
    .min(SIZE_PCT_MIN)
    .max(SIZE_PCT_MAX)
    .optional()
    .describe('Position size to continue with, percent of the full size; left out: unchanged'),
  haltId: z
    .string()
    .min(1)
    .max(HALT_ID_CHARS_MAX)
    .optional()
    .describe('The halt that the person saw: no other one is lifted. Left out: the one in force'),
  signature,
});

export const emergencyStateSchema = traderStatusSchema
  .pick({
    mode: true,
    reason: true,
    haltId: true,
    closeAll: true,
    entriesWorking: true,
    openPositions: true,
    openOrders: true,
  })
  .extend({ tradingHalted: z.boolean(), halts: z.array(haltSchema) });

/** The header. A key stands for one request: the same key with another body is refused. */
export const idempotencyHeaders = {
  type: 'object',
  properties: {
    'idempotency-key': {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      pattern: '^[\\x21-\\x7e]+$',
      'x-expected': 'letters, digits and signs without spaces',
    },
  },
} as const;
