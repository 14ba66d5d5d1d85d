/** `fermata monitor` for people: what trades, what runs, how much memory it uses, what went wrong. */
import {
  isMissing,
  type MonitorShown,
  type MonitorSources,
  type ProcessShown,
} from '../checks/read-monitor.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { grouped, lasted } from '../domain/figure-text.js';
import { calendarOf, deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { inMegabytes, storedSizes } from '../reports/sizes.js';
import { openPool } from '../store/pool.js';
import { connectTrader } from '../trader/client.js';
import { section, statusLines } from './status-lines.js';

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
