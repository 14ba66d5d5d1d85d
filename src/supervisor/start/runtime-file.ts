import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LoadedDesk } from '../../desk/load.js';
import { keepOwnFiles } from '../../desk/own-strategies.js';
import { calendarIn } from '../../domain/trading-day.js';
import { credentialsOf, externalTemporal } from '../../home/external-temporal.js';
import { databaseOf, desksHomes, namespaceIn } from '../../home/installation.js';
import {
  type HomePaths,
  homePaths,
  installationOf,
  type MeasuredWorker,
  publicUrlOf,
  type Runtime,
  rootOf,
} from '../../home/runtime.js';
import { supervisorSocketPath } from '../../home/supervisor-protocol.js';
import { APP_ROLE } from '../../store/migrate.js';
import { freePort, portIsFree } from '../free-port.js';
import type { TemporalSource } from '../temporal/resolve-temporal.js';
import { TEMPORAL_NAMESPACE } from '../temporal/server-options.js';
import { addressesOf } from '../temporal/start-temporal.js';
import type { UpOptions } from '../up-options.js';
import type { PostgresPlace, TemporalServerPlace } from './start-stores.js';

export type ServingTemporal =
  | Extract<TemporalSource, { kind: 'address' }>
  | { readonly kind: 'managed'; readonly at: TemporalServerPlace };

/** Also copies the desk file, with the desk's own strategies and playbooks. */
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
    ...(desk.twinOf === undefined ? {} : { twinOf: desk.twinOf }),
    calendar: calendarIn(desk),
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

/**
 * Copies the desk as it was started, with its own strategies and playbooks. A role that restarts then never
 * reads a draft, or later changes to its desk's file. `run`: that folder of the home. Call it only after
 * making sure that no desk runs there.
 */
export function keepStartedDesk(
  run: string,
  { desk, file, writtenFile = file, text }: LoadedDesk,
): Required<Pick<Runtime, 'deskFile' | 'writtenFile'>> {
  const folder = join(run, 'started');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  keepOwnFiles(folder, desk);
  const deskFile = join(folder, 'desk.yaml');
  writeFileSync(deskFile, text, { mode: 0o600 });
  return { deskFile, writtenFile: resolve(writtenFile) };
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

export interface DeskPorts {
  readonly web: number;
  readonly temporalUiProxy: number;
  /** Metrics ports of the workers' Temporal library. */
  readonly workerMetrics: Readonly<Record<MeasuredWorker, number>>;
}

/** The ports of a desk: the same after a restart if they are still free. `web` 0: any free port. */
export async function choosePorts(runDirectory: string, web: number): Promise<DeskPorts> {
  const path = portsFile(runDirectory);
  const known = readPorts(path);
  const ports: DeskPorts = {
    web: web === 0 ? await freePort(known.web) : web,
    temporalUiProxy: await freePort(known.temporalUiProxy),
    workerMetrics: {
      'engine-worker': await freePort(known.workerMetrics?.['engine-worker']),
      'operations-worker': await freePort(known.workerMetrics?.['operations-worker']),
    },
  };
  writeFileSync(`${path}.new`, JSON.stringify(ports), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return ports;
}

/**
 * The desk file's port. If another desk of this installation, running or not, has that port: this desk's
 * previous port, or the next free one, so a page keeps its address.
 */
export async function pagePort(home: string, wanted: { host: string; port: number }): Promise<number> {
  const { host, port } = wanted;
  const others = desksHomes(installationOf(home)).filter((other) => other !== rootOf(home));
  const taken = new Set(others.map((other) => readPorts(portsFile(homePaths(other).run)).web));
  if (port === 0 || !taken.has(port)) return port;
  const { web: before } = readPorts(portsFile(homePaths(home).run));
  if (before !== undefined && !taken.has(before)) return before;
  let next = port + 1;
  while (next < PORT_MAX && (taken.has(next) || !(await portIsFree(next, host)))) next += 1;
  return next;
}

const PORT_MAX = 65_535;
const portsFile = (runDirectory: string): string => join(runDirectory, 'ports.json');

function readPorts(path: string): Partial<DeskPorts> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<DeskPorts>;
  } catch {
    return {};
  }
}
