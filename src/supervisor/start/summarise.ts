import { existsSync } from 'node:fs';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { nextNominalMs, runsOnMarketClock } from '../../desk/nominal-times.js';
import type { Desk } from '../../desk/schema.js';
import { headlineLine } from '../../domain/mode.js';
import { localDashboard } from '../../home/dashboard-address.js';
import { hasOwnPeople } from '../../home/installation.js';
import { askSocket } from '../../home/local-socket.js';
import { deskPaths, type HomePaths, type Runtime, secretFile } from '../../home/runtime.js';
import { createSignInLink, SIGN_IN_TOKEN_MINUTES } from '../../store/sign-in-means.js';
import type { UpOptions, UpSummary } from '../up-options.js';

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
  const passwordFile = secretFile(paths.home, 'operatorPassword');
  return {
    desk: desk.desk,
    ...(desk.twinOf === undefined ? {} : { twinOf: desk.twinOf }),
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
    next: nextRoutines(desk, status?.marketData ?? null, Date.now()),
    logFile,
    ownPeople: hasOwnPeople(paths.home),
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

/** The next run of each routine, soonest first, by the clock that runs them. `market` null: not known yet. */
export function nextRoutines(
  desk: Pick<Desk, 'routines' | 'timezone'>,
  market: Pick<TraderStatus['marketData'], 'kind' | 'speed' | 'marketMs'> | null,
  wallMs: number,
): readonly NextRoutine[] {
  const nowMs = market !== null && runsOnMarketClock(market) ? market.marketMs : wallMs;
  return desk.routines
    .flatMap((routine) => {
      const atMs = nextNominalMs(routine, desk.timezone, nowMs);
      return atMs === null ? [] : [{ routine: routine.name, title: routine.title, atMs }];
    })
    .sort((left, right) => left.atMs - right.atMs);
}
