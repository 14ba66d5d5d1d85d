/** What the system knows about other processes. A pid alone proves nothing: numbers are used again. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PS_TIMEOUT_MS = 5_000;

/** True also for a process that belongs to somebody else; false for a zombie only once it is reaped. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Text that is the same as long as the pid means the same process, and null once there is none (or a zombie). */
export async function startTimeOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    // The program's name stands in brackets and may hold anything; fields count from the last bracket on.
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

/** Memory that the process has in use now (resident), in bytes; null where there is no such process. */
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
