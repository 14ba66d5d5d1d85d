import type { Notice } from '../contracts/notice.js';

/** `key`: the same for the same alarm, however often its activity is retried. */
export function alarmNotice(alarm: { readonly desk: string; readonly text: string }, key: string): Notice {
  return {
    desk: alarm.desk,
    event: 'warning',
    severity: 'critical',
    about: 'alarm',
    title: `Alarm on ${alarm.desk}`,
    text: alarm.text,
    fingerprint: `alarm:${key}`,
  };
}
