/** Values of options: parsed once, at the edge, with one message for those that can't be parsed. */
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import type { NewInstrument } from '../desk/new-desk.js';
import { NAME, NAME_EXPECTED, symbolIn } from '../desk/typed-names.js';
import { DAY_MS } from '../domain/civil-date.js';
import { ungrouped } from '../domain/figure-text.js';
import type { Span } from '../market/fetched/minutes-file.js';
import { usageFailure } from './failure.js';

/** The most that a list of incidents, tasks or approvals has, with `--all` too. */
export const LISTED_MAX = 10_000;

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(
        `expected a whole number ${max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`}`,
      );
    }
    return value;
  };
}

export function positiveNumber(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0 && value <= max)) {
      throw new InvalidArgumentError(`expected a number above 0 and up to ${max}`);
    }
    return value;
  };
}

/** Text in the form that a schema has for it, whose messages begin with "expected". */
export function shapedText(schema: z.ZodType<string>): (text: string) => string {
  return (text) => {
    const read = schema.safeParse(text);
    if (read.success) return read.data;
    throw new InvalidArgumentError(read.error.issues[0]?.message ?? 'expected another form');
  };
}

/** Text that is stored as given. */
export function textOf(charactersMax: number): (text: string) => string {
  return (text) => {
    const said = text.trim();
    if (said !== '' && said.length <= charactersMax) return said;
    const found = said === '' ? '' : `, these are ${said.length}`;
    throw new InvalidArgumentError(`expected a few words, at most ${charactersMax} characters${found}`);
  };
}

/** Decimal text as typed, or copied from a screen: money is never a binary fraction. */
export function amountValue(text: string): string {
  const amount = ungrouped(text);
  if (/^\d{1,15}(\.\d{1,8})?$/.test(amount) && Number(amount) > 0) return amount;
  const digits = /^\d+(\.\d+)?$/.test(amount) && Number(amount) > 0;
  const bounds = digits ? ', with 15 digits before the point and 8 after it at most' : '';
  throw new InvalidArgumentError(`expected an amount above 0${bounds}, such as 10000`);
}

/** An instrument as the desk file writes it, however it was typed. What is no symbol is refused where its desk is known. */
export const instrumentName = (text: string): string => symbolIn(text) ?? text;

export function symbolValue(text: string): string {
  const symbol = symbolIn(text);
  if (symbol !== null) return symbol;
  throw new InvalidArgumentError('expected two currencies, such as BTC/USDT');
}

/** For options that may be given several times. */
export function collected<Value>(read: (text: string) => Value) {
  return (text: string, before: readonly Value[] = []): readonly Value[] => [...before, read(text)];
}

/** In the form that the desk file uses for names. */
export function personValue(text: string): string {
  if (NAME.test(text)) return text;
  throw new InvalidArgumentError(`expected a name of ${NAME_EXPECTED}`);
}

/** `SYMBOL,TICK,LOT,MIN-NOTIONAL`; the desk file's own rules check the numbers. */
export function instrumentValue(text: string): NewInstrument {
  const [typed, tickSize, lotSize, minNotional = '0', ...more] = text.split(',');
  if (typed === undefined || tickSize === undefined || lotSize === undefined || more.length > 0) {
    throw new InvalidArgumentError(
      'expected symbol, tick, lot and smallest value, for example SOL/USDT,0.01,0.001,5',
    );
  }
  for (const [what, step] of [
    ['tick', tickSize],
    ['lot', lotSize],
  ] as const)
    if (!(/^\d*\.?\d+$/.test(step) && Number(step) > 0))
      throw new InvalidArgumentError(`expected a ${what} above 0, such as 0.01, as the venue lists it`);
  return { symbol: instrumentName(typed), tickSize, lotSize, minNotional };
}

const DAYS_MAX = 5 * 366;

/** For `--from` and `--to`: the first millisecond of a day in UTC, since 1970. */
export function dayValue(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const exact = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
  if (!exact) throw new InvalidArgumentError('expected a day like 2026-10-01');
  return ms;
}

export const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The span from the first to the last day, both included. */
export function spanOf(from: number, to: number): Span {
  const span = { fromMs: from, untilMs: to + DAY_MS };
  if (to < from) throw usageFailure('--to lies before --from', 'write the earlier day first');
  if (from > Date.now())
    throw usageFailure('--from lies in the future', 'there are no candles yet: name days that have begun');
  if (span.untilMs - span.fromMs > DAYS_MAX * DAY_MS) {
    throw usageFailure(`more than ${DAYS_MAX} days at once`, 'name fewer days');
  }
  return span;
}
