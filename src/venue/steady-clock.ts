/**
 * Milliseconds since 1970 by a clock that nobody sets: the machine's time when this process started, advanced
 * by the monotonic clock. For market time, and for deadlines that a venue states as a time of day.
 */
export const steadyNowMs = (): number => Math.floor(performance.timeOrigin + performance.now());
