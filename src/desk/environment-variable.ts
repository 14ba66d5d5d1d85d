/**
 * The definition of an environment variable that Fermata reads. The tables are in `environment-variables.ts` and in
 * each venue's definition.
 */
import { z } from 'zod';
import type { NewDesk } from './new-desk.js';

export interface EnvironmentVariable {
  readonly name: string;
  readonly about: string;
  /** Its value in `.env.example`; null: commented out there. */
  readonly example: string | null;
  /** Its value is never quoted. */
  readonly secret: boolean;
  /** Parses its text; the message completes "expected …". */
  readonly form: z.ZodType<unknown>;
  /** The part of the desk file that it sets. */
  readonly sets?: (value: never) => Partial<NewDesk>;
  /** Why no desk file takes it over, if there is more to say. */
  readonly stays?: string;
}

export interface EnvironmentSection {
  readonly title: string;
  readonly variables: readonly EnvironmentVariable[];
}

export const text = z.string();
export const path = text.min(1, 'a path');
export const webAddress = text.regex(/^https?:\/\/\S+$/, 'an address that begins with http:// or https://');
export const yesOrNo = z.enum(['true', 'false'], 'true or false').transform((value) => value === 'true');

export const plain = (
  name: string,
  example: string | null,
  form: z.ZodType<unknown>,
  about: string,
): EnvironmentVariable => ({ name, about, example, secret: false, form });

export const secret = (
  name: string,
  form: z.ZodType<unknown>,
  about: string,
  more: Partial<Pick<EnvironmentVariable, 'example' | 'stays'>> = {},
): EnvironmentVariable => ({ name, about, example: '', secret: true, form, ...more });

export function setting<T>(
  name: string,
  example: string | null,
  form: z.ZodType<T>,
  sets: (value: T) => Partial<NewDesk>,
  about: string,
): EnvironmentVariable {
  return { ...plain(name, example, form, about), sets };
}
