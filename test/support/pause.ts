const LEAST_MS = 10;
const MOST_MS = 100;

/**
 * Between two looks of who waits: a tenth of what was waited already, so that what comes soon is seen soon, and what takes
 * seconds is not kept from it by being asked for fifty times a second.
 */
export const pauseMs = (waitedMs: number): number => Math.min(MOST_MS, Math.max(LEAST_MS, waitedMs / 10));
