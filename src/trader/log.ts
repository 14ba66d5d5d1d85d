/** One JSON line per message on standard output, in the form that the supervisor reads from every role. */

export type LogLevel = 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, message: string, more?: Readonly<Record<string, unknown>>) => void;

/** Pino's level numbers; the supervisor merges pino's lines with these. */
const LEVELS: Readonly<Record<LogLevel, number>> = { info: 30, warn: 40, error: 50 };

export function openLog(name: string): Log {
  // The reader may be gone because the supervisor died; that must not end the trader.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  return (level, message, more = {}) => {
    process.stdout.write(
      `${JSON.stringify({ level: LEVELS[level], time: Date.now(), pid: process.pid, name, msg: message, ...more })}\n`,
    );
  };
}
