import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { type Finding, finding } from './finding.js';

/** Four Node processes, Postgres and the Temporal dev server, with room to work. */
const WARN_MB = 1024;
const FAIL_MB = 512;

export async function checkMemory(): Promise<Finding> {
  const availableMb = Math.round(availableBytes() / 1024 / 1024);
  return finding(
    'Memory',
    availableMb < FAIL_MB ? 'fail' : availableMb < WARN_MB ? 'warn' : 'pass',
    `${availableMb} MB available`,
    `at least ${WARN_MB} MB`,
    'end other programs, or use a machine with more memory',
  );
}

/** Linux counts what its file cache would give back; elsewhere only free memory is known. */
function availableBytes(): number {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    return freemem();
  }
}
