/** Market time of a simulated or recorded market: runs with the wall clock times the speed, and never backwards. */
export class MarketClock {
  private lastWallMs: number;
  private marketMs: number;

  /** `speed`: market milliseconds per wall millisecond. */
  constructor(
    startMs: number,
    private readonly speed: number,
    private readonly wallMs: () => number,
  ) {
    this.marketMs = startMs;
    this.lastWallMs = wallMs();
  }

  /** Begins (or goes on) at the present wall time: what passed since is not counted. */
  resume(): void {
    this.lastWallMs = this.wallMs();
  }

  /** A wall clock that was set back costs time here, but market time only stands still meanwhile. */
  now(): number {
    const wall = this.wallMs();
    if (wall > this.lastWallMs) this.marketMs += (wall - this.lastWallMs) * this.speed;
    this.lastWallMs = wall;
    return Math.floor(this.marketMs);
  }

  /** Wall milliseconds until `marketMs`; 0 if it has passed. */
  wallUntil(marketMs: number): number {
    return Math.max(0, (marketMs - this.now()) / this.speed);
  }
}
