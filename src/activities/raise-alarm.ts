import type { Alarm } from '../contracts/notice.js';

export interface AlarmLog {
  error(fields: object, message: string): void;
}

/** An alarm is a line of the log that says so; who is told by other ways hears it from there. */
export function raiseAlarm(log: AlarmLog, { desk, text }: Alarm): void {
  log.error({ alarm: true, desk }, text);
}
