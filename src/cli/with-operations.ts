import type { Runtime } from '../home/runtime.js';
import type { Operations } from '../operations/open-operations.js';
import { endedDesk } from './ended-desk.js';
import { requireRuntime } from './running-desk.js';

/**
 * Opens the operations of the desk that runs here. They are not closed: the process ends right after, and closing a
 * Temporal connection that is about to try again throws where nobody can catch it.
 */
export async function withOperations<T>(
  work: (operations: Operations, runtime: Runtime) => Promise<T>,
): Promise<T> {
  const runtime = requireRuntime();
  const ended = await endedDesk(runtime);
  if (ended !== null) throw ended;
  const { openOperations } = await import('../operations/open-operations.js');
  return work(await openOperations(runtime), runtime);
}
