/**
 * One readable log for everything that runs, and the same as JSON lines, and where the logs of an
 * installation are. Secrets are redacted before writing.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DeskCalendar } from '../../domain/trading-day.js';
import { datesOf } from '../../domain/zone-offset.js';
import { type Redact, redactValue } from '../redact.js';
import { everySeparateRole, rolesInOrder } from '../roles.js';
import { byDate, bySize, type MakeRoom, openRotatingFile, type RotatingFile } from './rotating-file.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The subject of a line in the trading log. */
export const LOG_KINDS = ['setup', 'order', 'error', 'venue'] as const;
export type LogKind = (typeof LOG_KINDS)[number];

/** Placeholder for a missing field. */
const NO_FIELD = '-';

export interface DeskLog {
  readonly file: string;
  /** For texts shown outside the log. */
  readonly redact: Redact;
  write(role: string, level: LogLevel, message: string, more?: Readonly<Record<string, unknown>>): void;
  /** Writes one line of a child: pino's JSON, or anything else that it printed. */
  writeChildLine(role: string, line: string, stream: 'out' | 'err'): void;
}

const FILE_BYTES_MAX = 10 * 1024 * 1024;
const FILES_KEPT = 5;

interface LogFiles {
  /** All lines: for people and for programs. */
  readonly readable: RotatingFile;
  readonly structured: RotatingFile;
  /** Lines about trading or that need attention; `errors` has only errors. One file per day of the desk. */
  readonly trading: RotatingFile;
  readonly errors: RotatingFile;
}

type Open = (path: string, makeRoom: MakeRoom) => RotatingFile;

/** The log of everything that the supervisor starts. */
export function openDeskLog(
  directory: string,
  redact: Redact,
  calendar: DeskCalendar,
  nowMs?: () => number,
): DeskLog {
  const sizes = { bytesMax: FILE_BYTES_MAX, kept: FILES_KEPT };
  const files = logFiles(DESK_LOG, directory, sizes, calendar, openRotatingFile, nowMs);
  return deskLogOf(join(directory, `${DESK_LOG}.log`), files, redact, nowMs);
}

/** `name`: name of the complete log, without extensions; the dated logs are shared by all processes of the desk. */
export function logFiles(
  name: string,
  directory: string,
  { bytesMax, kept }: { readonly bytesMax: number; readonly kept: number },
  calendar: DeskCalendar,
  open: Open,
  nowMs?: () => number,
): LogFiles {
  const sized = (ending: string): RotatingFile => {
    const path = join(directory, `${name}.${ending}`);
    return open(path, bySize(path, bytesMax, kept));
  };
  const dateOf = datesOf(calendar);
  const dated = (path: string): RotatingFile => open(path, byDate(path, dateOf, nowMs));
  return {
    readable: sized('log'),
    structured: sized('jsonl'),
    trading: dated(join(directory, TRADING_LOG)),
    errors: dated(join(directory, ERROR_LOG)),
  };
}

/** `file`: path of the complete readable log. */
export function deskLogOf(
  file: string,
  { readable, structured, trading, errors }: LogFiles,
  redact: Redact,
  nowMs: () => number = Date.now,
): DeskLog {
  const put = (timeMs: number, role: string, level: LogLevel, message: string, more: object): void => {
    const time = new Date(timeMs).toISOString();
    const oneLine = redact(message).replaceAll(/\s*\n\s*/g, ' | ');
    const head = `${time} ${role.padEnd(17)} ${level.padEnd(5)}`;
    const fields = tradingFields(level, more);
    readable.write(`${head} ${oneLine}`);
    structured.write(JSON.stringify(redactValue({ time, role, level, message, ...more, ...fields }, redact)));
    if (level !== 'warn' && fields.kind === undefined && fields.setup === undefined) return;
    const { kind = NO_FIELD, setup = NO_FIELD } = fields;
    const line = `${head} ${kind.padEnd(5)} ${setup.padEnd(8)} ${oneLine}`;
    trading.write(line);
    if (level === 'error') errors.write(line);
  };
  return {
    file,
    redact,
    write: (role, level, message, more = {}) => put(nowMs(), role, level, message, more),
    writeChildLine: (role, line, stream) => {
      const parsed = parsePino(line);
      if (parsed) put(parsed.timeMs ?? nowMs(), role, parsed.level, parsed.message, parsed.more);
      else if (line.trim() !== '') put(nowMs(), role, stream === 'err' ? 'warn' : 'info', line, {});
    },
  };
}

