import type { Command } from 'commander';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { channelHealth } from '../../home/channel-health.js';
import { deskPaths, homePaths, type Runtime } from '../../home/runtime.js';
import { connectTrader, TraderUnavailable } from '../../trader/client.js';
import { endedDesk } from '../ended-desk.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { requireRuntime } from '../running-desk.js';
import { statusLines } from '../status-lines.js';

const TIMEOUT_MS = 5000;

/** Asks the trader itself: it answers while Temporal, Postgres and the web server are down. */
export function statusCommand(command: Command): void {
  command.option('--json', 'for scripts').action(async (options: { json?: boolean }) => {
    const runtime = requireRuntime();
    const status = await readStatus(runtime);
    const alerts = channelHealth(runtime.home, runtime.desk, Date.now());
    if (options.json === true) {
      const { kind, address, namespace, isolation } = runtime.temporal;
      printJson({ ...status, alerts, temporal: { kind, address, namespace, isolation: isolation ?? null } });
    } else {
      printLines([...statusLines(status, alerts), ...reachLines(runtime)]);
    }
  });
}

/** Where the managed Temporal server could get no network of its own. */
function reachLines({ temporal }: Runtime): string[] {
  return temporal.isolation === 'loopback'
    ? [
        '',
        'Temporal’s ports are open to other users of this machine: they could stop the desk, never decide (docs/SECURITY.md)',
      ]
    : [];
}

async function readStatus(runtime: Runtime): Promise<TraderStatus> {
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  try {
    return await trader.call('status', {}, { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof TraderUnavailable)) throw error;
    throw (await endedDesk(runtime)) ?? noTrader(runtime.desk, error);
  } finally {
    trader.close();
  }
}

function noTrader(desk: string, error: Error): CliFailure {
  return new CliFailure(
    `the trader of desk ${desk} does not answer (${error.message})`,
    'positions keep the stops that rest at the venue; nothing enters while no trader runs',
    'wait a few seconds where it is being restarted; otherwise: fermata up, and see: fermata logs',
  );
}
