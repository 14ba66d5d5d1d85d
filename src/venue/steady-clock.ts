/**
 * The time of the machine as it was when this process started, gone on since by the monotonic clock: milliseconds since
 * 1970 that nobody sets back or forth. For market time and for deadlines that a venue names as a time of day.
 */
export const steadyNowMs = (): number => Math.floor(performance.timeOrigin + performance.now());
