/**
 * A worker that ends lets an activity come to its end, for as long as a short one may take. One that goes on for hours is
 * told at once instead, so that it has the whole time for its cleanup; the next worker tries it again.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

const worker = new AsyncLocalStorage<AbortSignal>();

/** For every activity of a worker. `ends`: aborted when the worker is to end. */
export const tellOfEnd = (ends: AbortSignal) => (): ActivityInterceptors => ({
  inbound: { execute: (input, next) => worker.run(ends, () => next(input)) },
});

/** For what goes on for hours: aborted when it is cancelled, and when its worker is to end. */
export function cancelledOrEnding({ cancellationSignal }: Context): AbortSignal {
  const ends = worker.getStore();
  return ends === undefined ? cancellationSignal : AbortSignal.any([cancellationSignal, ends]);
}
