/** The desk file's schema for editors: completion, descriptions and errors while typing. */
import { z } from 'zod';
import { deskObject } from './schema.js';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

export function deskJsonSchema(): JsonSchema {
  return { title: 'Fermata desk file', ...z.toJSONSchema(deskObject, { io: 'input' }) };
}

export function deskJsonSchemaText(): string {
  return `${JSON.stringify(deskJsonSchema(), null, 2)}\n`;
}
