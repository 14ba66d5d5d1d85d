/** Whether the desk file can hold the parameters that code of a desk's folder declares. */
import { z } from 'zod';
import { foundText } from '../desk/problem.js';

/** Why a desk file can't hold these parameters. Empty: it can. */
export function unfitParameters(parameters: unknown): readonly string[] {
  if (!(parameters instanceof z.ZodObject)) {
    const found = parameters instanceof z.ZodType ? schemaText(parameters) : foundText(parameters);
    return [`parameters: expected z.object({…}), found ${found}`];
  }
  const { properties = {} } = z.toJSONSchema(parameters, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).flatMap(([name, schema]) => {
    const found = unwritable((schema as { readonly type?: string }).type, parameters.shape[name]);
    return found === null
      ? []
      : [`parameters.${name}: expected text, a number, or true or false; found ${found}`];
  });
}

/** JSON Schema has no word for these. */
const NOT_IN_JSON: ReadonlySet<string> = new Set(['bigint', 'date', 'map', 'set', 'symbol']);

/** Null: a desk file can hold it. */
function unwritable(type: string | undefined, schema: z.core.$ZodType | undefined): string | null {
  if (type === 'array') return 'a list';
  if (type === 'object') return 'a group of keys';
  // What may be left out, or has a default, wraps its schema.
  const { innerType = schema } = (schema?._zod.def ?? {}) as { readonly innerType?: z.core.$ZodType };
  if (innerType !== schema) return unwritable(type, innerType);
  return type === undefined && schema !== undefined && NOT_IN_JSON.has(schema._zod.def.type)
    ? schemaText(schema)
    : null;
}

const schemaText = ({ _zod: { def } }: z.core.$ZodType): string => `z.${def.type}()`;
