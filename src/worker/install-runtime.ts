import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from './role-log.js';

/** The engine's queue has activities only, on purpose. */
const NOT_A_WARNING = 'No workflows registered';

/** Once a process, before its first worker: signals are ours, and Temporal's own log goes where ours goes. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    // What the library's core says would be coloured text between our lines otherwise.
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (message.startsWith(NOT_A_WARNING)) return;
      const fields = { temporal: true, detail: meta === undefined ? undefined : String(meta.error ?? '') };
      if (level === 'ERROR') log.error(fields, message);
      else log.warn(fields, message);
    }),
  });
}
