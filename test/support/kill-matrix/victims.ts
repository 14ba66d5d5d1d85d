/** Kills one process of a desk and sees it come back. */

import { askSupervisor } from '../../../src/home/supervisor-protocol.js';
import { until } from '../eventually.js';
import type { Bench } from './bench.js';

/** What every desk has. */
export const VICTIMS = [
  'trader',
  'engine-worker',
  'operations-worker',
  'web',
  'temporal',
  'postgres',
] as const;

/** With `up --separate` these are processes of their own, too. */
export const ALL_VICTIMS = [...VICTIMS, 'ledger', 'auditor', 'telegram'] as const;
export type Victim = (typeof ALL_VICTIMS)[number];

/** The supervisor gives a process up that dies five times in two minutes. */
const BETWEEN_KILLS_MS = 31_000;
const lastKillMs = new Map<string, number>();

/** Waits where the same process was killed a moment ago. */
export async function allowKill({ desk }: Bench, victim: Victim): Promise<void> {
  const key = `${desk.home} ${victim}`;
  const waitMs = (lastKillMs.get(key) ?? Number.NEGATIVE_INFINITY) + BETWEEN_KILLS_MS - Date.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}

/** Resolves once the supervisor has started it again. */
export async function kill(bench: Bench, victim: Victim): Promise<void> {
  // In the middle of a restore nothing runs: the next one is killed.
  await killProcess(bench, victim, await bench.desk.pidOf(victim));
}

/** As soon as there is one after that which runs now. */
export async function killNext(bench: Bench, victim: Victim): Promise<void> {
  await killProcess(bench, victim, await otherThan(bench, victim, bench.desk.pids().get(victim)));
}

async function killProcess(bench: Bench, victim: Victim, pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  lastKillMs.set(`${bench.desk.home} ${victim}`, Date.now());
  await otherThan(bench, victim, pid);
}

function otherThan({ desk }: Bench, victim: Victim, pid: number | undefined): Promise<number> {
  return until(`${victim} is started again`, () => {
    const found = desk.pids().get(victim);
    return found === pid ? null : found;
  });
}

/** All of them, and the trader has read its journal. */
export async function untilAllRun({ desk, operations }: Bench): Promise<void> {
  await until(
    'every process runs',
    async () => {
      const processes = await askSupervisor(desk.home, 'processes', {});
      const away = processes.filter(({ state }) => state !== 'running');
      if (away.length > 0) throw new Error(away.map(({ name, state }) => `${name} is ${state}`).join(', '));
      return true;
    },
    120_000,
  );
  await until('the trader has begun', async () => {
    const { mode, halts, reason } = await operations.readStatus();
    if (mode === 'HALTED' && halts.length === 0) throw new Error(reason);
    return true;
  });
}
