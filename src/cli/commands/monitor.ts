import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import {
  FULL_MONITOR,
  isMissing,
  type MonitorShown,
  QUICK_MONITOR,
  readMonitor,
} from '../../checks/read-monitor.js';
import { headline } from '../../domain/mode.js';
import { monitorLines, sourcesOf } from '../monitor-shown.js';
import { wholeNumber } from '../option-values.js';
import { coloured, printJson, printLines, type Screen, showInPlace } from '../output.js';
import { requireRunning, requireRuntime } from '../running-desk.js';

const LINES_MAX = 10_000;
const WATCH_SECONDS = 30;

interface Options {
  readonly full?: boolean;
  readonly watch?: number | true;
  readonly tail?: number;
  readonly json?: boolean;
}

/** Exit code 1 if the trader does not answer; the rest is shown all the same. `wait`: between two looks of `--watch`. */
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
