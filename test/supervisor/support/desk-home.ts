/** A FERMATA_HOME of its own for a test, and what runs in it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { homePaths, type MarketChoice } from '../../../src/home/runtime.js';
import type { ProcessStatus } from '../../../src/home/supervisor-protocol.js';
import { askSupervisor } from '../../../src/home/supervisor-protocol.js';
import { up } from '../../../src/supervisor/up.js';
import type { Progress, UpOptions, UpOutcome, UpSummary } from '../../../src/supervisor/up-options.js';
import { loadDesk } from '../../../src/venue/load-desk.js';
import { until } from '../../support/eventually.js';

export const MARKET: MarketChoice = {
  kind: 'simulated',
  files: [],
  speed: undefined,
  seed: undefined,
  exitAtEnd: false,
};

export const ROLE_DOUBLE = fileURLToPath(new URL('role-double.mjs', import.meta.url));
export const RUN_UP = fileURLToPath(new URL('run-up.mjs', import.meta.url));

export interface RunningUp {
  readonly summary: UpSummary;
  readonly lines: readonly string[];
  readonly outcome: Promise<UpOutcome>;
}

export function makeHome(): string {
  return mkdtempSync(join(tmpdir(), 'fermata-home-'));
}

export function removeHome(home: string): void {
  rmSync(homePaths(home).sockets, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}

export function upOptions(home: string, more: Partial<UpOptions> = {}): UpOptions {
  return {
    home,
    loaded: loadDesk('desks/crypto-bot/desk.yaml'),
    market: MARKET,
    port: 0,
    roleScript: ROLE_DOUBLE,
    ...more,
  };
}

/** Resolves when the desk is ready; rejects when the start fails. */
export async function startUp(home: string, more: Partial<UpOptions> = {}): Promise<RunningUp> {
  const lines: string[] = [];
  const onProgress = (progress: Progress): void => void lines.push(progress.text);
  return new Promise((resolve, reject) => {
    const outcome = up(
      upOptions(home, { onProgress, onReady: (summary) => resolve({ summary, lines, outcome }), ...more }),
    );
    outcome.then(
      (ended) => reject(new Error(`it ended: ${JSON.stringify(ended)} ${lines.join('\n')}`)),
      reject,
    );
  });
}

export async function processOf(home: string, name: string): Promise<ProcessStatus | null> {
  const all = await askSupervisor(home, 'processes', {}).catch(() => []);
  return all.find((status) => status.name === name) ?? null;
}

/** Waits until it runs, so that it can be sent a signal. */
export function runningOf(home: string, name: string): Promise<ProcessStatus & { readonly pid: number }> {
  return until(`the process ${name}`, async () => {
    const status = await processOf(home, name);
    return status?.state === 'running' && status.pid !== null ? { ...status, pid: status.pid } : null;
  });
}

export function runs(pid: number): boolean {
  try {
    // A zombie has ended: only its parent has not looked yet.
    return !/^[^)]*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Every process whose command line names this home, or whose environment does. */
export function processesOf(home: string): readonly string[] {
  const listed = execFileSync('ps', ['axeww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return listed.split('\n').filter((line) => line.includes(home) && !line.includes('ps axeww'));
}
