import { NO_PARAMETERS } from '../desk/step-parts.js';
import { lasted } from '../domain/figure-text.js';
import { megabytes, storedSizes } from '../reports/sizes.js';
import { check } from './check.js';
import {
  FULL_MONITOR,
  isMissing,
  type Missing,
  type MonitorShown,
  type ProcessShown,
  readMonitor,
} from './read-monitor.js';

const STATUS_MS = 5_000;
const QUOTED = 3;

/** Everything that `fermata monitor --full` shows: each part answers, and each process runs. */
export const monitor = check(
  'Everything that should run does',
  NO_PARAMETERS,
  async ({ runtime, desk, trader, pool }) => {
    const expected = 'every part answers, and every process runs';
    const shown = await readMonitor(
      {
        ...{ home: runtime.home, desk: desk.desk, calendar: desk },
        status: () => trader.call('status', {}, { timeoutMs: STATUS_MS }),
        stored: () => storedSizes(pool, runtime.home),
      },
      FULL_MONITOR,
    );
    const { status, processes, stored, disk } = shown;
    const parts = { trader: status, database: stored, disk };
    const missing = Object.entries(parts).flatMap(([name, part]) =>
      isMissing(part) ? [`${name} does not answer: ${part.missing}`] : [],
    );
    const ended = isMissing(processes) ? [] : processes.filter(({ state }) => state !== 'running');
    const observed = [...missing, ...saidOf(shown)].join('; ');
    if (missing.length > 0 || ended.length > 0) return { verdict: 'fail', observed, expected };
    return { verdict: isMissing(processes) ? 'not_run' : 'pass', observed, expected };
  },
);

function saidOf({ status, processes, stored, disk, errors, errorsToday, setups }: MonitorShown): string[] {
  return [
    ...(isMissing(status) ? [] : [`${status.mode}, up ${lasted(Date.now() - status.startedWallMs)}`]),
    processesText(processes),
    ...(isMissing(stored)
      ? []
      : [`database ${megabytes(stored.database)}, backups ${megabytes(stored.backups)}`]),
    ...(isMissing(disk) ? [] : [`logs ${megabytes(disk.logs)}, disk ${megabytes(disk.disk.free)} free`]),
    `errors today: ${errorsToday}${errors.length === 0 ? '' : ` (${errors.slice(-QUOTED).join(' | ')})`}`,
    `the last setups: ${setups.slice(-QUOTED).join(' | ') || 'none'}`,
  ];
}

const processesText = (processes: readonly ProcessShown[] | Missing): string =>
  isMissing(processes)
    ? `processes not known: ${processes.missing}`
    : `processes ${processes.map(processText).join(', ')}`;

function processText({ name, state, upMs, memoryBytes }: ProcessShown): string {
  const told = [
    state,
    ...(upMs === null ? [] : [lasted(upMs)]),
    ...(memoryBytes === null ? [] : [megabytes(memoryBytes)]),
  ];
  return `${name} (${told.join(', ')})`;
}
