/**
 * Converts decimal text to whole steps of a grid (price to ticks, quantity to lots), exactly. Unlike
 * `domain/decimal.ts`, which is exact at any size with bigint, it uses numbers and creates no strings: a
 * backtest reads millions of prices, from the bytes of a file.
 */

const DIGIT_0 = 48;
const DIGIT_9 = 57;
const DOT = 46;
const NOT_ASCII = 255;

export class DecimalGrid {
  /** Where the decimal that was read last ends. */
  end = 0;
  readonly #places: number;
  readonly #stepUnits: number;
  #text = new Uint8Array(64);

  /** `step`: positive decimal text such as `0.01` or `0.25`, as written in the desk file. */
  constructor(readonly step: string) {
    const dot = step.indexOf('.');
    this.#places = dot < 0 ? 0 : step.length - dot - 1;
    this.#stepUnits = Number(step.replace('.', ''));
    if (!/^\d+(\.\d+)?$/.test(step) || !(this.#stepUnits > 0)) {
      throw new RangeError(`expected a positive decimal step, found ${JSON.stringify(step)}`);
    }
  }

  /** Whole number of steps. Null: the text is not a plain decimal, is too large, or lies between two steps. */
  exact(text: string): number | null {
    return this.#ofText(text, true);
  }

  /** Whole steps, the rest cut off. Null: the text is not a plain decimal or is too large. */
  floor(text: string): number | null {
    return this.#ofText(text, false);
  }

  /** The same for the decimal that begins there; it ends before the first byte that is neither digit nor dot. NaN: none. */
  exactAt(bytes: Uint8Array, from: number): number {
    return this.#read(bytes, from, true);
  }

  floorAt(bytes: Uint8Array, from: number): number {
    return this.#read(bytes, from, false);
  }

  #ofText(text: string, exact: boolean): number | null {
    if (text.length >= this.#text.length) this.#text = new Uint8Array(2 * text.length);
    const bytes = this.#text;
    for (let at = 0; at < text.length; at += 1) bytes[at] = Math.min(text.charCodeAt(at), NOT_ASCII);
    bytes[text.length] = 0;
    const steps = this.#read(bytes, 0, exact);
    return this.end === text.length && !Number.isNaN(steps) ? steps : null;
  }

  /** Decimal places beyond those of the step are cut, or, if `exact`, refused unless zero. */
  #read(bytes: Uint8Array, from: number, exact: boolean): number {
    const places = this.#places;
    let units = 0;
    let decimals = -1;
    let isBetween = false;
    let at = from;
    for (; ; at += 1) {
      const code = bytes[at] as number;
      if (code >= DIGIT_0 && code <= DIGIT_9) {
        if (decimals < places) {
          units = units * 10 + (code - DIGIT_0);
          if (decimals >= 0) decimals += 1;
        } else if (code !== DIGIT_0) isBetween = true;
      } else if (code === DOT && decimals < 0 && at > from) decimals = 0;
      else break;
    }
    this.end = at;
    if (at === from || bytes[at - 1] === DOT || (exact && isBetween)) return Number.NaN;
    for (let missing = Math.max(decimals, 0); missing < places; missing += 1) units *= 10;
    if (units > Number.MAX_SAFE_INTEGER) return Number.NaN;
    if (this.#stepUnits === 1) return units;
    const steps = Math.floor(units / this.#stepUnits);
    return exact && steps * this.#stepUnits !== units ? Number.NaN : steps;
  }
}
