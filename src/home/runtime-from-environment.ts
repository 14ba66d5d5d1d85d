/**
 * What a role has to know, from its environment alone: for roles that something else than `fermata up` starts, each in
 * a container of its own. Secrets are files there too.
 */
import { DEFAULT_DESK, resolveDesk } from '../desk/resolve-desk.js';
import { EnvironmentProblem, loadDeskHere } from './desk-here.js';
import { homePaths, type MarketChoice, type Runtime } from './runtime.js';
import { supervisorSocketPath } from './supervisor-protocol.js';

type Environment = Readonly<Record<string, string | undefined>>;

const TEMPORAL_UI_PORT = 8233;
/** As the stores of our own are called. */
const DATABASE = 'fermata';
const NAMESPACE = 'fermata';
const APP_USER = 'fermata_app';
const POSTGRES_PORT = 5432;

/** Throws `EnvironmentProblem` with the variable that is missing or wrong, or `DeskFileError`. */
export function runtimeFromEnvironment(env: Environment): Runtime {
  const home = required(env, 'FERMATA_HOME');
  const { desk, file, configHash } = loadDeskHere(
    resolveDesk(env.FERMATA_DESK || DEFAULT_DESK),
    {},
    env,
    home,
  );
  const kind = (env.FERMATA_MARKET || 'auto') as MarketChoice['kind'];
  return {
    version: 1,
    home: homePaths(home).home,
    desk: desk.desk,
    deskFile: file,
    configHash,
    market: { kind, files: [], speed: undefined, seed: undefined, exitAtEnd: false },
    postgres: {
      host: required(env, 'FERMATA_POSTGRES_HOST'),
      port: Number(env.FERMATA_POSTGRES_PORT || POSTGRES_PORT),
      database: DATABASE,
      user: APP_USER,
    },
    temporal: {
      kind: 'external',
      address: required(env, 'TEMPORAL_ADDRESS'),
      namespace: env.TEMPORAL_NAMESPACE || NAMESPACE,
      uiAddress: env.FERMATA_TEMPORAL_UI || null,
    },
    web: { host: env.FERMATA_WEB_HOST || desk.api.host, port: Number(env.FERMATA_PORT || desk.api.port) },
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

function required(env: Environment, name: string): string {
  const value = env[name]?.trim();
  if (value) return value;
  throw new EnvironmentProblem(
    `${name} is not set`,
    'a role on its own needs FERMATA_HOME, FERMATA_POSTGRES_HOST and TEMPORAL_ADDRESS; docker-compose.yml sets them',
  );
}
