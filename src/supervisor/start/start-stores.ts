/** The servers Postgres and Temporal: their addresses, their start, and each desk's own place in them. */
import { join } from 'node:path';
import { messageOf } from '../../domain/message-of.js';
import { freeBytes } from '../../home/free-space.js';
import { databaseOf } from '../../home/installation.js';
import type { HomePaths } from '../../home/runtime.js';
import { readSecret } from '../../home/secrets.js';
import { migrate } from '../../store/migrate.js';
import { freePort } from '../free-port.js';
import type { Running } from '../keep-running.js';
import { rotateIfLarge } from '../log/rotating-file.js';
import { type ChildrenFile, leftChildren } from '../process-table.js';
import { startPostgres } from '../start-postgres.js';
import { claimFolder } from '../supervisor-socket.js';
import type { TemporalSource } from '../temporal/resolve-temporal.js';
import { chooseNetwork, type ServerNetwork, type ServerPorts } from '../temporal/server-options.js';
import {
  chooseTemporalPorts,
  databaseFileFor,
  markReady,
  setAside,
  startTemporal,
} from '../temporal/start-temporal.js';
import { StartFailure } from '../up-options.js';

export const POSTGRES_OWNER = 'fermata';
const LOG_BYTES_MAX = 10 * 1024 * 1024;
const LOGS_KEPT = 2;

interface StoreContext {
  readonly paths: HomePaths;
  readonly children: ChildrenFile;
  readonly onLine: (text: string) => void;
}

export interface PostgresPlace {
  readonly port: number;
}

export interface TemporalServerPlace {
  readonly ports: ServerPorts;
  readonly network: ServerNetwork;
}

/** Both servers keep their ports if those are free, so earlier users find them. */
export async function choosePostgres(before: PostgresPlace | null): Promise<PostgresPlace> {
  return { port: await freePort(before?.port) };
}

export async function chooseTemporal(
  { servers }: HomePaths,
  before: TemporalServerPlace | null,
): Promise<TemporalServerPlace> {
  claimFolder(servers.sockets);
  const network = await chooseNetwork(servers.sockets);
  return {
    ports: await chooseTemporalPorts(before?.ports),
    // Nobody uses the previous sockets: such a desk would hold the server's lock. Their folder may be gone.
    network: before?.network.kind === 'loopback' && network.kind === 'loopback' ? before.network : network,
  };
}

/**
 * Call with the server's lock held. Supervisors that predate these locks run their servers without one, and
 * two servers on the same files would corrupt both. Throws `StartFailure` if such a supervisor is running.
 * Its desk is in FERMATA_HOME itself; a start of that desk has already ended any leftovers.
 */
export async function refuseEarlierVersion(name: string, { home, servers }: HomePaths): Promise<void> {
  if (home === servers.installation) return;
  const children = await leftChildren(join(servers.run, 'children.json'));
  if (!children.some((child) => child.name === name)) return;
  throw new StartFailure(
    `the ${name} of the desk in ${servers.installation} was started by an earlier version of Fermata, for that desk alone`,
    'end that desk and start it again with this version, then this one',
    'nothing was started; the desk that runs was not touched',
  );
}

/** Also used by commands that need the server while no desk runs. */
export async function startOwnPostgres(
  { paths, children, onLine }: StoreContext,
  { port }: PostgresPlace,
  stopping: AbortSignal,
): Promise<Running> {
  const logFile = join(paths.servers.logs, 'postgres.log');
  rotateIfLarge(logFile, LOG_BYTES_MAX, LOGS_KEPT);
  const server = await startPostgres({
    directory: paths.postgres,
    port,
    user: POSTGRES_OWNER,
    password: readSecret(paths.home, 'postgresPassword'),
    logFile,
    onSpawned: (child) => children.add('postgres', child.pid),
    ...{ say: onLine, stopping },
  }).catch(fullDiskTeller('postgres', paths.postgres));
  void server.process.exited.then(() => children.remove(server.process.pid));
  return server;
}

export async function startOwnTemporal(
  context: StoreContext,
  at: TemporalServerPlace,
  source: Extract<TemporalSource, { kind: 'binary' }>,
): Promise<Running> {
  const { servers } = context.paths;
  const sayIfFull = fullDiskTeller('temporal', servers.temporal);
  // In a takeover the folder is missing: it was removed with the desk that ran the server.
  if (at.network.kind === 'own-network') claimFolder(at.network.folder);
  const database = await databaseFileFor(servers.temporal, source.serverVersion);
  const launch = () => launchTemporal(context, at, source.path, database).catch(sayIfFull);
  try {
    return await launch();
  } catch (error) {
    // A fresh database is better than a desk without its procedures: runs and schedules come back from
    // Postgres and the desk file. Any other failure, such as a slow start, is no sign of a damaged database.
    const place = CORRUPT.test(messageOf(error)) ? await setAside(database) : null;
    if (place === null) throw error;
    context.onLine(`Temporal could not open its database: it is kept as ${place}, and a new one is made`);
    return launch();
  }
}

/** SQLite's own words; the last ones if its file is empty. */
const CORRUPT =
  /file is not a database|database disk image is malformed|malformed database schema|no such table/;
/** In the words of Postgres, Node, SQLite and quotas. */
const FULL = /No space left on device|ENOSPC|database or disk is full|Disk quota exceeded|EDQUOT/i;
/** With less than this, a server's error may not mention the disk. */
const FULL_BYTES = 8 * 1024 * 1024;

/** Rethrows the error, as a full disk if that is the cause: servers bury it in other text, if they say it. */
function fullDiskTeller(name: 'postgres' | 'temporal', folder: string): (error: unknown) => Promise<never> {
  return async (error) => {
    const free = await freeBytes(folder).catch(() => Number.POSITIVE_INFINITY);
    if (!FULL.test(messageOf(error)) && free >= FULL_BYTES) throw error;
    throw new StartFailure(
      `the disk is full where ${name} has its files (${folder}), so it can't start: ${messageOf(error)}`,
      `free some space there, then start the desk again, or where it runs: fermata restart ${name}`,
      'the database is as it was; the journal and the books are untouched',
    );
  };
}

async function launchTemporal(
  { paths, children }: StoreContext,
  { ports, network }: TemporalServerPlace,
  binary: string,
  database: string,
): Promise<Running> {
  const logFile = join(paths.servers.logs, 'temporal.log');
  rotateIfLarge(logFile, LOG_BYTES_MAX, LOGS_KEPT);
  const server = await startTemporal({
    binary,
    ports,
    network,
    database,
    logFile,
    watch: 'as usual',
    onSpawned: async (child) => {
      await children.add(child.name, child.pid);
      void child.exited.then(() => children.remove(child.pid));
    },
  });
  await markReady(database);
  return server;
}

/** Migrates the database of the desk in this home. */
export async function migrateSchema(paths: HomePaths, port: number): Promise<readonly string[]> {
  return migrate(
    { host: '127.0.0.1', port, user: POSTGRES_OWNER, password: readSecret(paths.home, 'postgresPassword') },
    databaseOf(paths.home),
    readSecret(paths.home, 'postgresAppPassword'),
  );
}
