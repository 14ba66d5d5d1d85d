import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { cancelledOrEnding } from './worker-ends.js';

const BEAT_MS = 2_000;

/**
 * Sends heartbeats while `work` runs, so that a dead worker is noticed. `say` reports progress; `signal` aborts when
 * `work` is to give up and clean up after itself.
 */
export async function withHeartbeat<T>(
  work: (say: (at: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  let at = 'begins';
  const timer = setInterval(() => context.heartbeat(at), BEAT_MS);
  try {
    return await work((now) => {
      at = now;
      context.heartbeat(at);
    }, cancelledOrEnding(context));
  } finally {
    clearInterval(timer);
  }
}

/**
 * For an activity that ends this worker along with everything else: if it fails as the worker ends, the next worker
 * tries it again.
 */
export function acrossWorkers<T>(work: (ending: AbortSignal) => Promise<T>): Promise<T> {
  return withHeartbeat(async (_say, ending) => {
    try {
      return await work(ending);
    } catch (error) {
      throw ending.aborted ? ApplicationFailure.retryable('its worker has ended', 'WorkerEnded') : error;
    }
  });
}
