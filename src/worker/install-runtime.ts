import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { messageOf } from '../domain/message-of.js';
import type { Logger } from './role-log.js';
import { showFigures } from './show-figures.js';

/** The engine's queue has activities only, and that of playbooks workflows only, on purpose. */
const NO_WARNINGS = ['No workflows registered', 'No activities registered'];

interface Shown {
  readonly role: string;
  readonly address: string | undefined;
}

/** Of this process' library: where it shows its figures; undefined: nowhere. Null: not installed yet. */
let installed: { readonly figures: string | undefined } | null = null;
/** One after the other: the second of two desks finds what the first has installed. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Before the first worker: signals are ours, and Temporal's own log goes where ours goes. `shown`: where the library's figures,
 * those of the whole process, are shown to Prometheus, host:port. Nobody is asked who they are there: names and counts. What is
 * given back ends that.
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
