/**
 * Everything a role must know, from its environment only: for roles that `fermata up` doesn't start, each in
 * its own container. Secrets are files there too.
 */

import { DEFAULT_DESK, resolveDesk } from '../desk/resolve-desk.js';
import { calendarIn } from '../domain/trading-day.js';
import { readPlaybooks } from '../venue/load-desk.js';
import { EnvironmentProblem, loadDeskHere } from './desk-here.js';
import { credentialsOf, externalTemporal } from './external-temporal.js';
import { homePaths, type MarketChoice, publicUrlOf, type Runtime, type TemporalPlace } from './runtime.js';
import { supervisorSocketPath } from './supervisor-protocol.js';

type Environment = Readonly<Record<string, string | undefined>>;

const TEMPORAL_UI_PORT = 8233;
/** Name of the database in our own stores. */
const DATABASE = 'fermata';
const NAMESPACE = 'fermata';
const APP_USER = 'fermata_app';
const POSTGRES_PORT = 5432;

/**
 * `reachesTemporal`: false for roles that never connect to Temporal and need no settings for it. Throws
 * `EnvironmentProblem` with the variable that is missing or wrong, or `DeskFileError`.
 */
export function runtimeFromEnvironment(env: Environment, reachesTemporal = true): Runtime {
  const home = required(env, 'FERMATA_HOME');
  const { desk, file, writtenFile, folder, configHash } = loadDeskHere(
    resolveDesk(env.FERMATA_DESK || DEFAULT_DESK, { workingFolder: process.cwd(), home }),
    { playbooks: readPlaybooks },
    env,
    home,
  );
  if (desk.twinOf !== undefined)
    throw new EnvironmentProblem(
      `FERMATA_DESK names ${desk.desk}, a paper twin, which needs the home of its desk ${desk.twinOf} beside its own`,
      `run ${desk.twinOf} here, or both by fermata up in one FERMATA_HOME`,
    );
  const kind = (env.FERMATA_MARKET || 'auto') as MarketChoice['kind'];
  return {
    version: 1,
    home: homePaths(home).home,
    desk: desk.desk,
    deskFile: file,
    ...(writtenFile === undefined ? {} : { writtenFile }),
    deskFolder: folder,
    configHash,
    calendar: calendarIn(desk),
    ...(desk.runbook === undefined ? {} : { runbook: desk.runbook }),
    market: { kind, files: [], speed: undefined, seed: undefined, exitAtEnd: false },
    postgres: {
      host: required(env, 'FERMATA_POSTGRES_HOST'),
      port: Number(env.FERMATA_POSTGRES_PORT || POSTGRES_PORT),
      database: DATABASE,
      user: APP_USER,
    },
    temporal: reachesTemporal ? temporalPlace(env) : NO_TEMPORAL,
    web: {
      host: env.FERMATA_WEB_HOST || desk.api.host,
      port: Number(env.FERMATA_PORT || desk.api.port),
      ...publicUrlOf(desk.api),
    },
    temporalUiProxy: { port: Number(env.FERMATA_TEMPORAL_UI_PORT || TEMPORAL_UI_PORT) },
    ...(env.FERMATA_WORKER_METRICS
      ? {
          workerMetrics: {
            'engine-worker': env.FERMATA_WORKER_METRICS,
            'operations-worker': env.FERMATA_WORKER_METRICS,
          },
        }
      : {}),
    supervisorSocket: supervisorSocketPath(homePaths(home).home),
  };
}

const NO_TEMPORAL: TemporalPlace = { kind: 'external', address: '', namespace: NAMESPACE, uiAddress: null };

function temporalPlace(env: Environment): TemporalPlace {
  const { address, namespace, options } = externalTemporal(env);
  if (address === null)
    throw new EnvironmentProblem(
      'neither TEMPORAL_ADDRESS nor a profile names a Temporal server',
      'set TEMPORAL_ADDRESS=host:port, or TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE with an address in it: docs/TEMPORAL.md',
    );
  const uiAddress = env.FERMATA_TEMPORAL_UI || null;
  const asks = credentialsOf(options);
  return { kind: 'external', address, namespace: namespace ?? NAMESPACE, uiAddress, asks };
}

function required(env: Environment, name: string): string {
  const value = env[name]?.trim();
  if (value) return value;
  throw new EnvironmentProblem(
    `${name} is not set`,
    'a role on its own needs FERMATA_HOME and FERMATA_POSTGRES_HOST; docker-compose.yml sets them',
  );
}
