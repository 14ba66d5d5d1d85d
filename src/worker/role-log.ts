import { type Logger, pino } from 'pino';
import { logOutput } from '../home/desk-in-process.js';

export type { Logger } from 'pino';

/** JSON lines on standard output, which the supervisor collects, redacts and merges. */
export function roleLog(role: string): Logger {
  return pino({ name: role, base: { pid: process.pid } }, logOutput());
}
