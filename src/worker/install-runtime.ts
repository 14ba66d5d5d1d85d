import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { messageOf } from '../domain/message-of.js';
import type { Logger } from './role-log.js';
import { showFigures } from './show-figures.js';

/** The engine's queue has activities only, and that of playbooks workflows only, on purpose. */
const NO_WARNINGS = ['No workflows registered', 'No activities registered'];

/**
 * Once a process, before its first worker: signals are ours, and Temporal's own log goes where ours goes. `shown`:
 * where the library's figures are shown to Prometheus, host:port. Nobody is asked who they are there: names and counts.
 */
export async function installRuntime(
  log: Logger,
  shown?: { readonly role: string; readonly address: string | undefined },
): Promise<void> {
  const { role, address } = shown ?? {};
  const tell = (error: unknown): null => {
    log.warn({ address, error: messageOf(error) }, "the figures of Temporal's library can't be shown there");
    return null;
  };
  const figures =
    address === undefined || role === undefined ? null : await showFigures(address, role).catch(tell);
  try {
    install(log, figures?.inner);
  } catch (error) {
    if (figures === null) throw error;
    figures.close();
    tell(error);
    install(log);
  }
}

function install(log: Logger, metrics?: string): void {
  Runtime.install({
    shutdownSignals: [],
    telemetryOptions: {
      // What the library's core says would be coloured text between our lines otherwise.
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) },
      ...(metrics === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metrics,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (NO_WARNINGS.some((text) => message.startsWith(text))) return;
      const fields = { temporal: true, detail: meta === undefined ? undefined : String(meta.error ?? '') };
      if (level === 'ERROR') log.error(fields, message);
      else log.warn(fields, message);
    }),
  });
}
