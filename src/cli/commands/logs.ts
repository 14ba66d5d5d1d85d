import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { homePaths } from '../../home/runtime.js';
import { readLastLines } from '../../supervisor/log/last-lines.js';
import { CliFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printLines } from '../output.js';
import { fermataHome } from '../running-desk.js';

const LINES_DEFAULT = 100;
const LINES_MAX = 10_000;
const LOG_FILE = 'fermata.log';

export function logsCommand(command: Command): void {
  command
    .option('--last <count>', 'only the newest lines', wholeNumber(1, LINES_MAX), LINES_DEFAULT)
    .action(({ last }: { last: number }) => {
      const file = join(homePaths(fermataHome()).logs, LOG_FILE);
      if (!existsSync(file)) {
        throw new CliFailure(
          `there is no log ${file}`,
          'nothing was changed',
          'start a desk with: fermata up',
        );
      }
      printLines(readLastLines(file, last));
    });
}
