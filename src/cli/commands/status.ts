import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { headline } from '../../domain/mode.js';
import { channelHealth, type ShownChannel } from '../../home/channel-health.js';
import { sharesServers } from '../../home/installation.js';
import { type Readiness, readReadiness, readyPct } from '../../home/readiness.js';
import { deskPaths, homePaths, type Runtime } from '../../home/runtime.js';
import { connectTrader, TraderUnavailable } from '../../trader/client.js';
import { CliFailure, failureLines, presentFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { coloured, failureJson, printJson, printLines, showInPlace } from '../output.js';
import { endedDesk, requireRuntime, withOperations } from '../running-desk.js';
import { section, statusLines } from '../status-lines.js';

const TIMEOUT_MS = 5000;

/** Asks the trader itself, which answers while Temporal, Postgres and the web server are down. */
export function statusCommand(command: Command): void {
  command
    .option('-w, --watch [seconds]', 'show it again every second, or every so many', wholeNumber(1, 3600))
    .option('--json', 'for scripts; with --watch one value a line')
    .action(async ({ json, watch }: { json?: boolean; watch?: number | true }) => {
      if (watch === undefined) return show(await readDesk(), json === true);
      const everyMs = (watch === true ? 1 : watch) * 1000;
      for (;;) {
        if (json === true) await printLine();
        else await showAgain();
        await pause(everyMs);
      }
    });
}

interface ReadDesk {
  readonly runtime: Runtime;
  readonly status: TraderStatus;
  readonly alerts: readonly ShownChannel[];
  /** Readiness of the configuration that runs now. Null: not checked yet. */
  readonly readiness: Readiness | null;
  /** What its paper twins have done since it halted, one line each. */
  readonly twins: readonly string[];
  /** Who has decided to resume, where two people have to: one line each. */
  readonly decided: readonly string[];
}

async function readDesk(): Promise<ReadDesk> {
  const runtime = requireRuntime();
  const status = await readStatus(runtime);
  const { home, desk } = runtime;
  const found = readReadiness(home, desk);
  const readiness = found?.configHash === status.configHash ? found : null;
  const [twins, decided] = await Promise.all([twinsOf(runtime, status), decidedOf(status)]);
  return { runtime, status, alerts: channelHealth(home, desk, Date.now()), readiness, twins, decided };
}

/** Loaded, and reads the database, only if a halted desk has other desks next to it. */
async function twinsOf(runtime: Runtime, status: TraderStatus): Promise<readonly string[]> {
  if (status.halts.length === 0 || !sharesServers(runtime.home)) return [];
  const { whatTwinsDid } = await import('../../reports/paper-twins.js');
  return whatTwinsDid(runtime, status, Date.now());
}

const DECIDED_MS = 5_000;

/** Asks Temporal only where two people have to resume; without an answer the status is shown all the same. */
async function decidedOf({ halts }: TraderStatus): Promise<readonly string[]> {
  if (!halts.some(({ resume }) => resume === 'two-people')) return [];
  const read = withOperations((operations) => operations.readDecided('')).catch(() => []);
  return Promise.race([read, pause(DECIDED_MS, [], { ref: false })]);
}

function show(desk: ReadDesk, json: boolean): void {
  if (json) printJson(jsonOf(desk));
  else printLines(coloured(shownLines(desk), headline(desk.status).tone));
}

function jsonOf({ runtime, status, alerts, readiness, twins, decided }: ReadDesk): object {
  const { kind, address, namespace, isolation } = runtime.temporal;
  const { runbook = null } = runtime;
  const temporal = { kind, address, namespace, isolation: isolation ?? null };
  const shown = readiness && { ...readiness, readyPct: readyPct(readiness) };
  return { ...status, alerts, runbook, readiness: shown, temporal, twins, decided };
}

const shownLines = ({ runtime, status, alerts, readiness, twins, decided }: ReadDesk): string[] => [
  ...statusLines(status, alerts, runtime.runbook && { ...runtime.runbook, readiness }),
  ...section('decided so far; the next one who resumes arms it', decided),
  ...section('beside it on paper', twins),
  ...reachLines(runtime),
];

/** Prints a failure as a value too: a script that reads on gets it until the trader answers again. */
async function printLine(): Promise<void> {
  const value = await readDesk().then(jsonOf, (error: unknown) => failureJson(presentFailure(error)));
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Also shows failures, until the trader answers again. */
async function showAgain(): Promise<void> {
  showInPlace(
    await readDesk().then(
      (desk) => ({ tone: headline(desk.status).tone, lines: shownLines(desk) }),
      (error: unknown) => ({ tone: 'alarm' as const, lines: failureLines(presentFailure(error)) }),
    ),
  );
}

/** Warns if the managed Temporal server could not get its own network. */
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
