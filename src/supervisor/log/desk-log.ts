/** One readable log for everything that runs, and the same as JSON lines. Secrets are taken out before writing. */
import { join } from 'node:path';
import { type Redact, redactValue } from '../redact.js';
import { DESK_LOG } from './log-files.js';
import { openRotatingFile, type RotatingFile } from './rotating-file.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface DeskLog {
  readonly file: string;
  /** For what is shown elsewhere than in the log. */
  readonly redact: Redact;
  write(role: string, level: LogLevel, message: string, more?: Readonly<Record<string, unknown>>): void;
  /** One line of a child: pino's JSON, or whatever else it printed. */
  writeChildLine(role: string, line: string, stream: 'out' | 'err'): void;
}

const FILE_BYTES_MAX = 10 * 1024 * 1024;
const FILES_KEPT = 5;

/** The log of everything that the supervisor starts. */
export function openDeskLog(directory: string, redact: Redact, nowMs?: () => number): DeskLog {
  const open = (name: string) => openRotatingFile(join(directory, name), FILE_BYTES_MAX, FILES_KEPT);
  return deskLogOf(DESK_LOG, directory, redact, open, nowMs);
}

/** `name`: of both files, without their endings. */
export function deskLogOf(
  name: string,
  directory: string,
  redact: Redact,
  open: (name: string) => RotatingFile,
  nowMs: () => number = Date.now,
): DeskLog {
  const readable = open(`${name}.log`);
  const structured = open(`${name}.jsonl`);
  const put = (timeMs: number, role: string, level: LogLevel, message: string, more: object): void => {
    const time = new Date(timeMs).toISOString();
    const oneLine = redact(message).replaceAll(/\s*\n\s*/g, ' | ');
    readable.write(`${time} ${role.padEnd(17)} ${level.padEnd(5)} ${oneLine}`);
    structured.write(JSON.stringify(redactValue({ time, role, level, message, ...more }, redact)));
  };
  return {
    file: join(directory, `${name}.log`),
    redact,
    write: (role, level, message, more = {}) => put(nowMs(), role, level, message, more),
    writeChildLine: (role, line, stream) => {
      const parsed = parsePino(line);
      if (parsed) put(parsed.timeMs ?? nowMs(), role, parsed.level, parsed.message, parsed.more);
      else if (line.trim() !== '') put(nowMs(), role, stream === 'err' ? 'warn' : 'info', line, {});
    },
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

/** A line that says only that something failed gets the reason out of its fields. */
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
