import type { Alarm } from '../contracts/notice.js';

export interface AlarmLog {
  error(fields: object, message: string): void;
}

/** An alarm is a marked line of the log; other channels pick it up from there. */
export function raiseAlarm(log: AlarmLog, { desk, text }: Alarm): void {
  log.error({ alarm: true, desk }, text);
}
