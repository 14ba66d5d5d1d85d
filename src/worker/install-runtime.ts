import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { messageOf } from '../domain/message-of.js';
import type { Logger } from './role-log.js';
import { showFigures } from './show-figures.js';

/** Intended: the engine's queue has only activities, the playbooks' queue only workflows. */
const NO_WARNINGS = ['No workflows registered', 'No activities registered'];

interface Shown {
  readonly role: string;
  readonly address: string | undefined;
}

/** Where this process's library shows its metrics; `figures` undefined: nowhere. Null: not installed yet. */
let installed: { readonly figures: string | undefined } | null = null;
/** Runs one installation at a time: the second of two desks finds what the first has installed. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Call before the first worker: signals are handled by us, and Temporal's log goes to our log. `shown`: host:port where
 * the library shows its metrics (of the whole process) to Prometheus, without authentication: names and counts only.
 * The returned function ends that.
 */
export function installRuntime(log: Logger, shown?: Shown): Promise<() => void> {
  const done = turn.then(() => installInTurn(log, shown));
  turn = done.catch(() => undefined);
  return done;
}

async function installInTurn(log: Logger, shown?: Shown): Promise<() => void> {
  const { role, address } = shown ?? {};
  const tell = (error: unknown): null => {
    log.warn({ address, error: messageOf(error) }, "the figures of Temporal's library can't be shown there");
    return null;
  };
  const isShown = address !== undefined && role !== undefined && installed?.figures !== undefined;
  const figures =
    address === undefined || role === undefined || (installed !== null && !isShown)
      ? null
      : await showFigures(address, role, installed?.figures).catch(tell);
  const close = (): void => figures?.close();
  if (installed !== null) return close;
  try {
    install(log, figures?.inner);
    installed = { figures: figures?.inner };
  } catch (error) {
    if (figures === null) throw error;
    close();
    tell(error);
    install(log);
    installed = { figures: undefined };
  }
  return close;
}

function install(log: Logger, metrics?: string): void {
  Runtime.install({
    shutdownSignals: [],
    telemetryOptions: {
      // Otherwise the library's core would print coloured text between our lines.
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
