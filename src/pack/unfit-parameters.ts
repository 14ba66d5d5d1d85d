/** Whether the desk file can hold the parameters that code of a desk's folder declares. */
import { z } from 'zod';
import { foundText } from '../desk/problem.js';

/** Why a desk file can't hold these parameters. Empty: it can. */
export function unfitParameters(parameters: unknown): readonly string[] {
  if (!(parameters instanceof z.ZodObject))
    return [`parameters: expected z.object({…}), found ${foundText(parameters)}`];
  const { properties = {} } = z.toJSONSchema(parameters, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).flatMap(([name, schema]) => {
    const { type } = schema as { readonly type?: string };
    if (type !== 'array' && type !== 'object') return [];
    const found = type === 'array' ? 'a list' : 'a group of keys';
    return [`parameters.${name}: expected text, a number, or true or false; found ${found}`];
  });
}
