/** `fermata monitor`: what trades, what runs, how much memory it uses, what went wrong. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import {
  FULL_MONITOR,
  isMissing,
  type MonitorShown,
  type MonitorSources,
  type ProcessShown,
  QUICK_MONITOR,
  readMonitor,
} from '../../checks/read-monitor.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { grouped, lasted } from '../../domain/figure-text.js';
import { headline } from '../../domain/mode.js';
import { calendarOf, deskPaths, homePaths, type Runtime } from '../../home/runtime.js';
import { inMegabytes, storedSizes } from '../../reports/sizes.js';
import { openPool } from '../../store/pool.js';
import { connectTrader } from '../../trader/client.js';
import { wholeNumber } from '../option-values.js';
import { coloured, printJson, printLines, type Screen, section, showInPlace } from '../output.js';
import { requireRunning, requireRuntime } from '../running-desk.js';
import { statusLines } from './status-command.js';

const LINES_MAX = 10_000;
const WATCH_SECONDS = 30;

interface Options {
  readonly full?: boolean;
  readonly watch?: number | true;
  readonly tail?: number;
  readonly json?: boolean;
}

/** Exit code 1 if the trader does not answer; the rest is shown all the same. `wait`: between two readings of `--watch`. */
export function monitorCommand(command: Command, wait: (ms: number) => Promise<unknown> = pause): void {
  command
    .option('--full', 'also the last setups, more errors and the newest lines of the log')
    .option(
      '-w, --watch [seconds]',
      `show it again every ${WATCH_SECONDS} seconds, or every so many`,
      wholeNumber(1, 3600),
    )
    .option('--tail <count>', 'also this many of the newest lines of the log', wholeNumber(1, LINES_MAX))
    .option('--json', 'for scripts; with --watch one value a line')
    .action(async ({ full, watch, tail, json = false }: Options) => {
      const query = {
        ...(full === true ? FULL_MONITOR : QUICK_MONITOR),
        ...(tail === undefined ? {} : { tail }),
      };
      if (watch === undefined)
        return showOnce(await readMonitor(sourcesOf(await requireRunning()), query), json);
      for (;;) {
        // Read each time: a restarted desk may listen on other ports.
        const shown = await readMonitor(sourcesOf(requireRuntime()), query);
        if (json) process.stdout.write(`${JSON.stringify(shown)}\n`);
        else showInPlace(screenOf(shown));
        await wait((watch === true ? WATCH_SECONDS : watch) * 1000);
      }
    });
}

function showOnce(shown: MonitorShown, json: boolean): void {
  const { tone, lines } = screenOf(shown);
  if (json) printJson(shown);
  else printLines(coloured(lines, tone));
  if (isMissing(shown.status)) process.exitCode = 1;
}

const screenOf = (shown: MonitorShown): Screen => ({
  tone: isMissing(shown.status) ? 'alarm' : headline(shown.status).tone,
  lines: monitorLines(shown),
});

export function monitorLines(shown: MonitorShown): string[] {
  const { status, alerts, errors, errorsToday, setups, tail } = shown;
  return [
    ...(isMissing(status)
      ? [`${shown.desk}  the trader does not answer: ${status.missing}`]
      : [...statusLines(status, alerts), ...section('strategies', strategyLines(status))]),
    ...section('processes', processLines(shown)),
    ...section('sizes', sizeLines(shown)),
    ...section(`errors today: ${errorsToday}`, errors.length === 0 ? [noErrorShown(errorsToday)] : errors),
    ...section('setups', setups),
    ...section('log', tail),
  ];
}

/** There may be errors that were not requested. */
const noErrorShown = (today: number): string =>
  today === 0 ? 'no error is kept' : 'fermata monitor --full shows the newest';

const strategyLines = ({ strategies }: TraderStatus): string[] =>
  strategies.map(
    ({ name, symbol, enabled, state }) => `${name} ${symbol}${enabled ? '' : ' (off)'}: ${state}`,
  );

const megabytes = (bytes: number): string => `${grouped(inMegabytes(bytes))} MB`;

function processLines({ processes }: MonitorShown): readonly string[] {
  return isMissing(processes) ? [`not known: ${processes.missing}`] : processes.map(processLine);
}

function processLine({ name, state, pid, restarts, upMs, memoryBytes }: ProcessShown): string {
  const told = [
    state,
    ...(upMs === null ? [] : [`up ${lasted(upMs)}`]),
    ...(memoryBytes === null ? [] : [`${megabytes(memoryBytes)} of memory`]),
    ...(pid === null ? [] : [`process ${pid}`]),
    ...(restarts === 0 ? [] : [restarts === 1 ? 'started again once' : `started again ${restarts} times`]),
  ];
  return `${name.padEnd(17)} ${told.join(', ')}`;
}

function sizeLines({ stored, disk }: MonitorShown): string[] {
  return [
    ...(isMissing(stored)
      ? [`database, backups  not known: ${stored.missing}`]
      : [`database ${megabytes(stored.database)}, backups ${megabytes(stored.backups)}`]),
    ...(isMissing(disk)
      ? [`logs, disk  not known: ${disk.missing}`]
      : [
          `logs ${megabytes(disk.logs)}, disk ${megabytes(disk.disk.free)} of ${megabytes(disk.disk.whole)} free`,
        ]),
  ];
}

const TRADER_MS = 5_000;

/**
 * Where a command reads what the monitor shows of a desk: over its own connections, opened for one reading
 * each.
 */
export const sourcesOf = (runtime: Runtime): MonitorSources => ({
  ...{ home: runtime.home, desk: runtime.desk, calendar: calendarOf(runtime) },
  status: async () => {
    const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
    try {
      return await trader.call('status', {}, { timeoutMs: TRADER_MS });
    } finally {
      trader.close();
    }
  },
  stored: async () => {
    const pool = openPool(runtime, 'monitor');
    try {
      return await storedSizes(pool, runtime.home);
    } finally {
      await pool.end();
    }
  },
});
