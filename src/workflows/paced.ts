/**
 * Pauses of loops that stay in one run for as long as they last: the longer its history, the longer they are, so that
 * all loops of the run together stay below what the server allows.
 */
import { workflowInfo } from '@temporalio/workflow';

/** The server ends a run at 51,200 events, or at 50 MB. */
const EVENT_BYTES = 1_024;
/** Nothing is slowed down up to here; a run that may continue as new has done so long before. */
const FREE_EVENTS = 8_000;
const DOUBLING_EVENTS = 1_500;

/** That pause, in milliseconds, or a longer one. */
export function paced(pauseMs: number): number {
  const { historyLength, historySize } = workflowInfo();
  return pauseMs * slowdown(Math.max(historyLength, historySize / EVENT_BYTES));
}

export const slowdown = (events: number): number =>
  2 ** (Math.max(0, events - FREE_EVENTS) / DOUBLING_EVENTS);
