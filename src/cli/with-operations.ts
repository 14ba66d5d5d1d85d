import type { Runtime } from '../home/runtime.js';
import type { Operations } from '../operations/open-operations.js';
import { requireRuntime } from './running-desk.js';

/** Opens the operations of the desk that runs here, and closes them without waiting for what hangs. */
export async function withOperations<T>(
  work: (operations: Operations, runtime: Runtime) => Promise<T>,
): Promise<T> {
  const runtime = requireRuntime();
  const { openOperations } = await import('../operations/open-operations.js');
  const operations = await openOperations(runtime);
  try {
    return await work(operations, runtime);
  } finally {
    void operations.close().catch(() => undefined);
  }
}
