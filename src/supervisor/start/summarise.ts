import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { timesOf } from '../../desk/routine-times.js';
import type { Desk, DeskRoutine } from '../../desk/schema.js';
import { headlineLine } from '../../domain/headline.js';
import { askSocket } from '../../home/ask-socket.js';
import { localDashboard } from '../../home/dashboard-address.js';
import { deskPaths, type HomePaths, type Runtime, SECRET_FILES } from '../../home/runtime.js';
import { SIGN_IN_TOKEN_MINUTES } from '../../store/sign-in-tokens.js';
import { createSignInLink } from '../sign-in-link.js';
import type { UpOptions, UpSummary } from '../up-options.js';

const DAYS_AHEAD_MAX = 40;

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

interface NextRoutine {
  readonly routine: string;
  readonly title: string;
  readonly atMs: number;
}

const STATUS_TIMEOUT_MS = 5_000;

const UNANSWERED = 'the trader has not answered yet';

/** The summary after a start. If the trader is busy, it has gaps instead of an error. */
export async function summarise(
  options: UpOptions,
  paths: HomePaths,
  runtime: Runtime,
  logFile: string,
): Promise<UpSummary> {
  const { desk } = options.loaded;
  const status = await readTrader(deskPaths(paths, desk.desk).controlSocket);
  const dashboard = localDashboard(runtime.web);
  const passwordFile = join(paths.secrets, SECRET_FILES.operatorPassword);
  return {
    desk: desk.desk,
    trading: desk.mode,
    prices: status?.marketData.label ?? 'not known yet',
    simulated: status?.marketData.simulated ?? false,
    account: status?.account ?? null,
    mode: status?.mode ?? 'HALTED',
    reason: status?.reason ?? UNANSWERED,
    headline: status === null ? `HALTED: ${UNANSWERED}` : headlineLine(status),
    dashboardUrl: dashboard,
    signInUrl: await createSignInLink(runtime, dashboard).catch(() => dashboard),
    publicUrl: runtime.web.publicUrl ?? null,
    signInMinutes: SIGN_IN_TOKEN_MINUTES,
    temporalUiUrl: `http://${runtime.web.host}:${runtime.temporalUiProxy.port}/`,
    metricsUrl: `${dashboard}metrics`,
    next: nextRoutines(desk, status?.marketData.marketMs ?? Date.now()),
    logFile,
    passwordFile: existsSync(passwordFile) ? passwordFile : null,
  };
}

async function readTrader(socketPath: string): Promise<TraderStatus | null> {
  try {
    return (await askSocket(socketPath, 'status', {}, STATUS_TIMEOUT_MS)) as TraderStatus;
  } catch {
    return null;
  }
}

/** The next run of each routine after `nowMs` (the desk's own time), soonest first. */
function nextRoutines(desk: Pick<Desk, 'routines' | 'timezone'>, nowMs: number): readonly NextRoutine[] {
  return desk.routines
    .flatMap((routine) => {
      const atMs = nextRun(routine, desk.timezone, nowMs);
      return atMs === null ? [] : [{ routine: routine.name, title: routine.title, atMs }];
    })
    .sort((left, right) => left.atMs - right.atMs);
}

function nextRun(routine: DeskRoutine, timezone: string, nowMs: number): number | null {
  const today = DateTime.fromMillis(nowMs, { zone: timezone }).startOf('day');
  for (let ahead = 0; ahead <= DAYS_AHEAD_MAX; ahead += 1) {
    const day = today.plus({ days: ahead });
    if (!runsOn(routine, day)) continue;
    const times = timesOf(routine)
      .map((time) => day.set({ hour: Number(time.slice(0, 2)), minute: Number(time.slice(3)) }).toMillis())
      .filter((atMs) => atMs > nowMs);
    if (times.length > 0) return Math.min(...times);
  }
  return null;
}

function runsOn(routine: DeskRoutine, day: DateTime): boolean {
  const weekday = WEEKDAYS[day.weekday - 1];
  if (routine.weekdays.length > 0 && weekday && !routine.weekdays.includes(weekday)) return false;
  return routine.daysOfMonth.length === 0 || routine.daysOfMonth.includes(day.day);
}
