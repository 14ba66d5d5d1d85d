import { join } from 'node:path';
import type { Command } from 'commander';
import { homePaths } from '../../home/runtime.js';
import { readLastLines } from '../../supervisor/log/last-lines.js';
import { findLogs } from '../../supervisor/log/log-files.js';
import { CliFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printLines } from '../output.js';
import { fermataHome } from '../running-desk.js';

const LINES_DEFAULT = 100;
const LINES_MAX = 10_000;
const TIME_LENGTH = '2026-01-01T00:00:00.000Z'.length;

export function logsCommand(command: Command): void {
  command
    .option('--last <count>', 'only the newest lines', wholeNumber(1, LINES_MAX), LINES_DEFAULT)
    .action(({ last }: { last: number }) => {
      const folder = homePaths(fermataHome()).logs;
      const { names } = findLogs(folder, 'log');
      if (names.length === 0) {
        throw new CliFailure(
          `there is no log in ${folder}`,
          'nothing was changed',
          'start a desk with: fermata up',
        );
      }
      printLines(newestLines(folder, names, last));
    });
}

/** Of one log as they are; of several, each of a role that runs alone, by their time. */
function newestLines(folder: string, names: readonly string[], count: number): readonly string[] {
  const lines = names.flatMap((name) => readLastLines(join(folder, `${name}.log`), count));
  return (names.length === 1 ? lines : lines.sort(byTime)).slice(-count);
}

const byTime = (left: string, right: string): number =>
  left.slice(0, TIME_LENGTH).localeCompare(right.slice(0, TIME_LENGTH));
