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
