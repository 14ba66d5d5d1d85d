// Hand-written: each is a few lines and the same on every machine; libraries were slower or differ
// (docs/STRATEGIES.md).

/**
 * Exponential moving average, seeded with the simple average of the first `bars` values; weight 2 / (bars + 1).
 * Uses only additions, multiplications and divisions of doubles, which give the same result on every machine.
 */
export class Ema {
  /** Null until `bars` values have been seen. */
  value: number | null = null;
  #seen = 0;
  #sum = 0;
  readonly #weight: number;

  constructor(private readonly bars: number) {
    this.#weight = 2 / (bars + 1);
  }

  update(price: number): void {
    if (this.value !== null) {
      this.value += (price - this.value) * this.#weight;
      return;
    }
    this.#seen += 1;
    this.#sum += price;
    if (this.#seen === this.bars) this.value = this.#sum / this.bars;
  }
}

/** Wilder's average true range: a simple average of the first `bars` ranges, then smoothed by 1 / bars. */
export class Atr {
  /** In the unit of the prices. Null until `bars` ranges have been seen. */
  value: number | null = null;
  #previousClose: number | null = null;
  #seen = 0;
  #sum = 0;

  constructor(private readonly bars: number) {}

  update(high: number, low: number, close: number): void {
    const before = this.#previousClose ?? close;
    this.#previousClose = close;
    const range = Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
    if (this.value !== null) {
      this.value = (this.value * (this.bars - 1) + range) / this.bars;
      return;
    }
    this.#seen += 1;
    this.#sum += range;
    if (this.#seen === this.bars) this.value = this.#sum / this.bars;
  }
}

/**
 * Kaufman's efficiency ratio: |close now − close N bars ago| ÷ sum of the N bar-to-bar moves, 0 to 1. A
 * straight line yields 1, going back and forth 0, a random walk about 1 ÷ √N. Source: Perry J. Kaufman,
 * "Trading Systems and Methods".
 */
export class EfficiencyRatio {
  /** The newest N + 1 closes, as a ring. */
  readonly #closes: Float64Array;
  #count = 0;
  /** Sum of the moves between the closes in the ring: whole ticks, so adding and subtracting is exact. */
  #path = 0;

  constructor(private readonly bars: number) {
    this.#closes = new Float64Array(bars + 1);
  }

  update(closeTicks: number): void {
    const size = this.#closes.length;
    if (this.#count >= size)
      this.#path -= Math.abs(this.#at(this.#count - size + 1) - this.#at(this.#count - size));
    if (this.#count > 0) this.#path += Math.abs(closeTicks - this.#at(this.#count - 1));
    this.#closes[this.#count % size] = closeTicks;
    this.#count += 1;
  }

  /** Null before N + 1 closes. 0 if the price never moved. */
  get value(): number | null {
    if (this.#count <= this.bars) return null;
    const net = Math.abs(this.#at(this.#count - 1) - this.#at(this.#count - 1 - this.bars));
    return this.#path === 0 ? 0 : net / this.#path;
  }

  #at(index: number): number {
    return this.#closes[index % this.#closes.length] as number;
  }
}

/**
 * Wilder's relative strength index, 0 to 100: 100 − 100 ÷ (1 + average rise ÷ average fall). Both averages
 * are simple for the first `bars` moves, then smoothed by 1 / bars. Only rises yield 100, no move at all 50.
 * Source: J. Welles Wilder, "New Concepts in Technical Trading Systems".
 */
export class Rsi {
  /** Null until `bars` moves between closes have been seen. */
  value: number | null = null;
  #previous: number | null = null;
  #seen = 0;
  #rise = 0;
  #fall = 0;

  constructor(private readonly bars: number) {}

  update(close: number): void {
    const move = this.#previous === null ? null : close - this.#previous;
    this.#previous = close;
    if (move === null) return;
    const [rise, fall] = [Math.max(move, 0), Math.max(-move, 0)];
    if (this.#seen < this.bars) {
      this.#seen += 1;
      this.#rise += rise / this.bars;
      this.#fall += fall / this.bars;
    } else {
      this.#rise = (this.#rise * (this.bars - 1) + rise) / this.bars;
      this.#fall = (this.#fall * (this.bars - 1) + fall) / this.bars;
    }
    if (this.#seen < this.bars) return;
    const moved = this.#rise + this.#fall;
    this.value = moved === 0 ? 50 : (100 * this.#rise) / moved;
  }
}

/** The highest high and the lowest low of the newest `bars` bars. */
export class Donchian {
  /** In the unit of the prices. Null until `bars` bars have been seen. */
  high: number | null = null;
  low: number | null = null;
  readonly #highs: Float64Array;
  readonly #lows: Float64Array;
  #count = 0;

  constructor(private readonly bars: number) {
    this.#highs = new Float64Array(bars);
    this.#lows = new Float64Array(bars);
  }

  update(high: number, low: number): void {
    const at = this.#count % this.bars;
    const [oldHigh, oldLow] = [this.#highs[at], this.#lows[at]];
    this.#highs[at] = high;
    this.#lows[at] = low;
    this.#count += 1;
    if (this.#count < this.bars) return;
    // All bars are scanned only if the one that leaves was the extreme.
    if (this.high !== null && high >= this.high) this.high = high;
    else if (this.high === null || oldHigh === this.high) this.high = Math.max(...this.#highs);
    if (this.low !== null && low <= this.low) this.low = low;
    else if (this.low === null || oldLow === this.low) this.low = Math.min(...this.#lows);
  }
}

/** Simple average of the newest `bars` values: prices or volumes. Exact for whole ticks and lots. */
export class Sma {
  /** Null until `bars` values have been seen, and while one of the newest is unknown (NaN). */
  value: number | null = null;
  readonly #values: Float64Array;
  #count = 0;
  #sum = 0;
  #unknown = 0;

  constructor(private readonly bars: number) {
    this.#values = new Float64Array(bars);
  }

  update(value: number): void {
    const at = this.#count % this.bars;
    if (this.#count >= this.bars) this.#add(this.#values[at] as number, -1);
    this.#values[at] = value;
    this.#add(value, 1);
    this.#count += 1;
    this.value = this.#count < this.bars || this.#unknown > 0 ? null : this.#sum / this.bars;
  }

  #add(value: number, sign: 1 | -1): void {
    if (Number.isNaN(value)) this.#unknown += sign;
    else this.#sum += sign * value;
  }
}

/**
 * Volume-weighted average price of a day: the sum of typical price × volume ÷ the sum of volume, over its
 * bars so far; the typical price of a bar is (high + low + close) ÷ 3. Sources: S. Berkowitz, D. Logue, E.
 * Noser, "The Total Cost of Transactions on the NYSE" (1988) for the day's average; StockCharts' ChartSchool,
 * "Volume-Weighted Average Price (VWAP)", for computing it from bars.
 */
export class Vwap {
  /**
   * In the unit of the prices. Null: nothing traded yet that day, or the volume of a bar is unknown (NaN).
   */
  value: number | null = null;
  #day: number | string | null = null;
  #worth = 0;
  #volume = 0;

  /** `day`: any value that tells one day from the next. A different one starts the average anew. */
  update(day: number | string, high: number, low: number, close: number, volume: number): void {
    if (day !== this.#day) [this.#day, this.#worth, this.#volume] = [day, 0, 0];
    this.#worth += (high + low + close) * volume;
    this.#volume += volume;
    this.value = this.#volume > 0 ? this.#worth / (3 * this.#volume) : null;
  }
}