/**
 * Taken from the process's fields if they are ours: other lines may have a `kind`, too. An error without one
 * of our kinds gets the kind `error`.
 */
function tradingFields(level: LogLevel, more: object): { readonly kind?: LogKind; readonly setup?: string } {
  const { kind, setup } = more as { readonly kind?: unknown; readonly setup?: unknown };
  const known = LOG_KINDS.find((name) => name === kind) ?? (level === 'error' ? 'error' : undefined);
  return {
    ...(known === undefined ? {} : { kind: known }),
    ...(typeof setup === 'string' && /^[\w-]{1,40}$/.test(setup) ? { setup } : {}),
  };
}

interface PinoLine {
  readonly timeMs: number | null;
  readonly level: LogLevel;
  readonly message: string;
  readonly more: object;
}

/** Levels of pino: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
function parsePino(line: string): PinoLine | null {
  if (!line.startsWith('{')) return null;
  try {
    const {
      level,
      time,
      msg,
      pid: _pid,
      hostname: _hostname,
      ...more
    } = JSON.parse(line) as Record<string, unknown>;
    const timeMs = typeof time === 'number' ? time : Date.parse(String(time));
    return {
      timeMs: Number.isFinite(timeMs) ? timeMs : null,
      level: levelOf(level),
      message: `${typeof msg === 'string' ? msg : JSON.stringify(more)}${causeOf(more)}`,
      more,
    };
  } catch {
    return null;
  }
}

/** Gives a line that only says that something failed the reason from its fields. */
function causeOf({ err, error, detail }: Record<string, unknown>): string {
  const cause = err ?? error ?? detail;
  if (typeof cause === 'string') return `: ${cause}`;
  const { message } = (cause ?? {}) as { message?: unknown };
  return typeof message === 'string' ? `: ${message}` : '';
}

function levelOf(level: unknown): LogLevel {
  if (typeof level === 'string') {
    if (level === 'debug' || level === 'info' || level === 'warn') return level;
    return level === 'trace' ? 'debug' : 'error';
  }
  const number = Number(level);
  if (number >= 50) return 'error';
  if (number >= 40) return 'warn';
  return number >= 30 ? 'info' : 'debug';
}

// The logs of an installation: one for all processes, written by their supervisor, or one per role without a
// supervisor.

/** The databases' logs are in the same folder. */
const DESK_LOG = 'fermata';

/** Shared by all processes, however they are started; one file per day of the desk. */
export const TRADING_LOG = 'trading.log';
export const ERROR_LOG = 'errors.log';

interface LogsFound {
  /** Without extensions. */
  readonly names: readonly string[];
  /** If roles run here without a supervisor: those that have no log. */
  readonly missing: readonly string[];
}

/** `ending`: `log` for people, `jsonl` for programs. */
export function findLogs(folder: string, ending: 'log' | 'jsonl'): LogsFound {
  const isThere = (name: string): boolean => existsSync(join(folder, `${name}.${ending}`));
  const separate = everySeparateRole().filter(isThere);
  const missing = separate.length === 0 ? [] : rolesInOrder(true).filter((role) => !separate.includes(role));
  return { names: [DESK_LOG, ...separate].filter(isThere), missing };
}

/** The log that a process writes to now: its own, or the shared one. Null: there is no log here. */
export function logOf(folder: string, role: string): string | null {
  const paths = [role, DESK_LOG]
    .map((name) => join(folder, `${name}.log`))
    .filter((path) => existsSync(path));
  const [newest] = paths.sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs);
  return newest ?? null;
}
