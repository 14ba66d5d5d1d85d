/**
 * Exponential moving average, seeded with the simple average of the first `bars` values; weight 2 / (bars + 1).
 * Only additions, multiplications and divisions of doubles, which are the same on every machine.
 */
export class Ema {
  /** Null until `bars` values were seen. */
  value: number | null = null;
  private seen = 0;
  private sum = 0;
  private readonly weight: number;

  constructor(private readonly bars: number) {
    this.weight = 2 / (bars + 1);
  }

  update(price: number): void {
    if (this.value !== null) {
      this.value += (price - this.value) * this.weight;
      return;
    }
    this.seen += 1;
    this.sum += price;
    if (this.seen === this.bars) this.value = this.sum / this.bars;
  }
}

/** Average true range after Wilder: a simple average of the first `bars` ranges, then smoothed by 1 / bars. */
export class Atr {
  /** Same unit as the prices; null until `bars` ranges were seen. */
  value: number | null = null;
  private previousClose: number | null = null;
  private seen = 0;
  private sum = 0;

  constructor(private readonly bars: number) {}

  update(high: number, low: number, close: number): void {
    const before = this.previousClose ?? close;
    this.previousClose = close;
    const range = Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
    if (this.value !== null) {
      this.value = (this.value * (this.bars - 1) + range) / this.bars;
      return;
    }
    this.seen += 1;
    this.sum += range;
    if (this.seen === this.bars) this.value = this.sum / this.bars;
  }
} /**
 * Kaufman's efficiency ratio: |close now − close N bars ago| ÷ sum of the N bar-to-bar moves, 0 to 1. A straight line
 * gives 1, going back and forth gives 0, a random walk about 1 ÷ √N.
 * Source: Perry J. Kaufman, "Trading Systems and Methods".
 */
export class EfficiencyRatio {
  /** The newest N + 1 closes, a ring. */
  private readonly closes: Float64Array;
  private count = 0;
  /** Sum of the moves between the closes in the ring: whole ticks, so adding and taking off is exact. */
  private path = 0;

  constructor(private readonly bars: number) {
    this.closes = new Float64Array(bars + 1);
  }

  update(closeTicks: number): void {
    const size = this.closes.length;
    if (this.count >= size)
      this.path -= Math.abs(this.at(this.count - size + 1) - this.at(this.count - size));
    if (this.count > 0) this.path += Math.abs(closeTicks - this.at(this.count - 1));
    this.closes[this.count % size] = closeTicks;
    this.count += 1;
  }

  /** Null before N + 1 closes. Prices that never moved went nowhere: 0. */
  get value(): number | null {
    if (this.count <= this.bars) return null;
    const net = Math.abs(this.at(this.count - 1) - this.at(this.count - 1 - this.bars));
    return this.path === 0 ? 0 : net / this.path;
  }

  private at(index: number): number {
    return this.closes[index % this.closes.length] as number;
  }
}
