/**
 * A worker that ends waits for its running activities, each for as long as its contract allows: an attempt
 * may finish until its start-to-close timeout is over. An activity with heartbeats may run for hours and can
 * stop early; it is notified at once, so that it has the whole time for cleanup. The wait never exceeds
 * `END_TIMES.graceMs`. An activity that has not ended by then is abandoned, and the next worker tries it
 * again at once, without waiting for the server's timeout.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';

/**
 * `graceMs`: the longest wait for any activity. `closeMs`: after this, the worker gives up on a clean end. An
 * ending worker takes on nothing, not even heartbeats for the trader. Together with the start of the next
 * worker the times must stay below the shortest silence after which the shipped desk stops (60 s), or a mere
 * restart would halt trading.
 */
export const END_TIMES = { graceMs: 20_000, closeMs: 10_000 } as const;

const worker = new AsyncLocalStorage<AbortSignal>();

/** Applies to every activity of a worker. `ends`: aborted when the worker must end. */
export const endWithWorker = (ends: AbortSignal) => {
  // Each running activity adds a listener, and there may be many: Node would warn of a leak from the eleventh on.
  setMaxListeners(0, ends);
  return (context: Context): ActivityInterceptors => {
    const { heartbeatTimeoutMs, startToCloseTimeoutMs, activityType } = context.info;
    const untilMs = performance.now() + startToCloseTimeoutMs;
    const beats = heartbeatTimeoutMs !== undefined && heartbeatTimeoutMs > 0;
    return {
      inbound: {
        execute: async (input, next) => {
          const timeIsUp = new AbortController();
          let timer: NodeJS.Timeout | undefined;
          const letGo = new Promise<never>((_resolve, reject) => {
            timeIsUp.signal.addEventListener('abort', () => reject(workerEnded(activityType)), {
              once: true,
            });
          });
          const onEnd = (): void => {
            const leftMs = Math.max(0, untilMs - performance.now());
            timer = setTimeout(() => timeIsUp.abort(), Math.min(leftMs, END_TIMES.graceMs));
          };
          ends.addEventListener('abort', onEnd, { once: true });
          if (ends.aborted) onEnd();
          try {
            const told = beats ? ends : timeIsUp.signal;
            return await Promise.race([worker.run(told, () => next(input)), letGo]);
          } finally {
            clearTimeout(timer);
            ends.removeEventListener('abort', onEnd);
          }
        },
      },
    };
  };
};

const workerEnded = (activityType: string): ApplicationFailure =>
  ApplicationFailure.retryable(`${activityType} was let go: its worker has ended`, 'WorkerEnded');

/**
 * For an activity that can stop early: aborted when the activity is cancelled, and when its worker ends and no longer
 * waits for it.
 */
export function cancelledOrEnding({ cancellationSignal }: Context): AbortSignal {
  const ends = worker.getStore();
  return ends === undefined ? cancellationSignal : AbortSignal.any([cancellationSignal, ends]);
}

const BEAT_MS = 2_000;

/**
 * Sends heartbeats while `work` runs, so that a dead worker is noticed. `say` reports progress; `signal`
 * aborts when `work` must give up and clean up after itself.
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
