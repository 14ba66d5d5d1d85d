/**
 * Shapes are declared once, in zod: types follow from them, and they are published as JSON Schema. No type provider:
 * Fastify checks requests by the very schema that is published.
 */
import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/** The shape as `input`: strict where the zod schema is strict, while answers may gain members. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return rest;
}

/** An answer with its description, for a route's `response`. */
export function answer(description: string, schema: z.ZodType | JsonSchema): JsonSchema {
  const shape = schema instanceof z.ZodType ? jsonSchema(schema) : schema;
  return { description, content: { 'application/json': { schema: shape } } };
}
