/** Postgres and Temporal side by side: each with what it keeps, both watched from then on. */
import { join } from 'node:path';
import type { HomePaths } from '../../home/runtime.js';
import { readSecret } from '../../home/secrets.js';
import { migrate } from '../../store/migrate.js';
import type { ChildrenFile } from '../children-file.js';
import type { Running } from '../keep-running.js';
import { rotateIfLarge } from '../log/rotating-file.js';
import { startPostgres } from '../postgres/start-postgres.js';
import { databaseFileFor, markReady, setAside } from '../temporal/database-file.js';
import type { ServerNetwork } from '../temporal/own-network.js';
import type { TemporalSource } from '../temporal/resolve-temporal.js';
import { startTemporal } from '../temporal/start-temporal.js';
import type { DeskPorts } from './ports.js';

export const POSTGRES_OWNER = 'fermata';
export const POSTGRES_DATABASE = 'fermata';
const LOG_BYTES_MAX = 10 * 1024 * 1024;
const LOGS_KEPT = 2;

export interface StoreContext {
  readonly paths: HomePaths;
  readonly ports: DeskPorts;
  readonly network: ServerNetwork;
  readonly children: ChildrenFile;
  readonly onLine: (text: string) => void;
}

/** Also for what needs it while no desk runs. */
export async function startOwnPostgres({
  paths,
  ports,
  children,
}: Pick<StoreContext, 'paths' | 'children'> & {
  readonly ports: Pick<DeskPorts, 'postgres'>;
}): Promise<Running> {
  const logFile = join(paths.logs, 'postgres.log');
  rotateIfLarge(logFile, LOG_BYTES_MAX, LOGS_KEPT);
  const server = await startPostgres({
    directory: paths.postgres,
    port: ports.postgres,
    user: POSTGRES_OWNER,
    password: readSecret(paths.home, 'postgresPassword'),
    logFile,
    onSpawned: (child) => children.add('postgres', child.pid),
  });
  void server.process.exited.then(() => children.remove(server.process.pid));
  return server;
}

export async function startOwnTemporal(
  context: StoreContext,
  source: Extract<TemporalSource, { kind: 'binary' }>,
): Promise<Running> {
  const database = await databaseFileFor(context.paths.temporal, source.serverVersion);
  try {
    return await launchTemporal(context, source.path, database);
  } catch (error) {
    // Runs and schedules come back from Postgres and the desk file; a desk without its procedures would not.
    if (!/sqlite|database|schema/i.test(String(error)) || /address already in use/i.test(String(error)))
      throw error;
    const place = await setAside(database);
    context.onLine(`Temporal could not open its database: it is kept as ${place}, and a new one is made`);
    return launchTemporal(context, source.path, database);
  }
}

async function launchTemporal(context: StoreContext, binary: string, database: string): Promise<Running> {
  const { paths, ports, network, children } = context;
  const logFile = join(paths.logs, 'temporal.log');
  rotateIfLarge(logFile, LOG_BYTES_MAX, LOGS_KEPT);
  const server = await startTemporal({
    binary,
    ports: ports.temporal,
    network,
    database,
    logFile,
    onSpawned: async (child) => {
      await children.add(child.name, child.pid);
      void child.exited.then(() => children.remove(child.pid));
    },
  });
  await markReady(database);
  return server;
}

export async function migrateSchema(paths: HomePaths, port: number): Promise<readonly string[]> {
  return migrate(
    { host: '127.0.0.1', port, user: POSTGRES_OWNER, password: readSecret(paths.home, 'postgresPassword') },
    POSTGRES_DATABASE,
    readSecret(paths.home, 'postgresAppPassword'),
  );
}
