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
}
