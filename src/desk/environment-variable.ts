/** The form of an environment variable that Fermata reads. The tables: `environment-variables.ts`, and each venue's own. */
import { z } from 'zod';
import type { NewDesk } from './new-desk.js';

export interface EnvironmentVariable {
  readonly name: string;
  readonly about: string;
  /** What `.env.example` gives it; null: it stands there commented out. */
  readonly example: string | null;
  /** Its value is quoted nowhere. */
  readonly secret: boolean;
  /** From its text; the message completes "expected …". */
  readonly form: z.ZodType<unknown>;
  /** What of the desk file it sets. */
  readonly sets?: (value: never) => Partial<NewDesk>;
  /** Why no desk file takes it over, where there is more to say than that. */
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
