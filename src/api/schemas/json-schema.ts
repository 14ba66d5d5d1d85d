/** Shapes are written once, in zod, checked against the contracts by the compiler, and published as JSON Schema. */
import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/** `input`: what is sent to us is strict where the schema says so; answers may grow members. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return rest;
}

export const decimalText = z.string().describe('Decimal text');
export const wallMs = z.number().describe('Wall clock, milliseconds since 1970');
export const marketMs = z.number().describe('Market clock, milliseconds since 1970');
