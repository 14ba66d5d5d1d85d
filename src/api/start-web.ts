/** The web role: HTTP API, dashboard, live updates, metrics, and Temporal's UI behind our sign-in. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { deskEnvironment } from '../desk/desk-environment.js';
import { rolesOf as rolesOfPerson } from '../domain/people-roles.js';
import { channelHealth } from '../home/channel-health.js';
import { logOutput } from '../home/desk-in-process.js';
import { socketOf } from '../home/external-temporal.js';
import { isEndedPasskey } from '../home/people-folder.js';
import { personKeysOf } from '../home/person-keys.js';
import {
  deskPaths,
  homePaths,
  installationOf,
  peopleHomeOf,
  type Role,
  type Runtime,
} from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import { signInPasswordHash, standingOf } from '../home/sign-in-standing.js';
import { startedDesks } from '../home/started-desks.js';
import { askSupervisor } from '../home/supervisor-protocol.js';
import { forgedRowTeller } from '../notify/tell-forged-row.js';
import { openOperations } from '../operations/operations.js';
import { passkeyMaker, signInMaker } from '../store/access-rows.js';
import { openPool, type Pool } from '../store/pool.js';
import { consumeSignInToken, PasskeyTable } from '../store/sign-in-means.js';
import { payloadCodecOf } from '../temporal/payload-codec.js';
import { connectTrader } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import { SessionStore } from './auth/session-store.js';
import { cookieEndingOf } from './auth/tokens.js';
import type { Database, WebDependencies } from './dependencies.js';
import { keysInPostgres } from './idempotency-keys.js';
import { buildServer } from './server.js';
import { codecOrigins } from './temporal-ui/codec-routes.js';
import { TemporalTickets } from './temporal-ui/entrance.js';
import { makeTemporalUiProxy } from './temporal-ui/proxy.js';

const STATUS_WAIT_MS = 2_000;
const TEMPORAL_WAIT_MS = 1_000;
/** A page should get an answer before the pool's own, longer deadline. */
const QUERY_WAIT_MS = 4_000;

/** What closes each opened resource, in the order of opening. */
type Closers = (() => unknown)[];

/**
 * Rejects if a port is taken, or if the desk file or a secret can't be read; then everything is closed again.
 */
export async function startWeb(runtime: Runtime): Promise<Role> {
  const closers: Closers = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await Promise.allSettled([close()]);
  };
  try {
    await open(runtime, closers);
  } catch (error) {
    await stop();
    throw inWords(error);
  }
  return { stop };
}

async function open(runtime: Runtime, closers: Closers): Promise<void> {
  const foreignUis = codecOrigins(deskEnvironment());
  const { desk } = loadDesk(runtime.deskFile);
  const pool = openPool(runtime, 'web');
  closers.push(() => pool.end());
  const operations = await openOperations(runtime);
  closers.push(() => operations.close());
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  closers.push(() => trader.close());
  const rolesOf: WebDependencies['rolesOf'] = (person) => rolesOfPerson(desk.people, person);
  const log = pino({ name: 'web', redact: ['req.headers', 'headers', '*.password', '*.token'] }, logOutput());
  const sessions = SessionStore.open(
    join(peopleHomeOf(runtime.home), 'web', 'sessions.json'),
    Date.now,
    {
      standingOf: (person) => standingOf(runtime.home, person),
      mayHere: (person) => rolesOf(person).length > 0,
    },
    (why) => log.error(`sign-ins can’t be saved (${why}): they count until this process ends`),
  );
  const tickets = new TemporalTickets(Date.now);
  const onForged = forgedRowTeller({
    ...{ desk, pool, home: runtime.home, nowMs: Date.now },
    log: (problem) => log.error(problem),
  });
  const web: WebDependencies = {
    runtime,
    sessions,
    passkeys: new PasskeyTable(
      pool,
      runtime.desk,
      passkeyMaker(runtime.home),
      (id) => isEndedPasskey(runtime.home, id),
      onForged,
    ),
    operations,
    trader,
    secrets: {
      tokenKey: readSecret(runtime.home, 'tokenKey'),
      metricsToken: readSecret(runtime.home, 'metricsToken'),
    },
    rolesOf,
    personKeysOf: (person) => personKeysOf(runtime.home, person),
    passwordHashOf: (person) => signInPasswordHash(runtime.home, person),
    stepOrder: new Map(desk.routines.map(({ name, steps }) => [name, steps.map(({ key }) => key)])),
    calendar: { timezone: desk.timezone, dayBoundary: desk.dayBoundary },
    instruments: desk.instruments,
    consumeLink: (token) => consumeSignInToken(pool, signInMaker(runtime.home), token, onForged),
    readTrader: () => trader.call('status', {}, { timeoutMs: STATUS_WAIT_MS }),
    readBars: (symbol, count) =>
      trader.call('bars', { symbol, count, sinceMs: 0 }, { timeoutMs: STATUS_WAIT_MS }),
    readProcesses: () => askSupervisor(runtime.home, 'processes', {}, STATUS_WAIT_MS),
    readDesks: () => startedDesks(installationOf(runtime.home)),
    readAlerts: () => channelHealth(runtime.home, runtime.desk, Date.now()),
    temporalAnswers: () => canConnect(runtime.temporal.address),
    database: impatient(pool),
    keyStore: keysInPostgres(pool),
    dashboardDirectory: builtFolder('dashboard', 'index.html'),
    documentsDirectory: builtFolder('docs', 'WOKEN.md'),
    log,
    nowMs: Date.now,
  };
  const app = await buildServer(web, tickets);
  closers.push(() => app.close());
  const proxy = await makeTemporalUiProxy({
    desk: runtime.desk,
    uiAddress: runtime.temporal.uiAddress,
    namespace: runtime.temporal.namespace,
    cookieEnding: cookieEndingOf(runtime.home),
    tickets,
    isActive: (family) => sessions.isActive(family),
    codec: payloadCodecOf(runtime.home),
    isToken: (token) => typeof app.readAccess(token) !== 'string',
    codecOrigins: foreignUis,
  });
  closers.push(() => proxy.close());
  await app.listen({ host: runtime.web.host, port: runtime.web.port });
  await proxy.listen({ host: runtime.web.host, port: runtime.temporalUiProxy.port });
}

function inWords(error: unknown): unknown {
  const { code, port } = error as { code?: string; port?: number };
  if (code !== 'EADDRINUSE') return error;
  return new Error(
    `port ${port} is taken by another program: end that one, or set api.port in the desk file`,
  );
}

function impatient(pool: Pool): Database {
  return {
    query: (text, values) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${QUERY_WAIT_MS} ms`)), QUERY_WAIT_MS);
      });
      return Promise.race([pool.query(text, [...values]), late]).finally(() => clearTimeout(timer));
    },
  };
}

/** Null if the build has not put `file` there. */
function builtFolder(name: string, file: string): string | null {
  const folder = fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
  return existsSync(join(folder, file)) ? folder : null;
}

/** `address`: host:port, or that of a Unix socket. */
function canConnect(address: string): Promise<boolean> {
  const path = socketOf(address);
  const { hostname, port } = new URL(`http://${path === null ? address : 'localhost'}`);
  const place = path === null ? { host: hostname, port: Number(port || 7233) } : { path };
  return new Promise((resolve) => {
    const socket = connect({ ...place, timeout: TEMPORAL_WAIT_MS });
    const settle = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
