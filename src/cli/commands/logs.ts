import { setTimeout as pause } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { datesOf } from '../../domain/zone-offset.js';
import { calendarOf, homePaths } from '../../home/runtime.js';
import {
  ERROR_LOG,
  findLogs,
  LOG_KINDS,
  type LogKind,
  type LogLevel,
  TRADING_LOG,
} from '../../supervisor/log/desk-log.js';
import {
  datedLog,
  type IsWanted,
  isAtLeast,
  LogReader,
  levelOfLine,
  processLine,
  processLogs,
  tradingLine,
} from '../../supervisor/log/log-lines.js';
import { CliFailure, usageFailure } from '../failure.js';
import { dayText, dayValue, wholeNumber } from '../option-values.js';
import { byLevel, printExact, printJson, sayNothingFound } from '../output.js';
import { fermataHome, requireRuntime } from '../running-desk.js';

const LINES_DEFAULT = 100;
const LINES_MAX = 10_000;
const LOOK_EVERY_MS = 250;

interface Options {
  readonly last: number;
  readonly follow?: boolean;
  readonly level: LogLevel;
  readonly grep?: RegExp;
  readonly kind?: LogKind;
  readonly setup?: string;
  /** One of the desk's days, for example `2026-01-05`. */
  readonly date?: string;
  readonly rotated?: boolean;
  readonly count?: boolean;
  readonly json?: boolean;
}

export function logsCommand(command: Command): void {
  command
    .option('--last <count>', 'only the newest lines', wholeNumber(1, LINES_MAX), LINES_DEFAULT)
    .option('-f, --follow', 'follow the log until Ctrl-C')
    .addOption(
      new Option('--level <level>', 'this level and worse ones')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('debug'),
    )
    .option('--grep <pattern>', 'only lines that match this regular expression, ignoring case', patternOf)
    .addOption(new Option('--kind <kind>', 'of the trading log: only lines about this').choices(LOG_KINDS))
    .option('--setup <id>', 'of the trading log: only lines about this setup', setupValue)
    .option('--date <date>', 'of the trading log: only this day of the desk, like 2026-10-01', dateValue)
    .option('--rotated', 'of the trading log: all days that are kept')
    .option('--count', 'of the trading log: only the number of lines; by default of today')
    .option('--json', 'for scripts: one object a line')
    .action(async (options: Options) => {
      refuseContradiction(options);
      const { reader, isWanted, movedMax, write } = chosen(options);
      if (options.count === true) return printCount(reader.count(isWanted, movedMax), options.json === true);
      const { last, follow } = options;
      const lines = reader.newest(last, isWanted, movedMax);
      write(lines);
      if (lines.length === 0 && follow !== true) sayNothingFound('no line of the log is like that');
      while (follow === true) {
        await pause(LOOK_EVERY_MS);
        write(reader.next().filter(isWanted));
      }
    });
}

interface Chosen {
  readonly reader: LogReader;
  readonly isWanted: IsWanted;
  /** How many rotated files to read in addition to the current one. */
  readonly movedMax: number;
  readonly write: (lines: readonly string[]) => void;
}

function chosen(options: Options): Chosen {
  const { level, grep, kind, setup, date, rotated, count, json } = options;
  const folder = homePaths(fermataHome()).logs;
  requireLog(folder);
  const isPlain: IsWanted = (line) =>
    (level === 'debug' || isAtLeast(level)(line)) && (grep?.test(line) ?? true);
  const writeAs = (read: typeof processLine) => (lines: readonly string[]) =>
    json === true ? printObjects(lines, read) : print(lines);
  if ([kind, setup, date, rotated, count].every((option) => option === undefined)) {
    return {
      reader: new LogReader(processLogs(folder)),
      isWanted: isPlain,
      movedMax: 1,
      write: writeAs(processLine),
    };
  }
  const name = kind === 'error' ? ERROR_LOG : TRADING_LOG;
  const dateOf = date === undefined && count !== true ? null : datesOf(calendarOf(requireRuntime()));
  const onlyDate = date ?? (dateOf !== null && rotated !== true ? dateOf(Date.now()) : undefined);
  const isWanted: IsWanted = (line) => {
    const found = tradingLine(line);
    if (found === null || !isPlain(line)) return false;
    if (kind !== undefined && kind !== 'error' && found.kind !== kind) return false;
    if (setup !== undefined && found.setup !== setup) return false;
    return onlyDate === undefined || dateOf?.(Date.parse(found.time)) === onlyDate;
  };
  return {
    reader: new LogReader(datedLog(folder, name, onlyDate)),
    isWanted,
    movedMax: rotated === true || onlyDate !== undefined ? Number.POSITIVE_INFINITY : 1,
    write: writeAs(tradingLine),
  };
}

function refuseContradiction({ follow, count, date, rotated }: Options): void {
  if (follow === true && (count === true || date !== undefined))
    throw usageFailure(
      `--follow goes on for ever, and ${count === true ? '--count' : '--date'} ends`,
      'leave one of them out',
    );
  if (rotated === true && date !== undefined)
    throw usageFailure('--date is one day, and --rotated all of them', 'leave one of them out');
}

function print(lines: readonly string[]): void {
  printExact(lines.map((line) => byLevel(line, levelOfLine(line), process.stdout)));
}

function printObjects(lines: readonly string[], read: typeof processLine): void {
  for (const line of lines) process.stdout.write(`${JSON.stringify(read(line) ?? { message: line })}\n`);
}

function printCount(count: number, json: boolean): void {
  if (json) printJson({ count });
  else printExact([String(count)]);
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'iu');
  } catch {
    throw new InvalidArgumentError('expected a regular expression, such as order|stop');
  }
}

function setupValue(text: string): string {
  if (/^[\w-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError('expected the id of a setup, such as 1a2b3c4d');
}

const dateValue = (text: string): string => dayText(dayValue(text));

/**
 * The trading log and the error log appear only with their first line: if the folder exists without one,
 * there was nothing to log.
 */
function requireLog(folder: string): void {
  if (findLogs(folder, 'log').names.length > 0) return;
  throw new CliFailure(
    `there is no log in ${folder}`,
    'nothing was changed',
    'start a desk with: fermata up',
  );
}
