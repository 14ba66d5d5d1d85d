import type { Runtime } from '../home/runtime.js';
import type { Operations } from '../operations/operations.js';
import { sayingWhat } from './in-place.js';
import { requireRunning } from './running-desk.js';

/**
 * Opens the operations of the desk that runs here. They are not closed: the process ends right after, and closing a
 * Temporal connection that is about to retry throws where nobody can catch it. `waitsFor` is printed if it takes
 * longer.
 */
export async function withOperations<T>(
  work: (operations: Operations, runtime: Runtime) => Promise<T>,
  waitsFor = 'the desk to answer',
): Promise<T> {
  const runtime = await requireRunning();
  const { openOperations } = await import('../operations/operations.js');
  const operations = await openOperations(runtime);
  return sayingWhat(() => `waiting for ${waitsFor}`, work(operations, runtime));
}
