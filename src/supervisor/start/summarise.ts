import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { askSocket } from '../../home/ask-socket.js';
import { deskPaths, type HomePaths, type Runtime, SECRET_FILES } from '../../home/runtime.js';
import { SIGN_IN_TOKEN_MINUTES } from '../../store/sign-in-tokens.js';
import { createSignInLink, dashboardUrl } from '../sign-in-link.js';
import type { UpOptions, UpSummary } from '../up-options.js';
import { nextRoutines } from './next-routines.js';

const STATUS_TIMEOUT_MS = 5_000;

/** The one screen after a start. A trader that is just busy leaves gaps, not an error. */
export async function summarise(
  options: UpOptions,
  paths: HomePaths,
  runtime: Runtime,
  logFile: string,
): Promise<UpSummary> {
  const { desk } = options.loaded;
  const status = await readTrader(deskPaths(paths, desk.desk).controlSocket);
  const dashboard = dashboardUrl(runtime);
  const passwordFile = join(paths.secrets, SECRET_FILES.operatorPassword);
  return {
    desk: desk.desk,
    trading: desk.mode,
    prices: status?.marketData.label ?? 'not known yet',
    simulated: status?.marketData.simulated ?? false,
    account: status?.account ?? null,
    mode: status?.mode ?? 'HALTED',
    reason: status?.reason ?? 'the trader has not answered yet',
    dashboardUrl: dashboard,
    signInUrl: await createSignInLink(runtime).catch(() => dashboard),
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
