/** Pre-flight of a desk, made in this process with its environment and its key. */
import { resolve } from 'node:path';
import { readExchange } from '../../checks/preflight/exchange-reading.js';
import { runPreflight } from '../../checks/preflight/run-preflight.js';
import type { PreflightReport } from '../../contracts/preflight.js';
import type { LoadedDesk } from '../../desk/load.js';
import { keepReadiness } from '../../home/readiness.js';
import type { Runtime } from '../../home/runtime.js';
import { loadDesk } from '../../venue/load-desk.js';

export interface PreflightPlace {
  /** FERMATA_HOME. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly simulatedVenue: string | undefined;
  readonly nowMs: () => number;
}

/** Where `fermata validate` writes its reports. */
export const REPORT_FOLDER = 'data';

export async function preflightDesk(
  { desk, configHash }: Pick<LoadedDesk, 'desk' | 'configHash'>,
  { home, env, simulatedVenue, nowMs }: PreflightPlace,
): Promise<PreflightReport> {
  const exchange = await readExchange({ desk, env, simulatedVenue });
  const reportFolder = resolve(REPORT_FOLDER);
  const subject = { desk, configHash, home, env, exchange, reportFolder, simulatedVenue };
  const report = await runPreflight({ ...subject, nowMs: nowMs() });
  const { verdict, results, atMs } = report;
  const passed = results.filter((one) => one.verdict === 'pass').length;
  keepReadiness(home, desk.desk, { verdict, passed, looked: results.length, configHash, atMs });
  return report;
}

/** For the running desk, in the process that has its keys. */
export function preflightOfRuntime(
  { home, deskFile, simulatedVenue }: Runtime,
  nowMs: () => number,
): Promise<PreflightReport> {
  return preflightDesk(loadDesk(deskFile), { home, env: process.env, simulatedVenue, nowMs });
}
