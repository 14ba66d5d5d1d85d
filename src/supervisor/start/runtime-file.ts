import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicUrlOf } from '../../home/dashboard-address.js';
import { credentialsOf, externalTemporal } from '../../home/external-temporal.js';
import { databaseOf, namespaceIn } from '../../home/installation.js';
import { keepStartedDesk } from '../../home/keep-started-desk.js';
import type { HomePaths, Runtime } from '../../home/runtime.js';
import { supervisorSocketPath } from '../../home/supervisor-protocol.js';
import { APP_ROLE } from '../../store/migrate.js';
import type { TemporalSource } from '../temporal/resolve-temporal.js';
import { TEMPORAL_NAMESPACE } from '../temporal/server-options.js';
import { addressesOf } from '../temporal/start-temporal.js';
import type { UpOptions } from '../up-options.js';
import type { DeskPorts } from './ports.js';
import type { PostgresPlace, TemporalServerPlace } from './start-stores.js';

export type ServingTemporal =
  | Extract<TemporalSource, { kind: 'address' }>
  | { readonly kind: 'managed'; readonly at: TemporalServerPlace };

/** Also stores the files that are started. */
export function runtimeFor(
  options: UpOptions,
  paths: HomePaths,
  ports: DeskPorts,
  postgres: PostgresPlace,
  temporal: ServingTemporal,
): Runtime {
  const { desk, folder, configHash } = options.loaded;
  const env = options.env ?? process.env;
  return {
    version: 1,
    home: paths.home,
    desk: desk.desk,
    ...keepStartedDesk(paths.run, options.loaded),
    deskFolder: folder,
    configHash,
    calendar: { timezone: desk.timezone, dayBoundary: desk.dayBoundary },
    ...(desk.runbook === undefined ? {} : { runbook: desk.runbook }),
    market: options.market,
    postgres: { host: '127.0.0.1', port: postgres.port, database: databaseOf(paths.home), user: APP_ROLE },
    temporal:
      temporal.kind === 'address'
        ? {
            kind: 'external',
            address: temporal.address,
            namespace: namespaceOf(env),
            uiAddress: env.FERMATA_TEMPORAL_UI || null,
            asks: credentialsOf(externalTemporal(env).options),
          }
        : {
            kind: 'managed',
            ...addressesOf(temporal.at.network, temporal.at.ports),
            namespace: namespaceIn(paths.home),
            isolation: temporal.at.network.kind,
          },
    web: { host: desk.api.host, port: ports.web, ...publicUrlOf(desk.api) },
    temporalUiProxy: { port: ports.temporalUiProxy },
    workerMetrics: {
      'engine-worker': `127.0.0.1:${ports.workerMetrics['engine-worker']}`,
      'operations-worker': `127.0.0.1:${ports.workerMetrics['operations-worker']}`,
    },
    supervisorSocket: supervisorSocketPath(paths.home),
    ...(options.simulatedVenue === undefined ? {} : { simulatedVenue: options.simulatedVenue }),
    ...(options.simulatedFeeds === undefined ? {} : { simulatedFeeds: options.simulatedFeeds }),
  };
}

/** The namespace on a server that somebody else runs. */
export function namespaceOf(env: NodeJS.ProcessEnv): string {
  return externalTemporal(env).namespace ?? TEMPORAL_NAMESPACE;
}

/** Returns the file's path, which every role gets in FERMATA_RUNTIME. */
export function writeRuntime(paths: HomePaths, runtime: Runtime): string {
  const path = join(paths.run, 'runtime.json');
  writeFileSync(`${path}.new`, `${JSON.stringify(runtime, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}
