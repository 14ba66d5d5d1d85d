import { setTimeout as pause } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { homePaths } from '../../home/runtime.js';
import type { LogLevel } from '../../supervisor/log/desk-log.js';
import { findLogs } from '../../supervisor/log/log-files.js';
import { type IsWanted, isAtLeast, LogReader, levelOfLine } from '../../supervisor/log/log-lines.js';
import { byLevel } from '../colour.js';
import { CliFailure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { printExact } from '../output.js';
import { fermataHome } from '../running-desk.js';

const LINES_DEFAULT = 100;
const LINES_MAX = 10_000;
const LOOK_EVERY_MS = 250;

interface Options {
  readonly last: number;
  readonly follow?: boolean;
  readonly level: LogLevel;
  readonly grep?: RegExp;
}

export function logsCommand(command: Command): void {
  command
    .option('--last <count>', 'only the newest lines', wholeNumber(1, LINES_MAX), LINES_DEFAULT)
    .option('-f, --follow', 'go on with what is written, until Ctrl-C')
    .addOption(
      new Option('--level <level>', 'this one and what is worse')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('debug'),
    )
    .option('--grep <pattern>', 'only lines with it: a regular expression, in capitals or not', patternOf)
    .action(async ({ last, follow, level, grep }: Options) => {
      const folder = homePaths(fermataHome()).logs;
      requireLog(folder);
      const isWanted: IsWanted = (line) =>
        (level === 'debug' || isAtLeast(level)(line)) && (grep?.test(line) ?? true);
      const reader = new LogReader(folder);
      print(reader.newest(last, isWanted));
      while (follow === true) {
        await pause(LOOK_EVERY_MS);
        print(reader.next().filter(isWanted));
      }
    });
}

function print(lines: readonly string[]): void {
  printExact(lines.map((line) => byLevel(line, levelOfLine(line), process.stdout)));
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'iu');
  } catch {
    throw new InvalidArgumentError('expected a regular expression, such as order|stop');
  }
}

function requireLog(folder: string): void {
  if (findLogs(folder, 'log').names.length > 0) return;
  throw new CliFailure(
    `there is no log in ${folder}`,
    'nothing was changed',
    'start a desk with: fermata up',
  );
}
