/** `fermata restart --all`: waits until the desk has ended, has been started again, and answers. */

import { setTimeout as sleep } from 'node:timers/promises';
import { isMissing, type MonitorShown, QUICK_MONITOR, readMonitor } from '../checks/read-monitor.js';
import { localDashboard } from '../home/dashboard-address.js';
import type { Runtime } from '../home/runtime.js';
import { askSupervisor } from '../home/supervisor-protocol.js';
import { pollUntil } from '../home/try-again.js';
import { WAIT_DEFAULT_MS } from '../supervisor/desk-end.js';
import { isAlive } from '../supervisor/process-table.js';
import { CliFailure } from './failure.js';
import { sourcesOf } from './monitor-shown.js';
import { requireRuntime, supervisorOf } from './running-desk.js';

/** The check reads desk file and folder and, for real money, queries the exchange. */
const CHECK_MS = 60_000;
/** The sum of the times that all processes may take to start, one after another. */
const START_MS = 300_000;
const HEALTHY_MS = 30_000;
const PAGE_MS = 5_000;
const POLL_MS = 200;

interface StartedAgain {
  readonly shown: MonitorShown;
  /** What does not answer. Empty: all is well. */
  readonly problems: readonly string[];
  readonly tookMs: number;
}

/** Rejects if the restart was refused (then nothing was ended), or if the desk does not come back. */
export async function restartAll(runtime: Runtime, pauseMs: number): Promise<StartedAgain> {
  const beganMs = performance.now();
  const { home } = runtime;
  const ask = supervisorOf(runtime, 'docker-compose restart');
  const before = await ask('who', {}, CHECK_MS);
  const { starter } = await ask('startAgain', { pauseMs }, CHECK_MS);
  const deadlineMs = beganMs + WAIT_DEFAULT_MS + pauseMs + START_MS;
  while (!(await runsAgain(home, before.startedWallMs))) {
    const isGone = !isAlive(starter);
    if (isGone || performance.now() > deadlineMs) throw notBack(isGone);
    await sleep(POLL_MS);
  }
  const { shown, problems } = await health(home);
  return { shown, problems, tookMs: performance.now() - beganMs };
}

async function runsAgain(home: string, beforeMs: number): Promise<boolean> {
  const now = await askSupervisor(home, 'who', {}).catch(() => null);
  return now !== null && now.startedWallMs !== beforeMs && now.phase === 'running';
}

const notBack = (isGone: boolean): CliFailure =>
  new CliFailure(
    isGone ? 'the desk has ended and was not started again' : 'the desk is not back in its time',
    'nothing enters while no trader runs; positions keep the stops that rest at the venue',
    'why stands where fermata up was typed, and in: fermata logs; start it with fermata up',
  );

/** A process that was started a moment ago may still be waiting for another. */
function health(home: string): Promise<Omit<StartedAgain, 'tookMs'>> {
  const times = { withinMs: HEALTHY_MS, everyMs: POLL_MS };
  return pollUntil(
    () => lookAt(home),
    ({ problems }) => problems.length === 0,
    times,
  );
}

async function lookAt(home: string): Promise<Omit<StartedAgain, 'tookMs'>> {
  // It may have a new port.
  const runtime = requireRuntime(home);
  const shown = await readMonitor(sourcesOf(runtime), QUICK_MONITOR);
  return { shown, problems: await healthProblems(runtime, shown) };
}

/** What does not answer, of a desk started by exactly this supervisor. Empty: all is well. */
export async function startProblems(home: string, pid: number): Promise<readonly string[]> {
  const who = await askSupervisor(home, 'who', {}).catch(() => null);
  if (who?.pid !== pid || who.phase !== 'running') return ['it has not started everything'];
  return (await lookAt(home)).problems;
}

/** What does not answer or does not run. Empty: all is well. */
export async function healthProblems(
  { web }: Pick<Runtime, 'web'>,
  { status, processes, stored }: Pick<MonitorShown, 'status' | 'processes' | 'stored'>,
): Promise<readonly string[]> {
  return [
    ...(isMissing(status) ? [`trader: ${status.missing}`] : []),
    ...(isMissing(processes)
      ? [`processes: ${processes.missing}`]
      : processes.filter(({ state }) => state !== 'running').map(({ name, state }) => `${name} is ${state}`)),
    ...(isMissing(stored) ? [`database: ${stored.missing}`] : []),
    ...(await pageProblems(web)),
  ];
}

async function pageProblems(web: Runtime['web']): Promise<readonly string[]> {
  try {
    const { status } = await fetch(`${localDashboard(web)}health`, { signal: AbortSignal.timeout(PAGE_MS) });
    return status === 200 ? [] : [`page: it answers ${status}`];
  } catch {
    return ['page: it does not answer'];
  }
}
