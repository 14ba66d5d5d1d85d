import { readdirSync, readFileSync } from 'node:fs';

/** Of a process of this machine, MiB: what is resident now, or the most that ever was. */
export function mebibytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}

/** Its share of memory, MiB: what several processes have in common counts once for all of them. 0: it has ended. */
export function shareOf(pid: number): number {
  const found = /^Pss:\s+(\d+) kB/m.exec(readOf(pid, 'smaps_rollup'));
  return Number(found?.[1] ?? 0) / 1024;
}

const TICKS_A_SECOND = 100;

/** What it has had of the processors since it began, in programs and in the system. */
export function cpuSecondsOf(pid: number): number {
  const stat = readOf(pid, 'stat');
  // The program's name stands in brackets and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_A_SECOND;
}

/** These and all that they have begun, as long as it lives. */
export function withDescendants(pids: Iterable<number>): ReadonlySet<number> {
  const parents = new Map(
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0)
      .map((pid) => [pid, Number(/^PPid:\s+(\d+)/m.exec(readOf(pid, 'status'))?.[1] ?? 0)]),
  );
  const found = new Set(pids);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return found;
}

/** Empty where it has ended. */
function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
