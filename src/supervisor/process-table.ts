/** What the system knows about other processes. A pid alone proves nothing, because pids are reused. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PS_TIMEOUT_MS = 5_000;

/** Also true for another user's process. False for a zombie only once it is reaped. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A text that is the same while the pid means the same process; null once there is none (or only a zombie). */
export async function startTimeOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    // The program's name is in brackets and may contain anything, so fields are counted from the last bracket.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (!fields || fields[0] === 'Z') return null;
    return fields[19] ?? null;
  }
  return ps(pid, 'lstart=');
}

export async function commandLineOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
    return text ? text.replaceAll('\0', ' ').trim() : null;
  }
  return ps(pid, 'command=');
}

/** Resident memory of the process in bytes; null if there is no such process. */
export async function residentBytesOf(pid: number): Promise<number | null> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  }
  const kilobytes = await ps(pid, 'rss=');
  return kilobytes === null ? null : Number(kilobytes) * 1024;
}

async function ps(pid: number, column: string): Promise<string | null> {
  const answer = await run('ps', ['-o', column, '-p', String(pid)], { timeout: PS_TIMEOUT_MS }).catch(
    () => null,
  );
  return answer?.stdout.trim() || null;
}
