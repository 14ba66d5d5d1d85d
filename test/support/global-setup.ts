/**
 * One embedded Postgres and one Temporal server for a whole test run, started when the first test asks and
 * ended at the end. Tests reach this process through a loopback address that `inject('supportAddress')` gives them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/store/migrate.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { startPostgres } from '../../src/supervisor/start-postgres.js';
import { resolveTemporal } from '../../src/supervisor/temporal/resolve-temporal.js';
import { TEMPORAL_NAMESPACE } from '../../src/supervisor/temporal/server-options.js';
import {
  chooseTemporalPorts,
  startTemporal,
  type TemporalServer,
} from '../../src/supervisor/temporal/start-temporal.js';
import { endWithThisProcess, type Stop } from './end-with-this-process.js';
import type { PostgresAddress } from './postgres.js';
import type { TemporalAddress } from './temporal.js';

declare module 'vitest' {
  export interface ProvidedContext {
    supportAddress: string;
  }
}

const TEMPLATE_DATABASE = 'fermata_template';
const APP_PASSWORD = 'app-password-for-tests';
const OWNER_PASSWORD = 'owner-password-for-tests';

/**
 * The server reads timers a second ahead, and what falls due before fires only then: each pause and each retry of
 * milliseconds takes a second. What it has done it writes down each half minute, and forgets no run before. Each worker's
 * polls go to all partitions of its queue; a desk's own server reads those of an earlier database too. A run that goes on in
 * a new one within its first second waits for the rest of it; so do the server's own runs that make a build current.
 */
const QUICK_TEMPORAL = [
  'matching.numTaskqueueReadPartitions=1',
  'history.timerProcessorMaxTimeShift="10ms"',
  'history.transferProcessorUpdateAckInterval="1s"',
  'history.workflowIdReuseMinimalInterval="10ms"',
];

/** Sooner than the product: tests wait two minutes for most things. */
const SERVES_NOTHING = { everyMs: 10_000, failingMs: 15_000, silentMs: 600_000 };

export default async function setup(project: TestProject): Promise<Stop> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-support-'));
  const stops: Stop[] = [];
  const postgres = once(() => beginPostgres(folder, stops));
  const temporal = once(() => beginTemporal(folder, stops));
  const server = await listen({ '/postgres': postgres, '/temporal': temporal });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  project.provide('supportAddress', `http://127.0.0.1:${address.port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    await Promise.all(stops.map((stop) => stop()));
    rmSync(folder, { recursive: true, force: true });
  };
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | null = null;
  return () => {
    begun ??= start();
    return begun;
  };
}

function listen(routes: Record<string, () => Promise<unknown>>): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = routes[request.url ?? ''] ?? (() => Promise.reject(new Error(`no ${request.url}`)));
    answer().then(
      (value) => response.end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function beginPostgres(folder: string, stops: Stop[]): Promise<PostgresAddress> {
  const owner = { host: '127.0.0.1', port: await freePort(), user: 'fermata', password: OWNER_PASSWORD };
  const server = await startPostgres({
    ...owner,
    directory: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    settings: [
      ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'],
      // Of databases that are dropped a moment later.
      'autovacuum=off',
    ],
  });
  stops.push(endWithThisProcess(server.process.pid, server.stop, folder));
  await migrate(owner, TEMPLATE_DATABASE, APP_PASSWORD);
  return { ...owner, appUser: 'fermata_app', appPassword: APP_PASSWORD };
}

/**
 * Started again where it has ended, with the runs that it had written: on a busy machine its driver can leave its one connection to
 * the database interrupted for good, and the files that run then and all that follow would fail.
 */
async function keepTemporal(
  options: Parameters<typeof startTemporal>[0],
  folder: string,
  stops: Stop[],
): Promise<TemporalServer> {
  let ending = false;
  const start = async (): Promise<readonly [TemporalServer, Stop]> => {
    const server = await startTemporal(options);
    const end = endWithThisProcess(server.process.pid, server.stop, folder);
    void server.process.exited.then(async ({ how }) => {
      if (ending) return;
      console.error(`The tests’ Temporal server ended (${how ?? 'by itself'}), and is started again`);
      await end();
      running = start();
    });
    return [server, end];
  };
  let running = start();
  stops.push(async () => {
    ending = true;
    const [, end] = await running;
    await end();
  });
  const [server] = await running;
  return server;
}

async function beginTemporal(folder: string, stops: Stop[]): Promise<TemporalAddress> {
  const resolved = await resolveTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
  if (resolved.kind !== 'binary') throw new Error('a Temporal binary is needed for the tests');
  const quick = join(folder, 'temporal');
  const settings = QUICK_TEMPORAL.map((value) => ` --dynamic-config-value '${value}'`).join('');
  // Nothing of it has to outlive this machine.
  const more = `${settings} --sqlite-pragma synchronous=OFF`;
  // One server for the whole run: it may use more memory where that spares it collecting garbage.
  writeFileSync(quick, `#!/bin/sh\nGOGC=400 GOMEMLIMIT=1GiB exec '${resolved.path}' "$@"${more}\n`, {
    mode: 0o755,
  });
  const options = {
    binary: quick,
    ports: await chooseTemporalPorts(),
    database: join(folder, 'temporal.sqlite'),
    logFile: join(folder, 'temporal.log'),
    watch: SERVES_NOTHING,
  };
  const server = await keepTemporal(options, folder, stops);
  return {
    kind: 'managed',
    address: server.address,
    namespace: TEMPORAL_NAMESPACE,
    uiAddress: `http://127.0.0.1:${server.ports.ui}`,
    httpAddress: `http://127.0.0.1:${server.ports.http}`,
    binary: resolved.path,
  };
}
