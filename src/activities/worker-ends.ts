/**
 * A worker that ends waits for what it has in its hands, for each activity as long as its own contract allows: an attempt
 * may come to its end until its start-to-close timeout is over. What beats goes on for hours and can stop early: it is told
 * at once, so that it has the whole time for its cleanup. Nothing is waited for longer than `END_TIMES.graceMs`. Who has
 * not ended by then is let go, and the next worker tries it again at once, not only when the server misses it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';

/**
 * `graceMs`: the longest that any activity is waited for; `closeMs`: until the worker gives up on itself. A worker that ends
 * takes nothing on, heartbeats for the trader neither: together with the start of the next one it stays below the shortest
 * silence after which the shipped desk stops (60 s), or a mere restart would halt trading.
 */
export const END_TIMES = { graceMs: 20_000, closeMs: 10_000 } as const;

const worker = new AsyncLocalStorage<AbortSignal>();

/** For every activity of a worker. `ends`: aborted when the worker is to end. */
export const endWithWorker = (ends: AbortSignal) => {
  // Each activity that runs listens, and there may be many: Node would warn of a leak from the eleventh on.
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

/** For what can stop early: aborted when it is cancelled, and when its worker ends and waits no longer for it. */
export function cancelledOrEnding({ cancellationSignal }: Context): AbortSignal {
  const ends = worker.getStore();
  return ends === undefined ? cancellationSignal : AbortSignal.any([cancellationSignal, ends]);
}
