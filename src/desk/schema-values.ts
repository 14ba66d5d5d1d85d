/** The small values in a desk file. Messages begin with "expected", as the reader of an error sees them. */
import { z } from 'zod';
import { RESUME_RULES } from '../domain/mode.js';
import { NAME, NAME_EXPECTED } from './typed-names.js';

/** Decimal text: a YAML number would already have been through floating point. */
export const decimal = z
  .string()
  .regex(/^\d{1,15}(\.\d{1,15})?$/, 'expected a decimal number in quotes, for example "0.01"');

/** An amount of money that something begins with. */
export const balance = z
  .string()
  .regex(
    /^(?=.*[1-9])\d{1,15}(\.\d{1,8}0*)?$/,
    'expected an amount above 0 in quotes, with at most 8 decimals, for example "10000"',
  );

/** An amount that is compared or held exactly. */
export const amount = z
  .string()
  .regex(
    /^\d{1,15}(\.\d{1,8}0*)?$/,
    'expected an amount in quotes, with at most 8 decimals, for example "100"',
  );

/** The price of one unit, as people and programs send it. */
export const price = z
  .string()
  .regex(/^\d{1,20}(\.\d{1,12})?$/, 'expected a decimal number as text, for example "61250.00"');

/** A change of a balance, as people and programs send it. */
export const cashAmount = z
  .string()
  .regex(/^-?\d{1,20}(\.\d{1,8})?$/, 'expected a decimal number as text, for example "-6000.00"');

/** Keeps control characters out of the trader's journal and the logs. */
export const printable = z
  .string()
  .regex(/^\P{Cc}*$/u, 'expected one line of text, without control characters such as tabs');

/** A moment that means the same on every machine. */
export const moment = z.iso.datetime({
  offset: true,
  error: 'expected a time with its zone, for example 2026-01-05T10:00:00Z',
});

/** Decimal text in the desk file that may be negative. */
export const signedDecimal = z
  .string()
  .regex(
    /^-?\d{1,6}(\.\d{1,6})?$/,
    'expected a decimal number in quotes with at most 6 places, for example "-0.65"',
  );

export const symbol = z
  .string()
  .regex(/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/, 'expected BASE/QUOTE, for example BTC/USDT');

export const name = z.string().regex(NAME, `expected ${NAME_EXPECTED}`);

export const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time HH:MM, for example "00:00"');

export const currency = z
  .string()
  .regex(/^[A-Z0-9]{2,10}$/, 'expected a currency in capitals, for example USDT');

/** Name of a bucket in S3-compatible storage. */
export const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
export const BUCKET_EXPECTED = 'the name of a bucket: 3 to 63 small letters, digits and dashes';

export const percent = z.number().positive().max(100);

export const resumeRule = z.enum(RESUME_RULES);

export const emergencyAction = z.enum(['none', 'stop', 'closeAll']);
