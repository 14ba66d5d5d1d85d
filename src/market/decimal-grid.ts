/**
 * Converts decimal text to whole steps of a grid (price to ticks, quantity to lots), exactly. Unlike
 * `domain/decimal.ts`, which is exact at any size with bigint, it uses numbers and creates no strings: a
 * backtest reads millions of prices.
 */

export interface DecimalGrid {
  /** The step as written in the desk file, for messages. */
  readonly step: string;
  /** Whole number of steps. Null: the text is not a plain decimal, is too large, or lies between two steps. */
  exact(text: string): number | null;
  /** Whole steps, the rest cut off. Null: the text is not a plain decimal or is too large. */
  floor(text: string): number | null;
  /** The same for a part of a longer text, `to` excluded. */
  exactWithin(text: string, from: number, to: number): number | null;
  floorWithin(text: string, from: number, to: number): number | null;
}

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const DOT = 46;

/** `step`: positive decimal text such as `0.01` or `0.25`. */
export function decimalGrid(step: string): DecimalGrid {
  const dot = step.indexOf('.');
  const places = dot < 0 ? 0 : step.length - dot - 1;
  const stepUnits = Number(step.replace('.', ''));
  if (!/^\d+(\.\d+)?$/.test(step) || !(stepUnits > 0)) {
    throw new RangeError(`expected a positive decimal step, found ${JSON.stringify(step)}`);
  }
  const parse = (text: string, from: number, to: number, exact: boolean): number | null => {
    const units = decimalUnits(text, from, to, places, exact);
    if (units === null) return null;
    const steps = Math.floor(units / stepUnits);
    return exact && steps * stepUnits !== units ? null : steps;
  };
  return {
    step,
    exact: (text) => parse(text, 0, text.length, true),
    floor: (text) => parse(text, 0, text.length, false),
    exactWithin: (text, from, to) => parse(text, from, to, true),
    floorWithin: (text, from, to) => parse(text, from, to, false),
  };
}

/**
 * Digits of `text` as an integer with `places` decimal places. Further digits are cut, or, if `exact`, refused unless
 * zero.
 */
function decimalUnits(text: string, from: number, to: number, places: number, exact: boolean): number | null {
  let units = 0;
  let decimals = -1;
  for (let index = from; index < to; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT && decimals < 0 && index > from) {
      decimals = 0;
    } else if (code < DIGIT_0 || code > DIGIT_9) {
      return null;
    } else if (decimals < places) {
      units = units * 10 + (code - DIGIT_0);
      if (decimals >= 0) decimals += 1;
    } else if (exact && code !== DIGIT_0) {
      return null;
    }
  }
  if (to <= from || text.charCodeAt(to - 1) === DOT) return null;
  for (let missing = Math.max(decimals, 0); missing < places; missing += 1) units *= 10;
  return units <= Number.MAX_SAFE_INTEGER ? units : null;
}
