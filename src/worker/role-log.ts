import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on standard output, which the supervisor takes, redacts and merges. */
export function roleLog(role: string): Logger {
  return pino({ name: role, base: { pid: process.pid } });
}
