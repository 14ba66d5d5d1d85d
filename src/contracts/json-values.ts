/** Building blocks of published schemas. Importing this module loads zod. */
import { z } from 'zod';
import { type DeclaredValue, SETTING_TEXT_MAX } from '../domain/declared-value.js';

/** The type that a schema describes, deeply read-only. */
export type Shape<S extends z.ZodType> = ReadOnly<z.output<S>>;
type ReadOnly<T> = T extends object ? { readonly [K in keyof T]: ReadOnly<T[K]> } : T;

export const decimalText = z.string().describe('Decimal text');
export const wallMs = z.number().describe('Wall clock, milliseconds since 1970');
export const marketMs = z.number().describe('Market clock, milliseconds since 1970');
/** Value of a setting: limits are numbers, a strategy’s parameters may be any of these. */
export const settingValue = z.union([
  z.number(),
  z.string().max(SETTING_TEXT_MAX),
  z.boolean(),
]) satisfies z.ZodType<DeclaredValue>;
