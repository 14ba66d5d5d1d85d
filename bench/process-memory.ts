import { readFileSync } from 'node:fs';

/** Of a process of this machine, MiB: what is resident now, or the most that ever was. */
export function mebibytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}
