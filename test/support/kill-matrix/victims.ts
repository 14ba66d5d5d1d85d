/** Kills one process of a desk and sees it come back. */
import { askSupervisor } from '../../../src/home/supervisor-protocol.js';
import { until } from '../desk-under-test.js';
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
export async function kill({ desk }: Bench, victim: Victim): Promise<void> {
  // In the middle of a restore nothing runs: the next one is killed.
  const killed = await desk.pidOf(victim);
  process.kill(killed, 'SIGKILL');
  lastKillMs.set(`${desk.home} ${victim}`, Date.now());
  await until(`${victim} is started again`, () => {
    const pid = desk.pids().get(victim);
    return pid !== undefined && pid !== killed;
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
