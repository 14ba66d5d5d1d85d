/** `--set KEY=VALUE`, `KEY=A,B,C` and `KEY=FROM:TO:STEP`: one value, or several to be compared. */
import { InvalidArgumentError } from 'commander';
import { grouped } from '../domain/figure-text.js';
import type { Setting } from './backtest-desk.js';

export interface SweptSetting {
  readonly key: string;
  /** With a single value the key is set, not swept. */
  readonly values: readonly string[];
}

/** More trials would be hours of work caused by a typing error. */
export const TRIALS_MAX = 2_000;
const EXAMPLES = 'fastBars=20, fastBars=10,20,40 or fastBars=10:40:5';
const RANGE = /^(-?[\d.]+):(-?[\d.]+):([\d.]+)$/;
const DECIMAL = /^-?\d{1,12}(\.\d{1,8})?$/;

export function sweptValue(text: string): SweptSetting {
  const [, key, value] = /^([^=\s]{1,100})=(.{1,1000})$/.exec(text.trim()) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError(`expected KEY=VALUE, such as ${EXAMPLES} or risk.stopLossPct=3`);
  const range = RANGE.exec(value);
  const values = range === null ? value.split(',').map((one) => one.trim()) : inRange(key, range);
  const twice = values.find((one, at) => values.indexOf(one) !== at);
  if (values.includes(''))
    throw new InvalidArgumentError(`expected a value on each side of a comma, such as ${EXAMPLES}`);
  if (twice !== undefined)
    throw new InvalidArgumentError(`expected each value of ${key} once (${twice} stands there twice)`);
  return { key, values };
}

/**
 * Both ends are included if a step falls on them. Counts in whole units of the finest decimal place, so that
 * 0.1 stays 0.1.
 */
function inRange(key: string, [range, ...texts]: RegExpExecArray): readonly string[] {
  if (!texts.every((text) => DECIMAL.test(text)))
    throw new InvalidArgumentError('expected numbers in FROM:TO:STEP, such as 10:40:5 or 0.5:2:0.25');
  const places = Math.max(...texts.map((text) => (text.split('.')[1] ?? '').length));
  const [from = 0, to = 0, step = 0] = texts.map((text) => Math.round(Number(text) * 10 ** places));
  if (step <= 0 || to < from)
    throw new InvalidArgumentError('expected FROM:TO:STEP with a step above 0 and TO not below FROM');
  const count = Math.floor((to - from) / step) + 1;
  if (count > TRIALS_MAX)
    throw new InvalidArgumentError(
      `expected at most ${grouped(String(TRIALS_MAX))} values of ${key}, by a longer step or ends closer together (${range} is ${grouped(String(count))})`,
    );
  return Array.from({ length: count }, (_, at) => ((from + at * step) / 10 ** places).toFixed(places));
}

export const isSwept = ({ values }: SweptSetting): boolean => values.length > 1;

/** Every combination, in the order in which keys and values were given; the last key changes fastest. */
export function combinationsOf(swept: readonly SweptSetting[]): readonly (readonly Setting[])[] {
  return swept.reduce<readonly (readonly Setting[])[]>(
    (all, { key, values }) => all.flatMap((one) => values.map((value) => [...one, { key, value }])),
    [[]],
  );
}

export const combinationCount = (swept: readonly SweptSetting[]): number =>
  swept.reduce((count, { values }) => count * values.length, 1);
