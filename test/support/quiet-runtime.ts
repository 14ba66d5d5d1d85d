/** Temporal's library takes what its workers write, and how they end, once for a process, which several test files may share. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

let installed = false;

export function quietRuntime(): void {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  installed = true;
}
