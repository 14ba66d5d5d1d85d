/** Market time of a simulated or recorded market: runs with real time times the speed, and never backwards. */
export class MarketClock {
  private lastMs: number;
  private marketMs: number;

  /** `speed`: market milliseconds per millisecond of real time. */
  constructor(
    startMs: number,
    private readonly speed: number,
    private readonly steadyMs: () => number,
  ) {
    this.marketMs = startMs;
    this.lastMs = steadyMs();
  }

  /** Begins (or goes on) now: what passed since is not counted. */
  resume(): void {
    this.lastMs = this.steadyMs();
  }

  now(): number {
    const now = this.steadyMs();
    if (now > this.lastMs) this.marketMs += (now - this.lastMs) * this.speed;
    this.lastMs = now;
    return Math.floor(this.marketMs);
  }

  /** Milliseconds of real time until `marketMs`; 0 if it has passed. */
  realMsUntil(marketMs: number): number {
    return Math.max(0, (marketMs - this.now()) / this.speed);
  }
}
