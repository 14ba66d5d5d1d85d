/** Strict reading of what the library parsed: a wrong number is worse than none. */
import { MONEY_SCALE } from '../../domain/money.js';
import { VenueUnavailable } from '../port.js';

/** Says what could not be believed; never contains the whole answer. */
export class Unbelievable extends Error {
  override readonly name = 'Unbelievable';
}

/** Returns what `read` makes of an answer. If it can't be believed, notes it and throws `VenueUnavailable`. */
export function believed<T>(note: (what: string, cause: string) => void, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unbelievable)) throw error;
    note(what, error.message);
    throw new VenueUnavailable(error.message);
  }
}

/** Tolerance for the protocol's floating point, as a fraction of a step. */
const OFF_MAX = 1e-6;
/** The protocol's 1.797e308 means "no value". */
const NONE_FROM = 1e300;

export const isNone = (value: unknown): boolean =>
  value === undefined || value === null || Math.abs(Number(value)) > NONE_FROM;

export function numberOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || isNone(value))
    throw new Unbelievable(`${what}: expected a number, found ${shown(value)}`);
  return value;
}

export function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '')
    throw new Unbelievable(`${what}: expected text, found ${shown(value)}`);
  return value;
}

/** The value as a whole number of steps, for example ticks of a price. */
export function stepsOf(value: unknown, step: string, what: string): number {
  const { steps, rest } = partsOf(value, step, what);
  if (rest !== 0) throw new Unbelievable(`${what}: ${shown(value)} is no whole number of ${step}`);
  return steps;
}

/** Whole steps in the value, and the remainder as a fraction of a step, in [0, 1). */
export function partsOf(
  value: unknown,
  step: string,
  what: string,
): { readonly steps: number; readonly rest: number } {
  const exact = numberOf(value, what) / Number(step);
  const nearest = Math.round(exact);
  if (!Number.isSafeInteger(nearest)) throw new Unbelievable(`${what}: ${shown(value)} is too much`);
  if (Math.abs(exact - nearest) <= OFF_MAX) return { steps: nearest, rest: 0 };
  const steps = Math.floor(exact);
  return { steps, rest: exact - steps };
}

/** In money units. */
export const CENT = MONEY_SCALE / 100;

/** In money units (1e-8), rounded to 1e-4 of the currency. */
export function moneyOf(value: unknown, what: string): number {
  const cents = Math.round(numberOf(Number(value), what) * 10_000);
  if (!Number.isSafeInteger(cents * 10_000)) throw new Unbelievable(`${what}: ${shown(value)} is too much`);
  return cents * 10_000;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return value !== null && typeof value === 'object' ? 'an object or list' : String(value);
}
