/** `fermata restart --all`: waits until the desk has ended, has been started again, and answers. */

import { setTimeout as sleep } from 'node:timers/promises';
import { isMissing, type MonitorShown, QUICK_MONITOR, readMonitor } from '../checks/read-monitor.js';
import type { Runtime } from '../home/runtime.js';
import { localDashboard } from '../home/started-desks.js';
import { askSupervisor, type SupervisorMethods } from '../home/supervisor-protocol.js';
import { pollUntil } from '../home/try-again.js';
import { WAIT_DEFAULT_MS } from '../supervisor/desk-end.js';
import { isAlive } from '../supervisor/process-table.js';
import { sourcesOf } from './commands/monitor-command.js';
import { CliFailure } from './failure.js';
import { requireRuntime, supervisorOf } from './running-desk.js';

/** The check reads desk file and folder and, for real money, queries the exchange. */
const CHECK_MS = 60_000;
/** The sum of the times that all processes may take to start, one after another, without the wait for a sign-in. */
const START_MS = 300_000;
const HEALTHY_MS = 30_000;
const PAGE_MS = 5_000;
const POLL_MS = 200;

export interface StartedAgain {
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
  const withinMs = WAIT_DEFAULT_MS + pauseMs + START_MS;
  await untilStartedAgain(home, { starter, beforeMs: before.startedWallMs, withinMs });
  const { shown, problems } = await health(home);
  return { shown, problems, tookMs: performance.now() - beganMs };
}

interface Restart {
  /** The process that starts it again. */
  readonly starter: number;
  /** When the desk that was to end had started. */
  readonly beforeMs: number;
  readonly withinMs: number;
}

/** Rejects if the desk does not come back. */
export async function untilStartedAgain(
  home: string,
  { starter, beforeMs, withinMs }: Restart,
): Promise<void> {
  let deadlineMs = performance.now() + withinMs;
  for (;;) {
    const who = await whoAnswers(home);
    const phase = who?.startedWallMs === beforeMs ? undefined : who?.phase;
    if (phase === 'running') return;
    const nowMs = performance.now();
    // The start itself says when a person had long enough.
    if (phase === 'signing in') deadlineMs = Math.max(deadlineMs, nowMs + START_MS);
    const isGone = !isAlive(starter);
    if (isGone || nowMs > deadlineMs) throw notBack(isGone);
    await sleep(POLL_MS);
  }
}

const whoAnswers = (home: string): Promise<SupervisorMethods['who']['result'] | null> =>
  askSupervisor(home, 'who', {}).catch(() => null);

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

export interface StartSeen {
  /** What does not answer or run. Empty: all is well. */
  readonly problems: readonly string[];
  /** It waits for a person, as long as the start itself allows. */
  readonly isSigningIn: boolean;
}

/** Of a desk started by exactly this supervisor. */
export async function lookAtStart(home: string, pid: number): Promise<StartSeen> {
  const who = await whoAnswers(home);
  const phase = who?.pid === pid ? who.phase : undefined;
  if (phase === 'running') return { problems: (await lookAt(home)).problems, isSigningIn: false };
  return { problems: ['it has not started everything'], isSigningIn: phase === 'signing in' };
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
