/** Shapes are written once, in zod, checked against the contracts by the compiler, and published as JSON Schema. */
import { z } from 'zod';
import { SETTING_TEXT_MAX } from '../../domain/declared-value.js';

export type JsonSchema = Record<string, unknown>;

/** `input`: what is sent to us is strict where the schema says so; answers may grow members. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return rest;
}

/** An answer with its words, for a route's `response`. */
export function answer(description: string, schema: z.ZodType | JsonSchema): JsonSchema {
  const shape = schema instanceof z.ZodType ? jsonSchema(schema) : schema;
  return { description, content: { 'application/json': { schema: shape } } };
}

/** Of a setting: limits are numbers, a strategy’s parameters may be any of these. */
export const settingValue = z.union([z.number(), z.string().max(SETTING_TEXT_MAX), z.boolean()]);
export const decimalText = z.string().describe('Decimal text');
export const wallMs = z.number().describe('Wall clock, milliseconds since 1970');
export const marketMs = z.number().describe('Market clock, milliseconds since 1970');
