import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from './role-log.js';

/** Once a process, before its first worker: signals are ours, and Temporal's own log goes where ours goes. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const fields = { temporal: true, detail: meta === undefined ? undefined : String(meta.error ?? '') };
      if (level === 'ERROR') log.error(fields, message);
      else log.warn(fields, message);
    }),
  });
}
