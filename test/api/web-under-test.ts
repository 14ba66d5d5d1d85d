/** The web server over loopback, in front of a scripted trader and a real database. */
import { randomBytes, scryptSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { SessionStore } from '../../src/api/auth/session-store.js';
import type { WebDependencies } from '../../src/api/dependencies.js';
import { keysInPostgres } from '../../src/api/idempotency-keys.js';
import { buildServer } from '../../src/api/server.js';
import { TemporalTickets } from '../../src/api/temporal-ui/entrance.js';
import type { DeskKpi } from '../../src/desk/kpi-schema.js';
import type { Desk } from '../../src/desk/schema.js';
import type { RolesNeeded } from '../../src/domain/people-roles.js';
import { NO_REASON } from '../../src/domain/plain-text.js';
import type { ShownChannel } from '../../src/home/channel-health.js';
import type { Runtime } from '../../src/home/runtime.js';
import { exportRecords } from '../../src/operations/export-records.js';
import { listSetups, noteInJournal, readSetup } from '../../src/operations/journal-notes.js';
import type { OperationResult } from '../../src/operations/operation.js';
import { showKpis } from '../../src/operations/results/results.js';
import type { ErrorLogged } from '../../src/operations/test-alert.js';
import { consumeSignInToken, PasskeyTable } from '../../src/store/sign-in-means.js';
import { readTradingJournal } from '../../src/store/trading-journal-rows.js';
import { connectTrader, type TraderClient } from '../../src/trader/client.js';
import { neverForged, rowMaker } from '../support/row-makers.js';
import { type ScriptedTrader, startScriptedTrader } from '../support/scripted-trader.js';

export const PASSWORD = 'correct horse battery staple';
const PASSWORD_HASH = quickHash(PASSWORD);
export const METRICS_TOKEN = randomBytes(32).toString('hex');
export const DESK = 'crypto-bot';

/** All with the same password. */
const ROLES: Readonly<Record<string, RolesNeeded>> = {
  operator: ['operator', 'approver'],
  vera: ['viewer'],
  otto: ['operator'],
  anna: ['approver'],
  nemo: [],
};

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
}

export interface WebUnderTest {
  readonly app: FastifyInstance;
  readonly origin: string;
  readonly host: string;
  readonly trader: ScriptedTrader;
  readonly tickets: TemporalTickets;
  readonly sessions: SessionStore;
  /** By person: another text here ends what that person is signed in with. */
  readonly standings: Map<string, string>;
  /** People who have lost their role since. */
  readonly without: Set<string>;
  /** What another server of the same desk has, too. */
  readonly shared: Pick<WebDependencies, 'runtime' | 'secrets' | 'sessions'>;
  /** Its sign-ins as another process reads them. */
  readonly sessionsAnew: () => SessionStore;
  /** Added to the wall clock that the server sees. */
  readonly clock: { aheadMs: number };
  readonly logged: string[];
  /** How the channels of alerts are. */
  readonly alerts: ShownChannel[];
  /** What the logs call an error. */
  readonly errors: ErrorLogged[];
  /** Those of the desk file, by name. */
  readonly kpis: Record<string, DeskKpi>;
  call(method: string, path: string, init?: CallInit): Promise<Response>;
  signIn(person?: string): Promise<Tokens>;
  stop(): Promise<void>;
}

export interface CallInit {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Read as any other: that a guess is dear is the business of who makes one, and each of these tests would pay for it twice. */
function quickHash(password: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 2, r: 8, p: 1 });
  return `scrypt$2$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

interface Changes extends Partial<Omit<WebDependencies, 'runtime'>> {
  readonly runtime?: Partial<WebDependencies['runtime']>;
  /** Beside those of the product, before the server listens. */
  readonly moreRoutes?: (app: FastifyInstance) => void;
}

/** `pool`: null where the database is to be down. */
export async function startWebUnderTest(
  pool: Pool | null,
  { runtime, moreRoutes, ...change }: Changes = {},
  operations: Partial<WebDependencies['operations']> = {},
): Promise<WebUnderTest> {
  const trader = await startScriptedTrader();
  const client = connectTrader(trader.socketPath);
  const folder = mkdtempSync(join(tmpdir(), 'web-'));
  const clock = { aheadMs: 0 };
  const nowMs = (): number => Date.now() + clock.aheadMs;
  const standings = new Map<string, string>();
  const without = new Set<string>();
  const sessionsAnew = (): SessionStore =>
    SessionStore.open(
      join(folder, 'sessions.json'),
      nowMs,
      {
        standingOf: (person) => standings.get(person) ?? '',
        mayHere: (person) => person in ROLES && !without.has(person),
      },
      () => undefined,
    );
  const sessions = sessionsAnew();
  const tickets = new TemporalTickets(nowMs);
  const logged: string[] = [];
  const alerts: ShownChannel[] = [];
  const errors: ErrorLogged[] = [];
  const kpis: Record<string, DeskKpi> = {};
  const readErrors = async () => ({ known: true, missing: [], count: errors.length, errors });
  const web: WebDependencies = {
    ...dependencies(client, pool),
    runtime: { ...RUNTIME, home: folder, ...runtime },
    passwordHashOf: (person) => (person in ROLES ? PASSWORD_HASH : null),
    secrets: {
      tokenKey: randomBytes(32).toString('hex'),
      metricsToken: METRICS_TOKEN,
    },
    sessions,
    readAlerts: () => [...alerts],
    log: pino({ level: 'info' }, { write: (line: string) => void logged.push(line) }),
    nowMs,
    ...change,
    operations: {
      ...scriptedOperations(client, pool, kpis),
      readErrors,
      ...operations,
      ...change.operations,
    },
  };
  const app = await buildServer(web, tickets);
  moreRoutes?.(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const host = `127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const origin = `http://${host}`;
  const call: WebUnderTest['call'] = (method, path, { token, body, headers = {} } = {}) =>
    fetch(origin + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    ...{ app, origin, host, trader, tickets, sessions, sessionsAnew, standings, without, clock, logged },
    ...{ alerts, errors, kpis, call, shared: { runtime: web.runtime, secrets: web.secrets, sessions } },
    signIn: async (username = 'operator') =>
      (await (
        await call('POST', '/api/auth/login', { body: { username, password: PASSWORD } })
      ).json()) as Tokens,
    stop: async () => {
      await app.close();
      client.close();
      await trader.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const RUNTIME: Omit<WebDependencies['runtime'], 'home'> = {
  desk: DESK,
  web: { host: '127.0.0.1', port: 0 },
  temporal: { kind: 'external', address: '127.0.0.1:7233', namespace: 'default', uiAddress: null },
  temporalUiProxy: { port: 8234 },
};

function dependencies(
  client: TraderClient,
  pool: Pool | null,
): Omit<
  WebDependencies,
  'runtime' | 'secrets' | 'sessions' | 'readAlerts' | 'log' | 'nowMs' | 'passwordHashOf'
> {
  const down = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'));
  const built = resolve(import.meta.dirname, '../../dist/dashboard');
  return {
    personKeysOf: () => [],
    passkeys:
      pool === null
        ? { of: down, find: down, add: down, used: down, remove: down }
        : new PasskeyTable(pool, DESK, rowMaker, () => false, neverForged),
    rolesOf: (person) => ROLES[person] ?? [],
    stepOrder: new Map([['pre-market', ['venue', 'data']]]),
    calendar: { timezone: 'UTC', dayBoundary: '00:00' },
    instruments: ['BTC/USDT', 'ETH/USDT'].map((symbol) => ({ symbol, kind: 'spot' as const })),
    consumeLink: (token) => (pool === null ? down() : consumeSignInToken(pool, rowMaker, token, neverForged)),
    operations: scriptedOperations(client, pool),
    trader: client,
    // Its trader lives in this very process, which may have no core for seconds.
    readTrader: () => client.call('status', {}, { timeoutMs: 10_000 }),
    readBars: (symbol, count) => client.call('bars', { symbol, count, sinceMs: 0 }, { timeoutMs: 10_000 }),
    readDesks: async () => [],
    readProcesses: async () => [{ name: 'trader', state: 'running', pid: 4242, restarts: 0 }],
    temporalAnswers: async () => true,
    database: { query: (text, values) => (pool === null ? down() : pool.query(text, [...values])) },
    keyStore:
      pool === null
        ? { take: down, keep: down, giveUp: down }
        : {
            ...keysInPostgres(pool),
            // What is tested is what a database that answers says, however late on a busy machine.
            waitMs: 60_000,
          },
    documentsDirectory: resolve(import.meta.dirname, '../../docs'),
    dashboardDirectory: existsSync(join(built, 'index.html')) ? built : null,
  };
}

/** As long as a real one. */
const ROUTINES: Readonly<Record<string, string>> = {
  'pre-market': 'Pre-market',
  'look-around': 'Look around',
};

export const WORKFLOW_ID = `resume:crypto-bot:${'7e5bb08222ec6845'.repeat(2)}`;

/** The commands reach the trader; there is no workflow behind them. */
function scriptedOperations(
  client: TraderClient,
  pool: Pool | null,
  kpis: Record<string, DeskKpi> = {},
): WebDependencies['operations'] {
  let made = 0;
  const refuse = () => Promise.reject(new Error('connect ECONNREFUSED'));
  const down = { query: refuse, connect: refuse } as unknown as Pool;
  const reading = {
    desk: {
      ...{ desk: DESK, timezone: 'UTC', dayBoundary: '00:00', paper: { currency: 'USDT' }, kpis },
      ...{ instruments: [{ symbol: 'BTC/USDT' }], risk: { staleDataSeconds: 10 } },
    } as Desk,
    runtime: { home: tmpdir() } as Runtime,
    nowMs: Date.now,
    pool: pool ?? down,
    trader: client,
  };
  const outcome = (ok: boolean, proven: boolean, detail: string, haltId: string | null): OperationResult => {
    made += 1;
    return { ok, proven, detail: `${detail} (${made})`, haltId, workflowId: WORKFLOW_ID, problems: [] };
  };
  const identity = (person: string, reason: string | null, commandId = 'none') => ({
    commandId,
    by: person,
    reason: reason ?? NO_REASON,
  });
  return {
    stopTrading: async ({ person }, { reason, commandId }, sent) => {
      const { ok, haltId } = await (sent ?? client.call('stop', identity(person, reason, commandId)));
      const { entriesWorking, openPositions } = await client.call('status', {});
      const kept = `${openPositions} position and its stop are kept`;
      return outcome(ok, entriesWorking === 0, `no entry order works; ${kept}`, haltId);
    },
    closeAllPositions: async ({ person }, { reason, commandId }, sent) => {
      const { ok, haltId } = await (sent ?? client.call('closeAll', identity(person, reason, commandId)));
      const { flat } = await client.call('flatProof', {});
      return outcome(ok, flat, 'flat', haltId);
    },
    resumeTrading: async ({ person }, { reason, commandId, halt }) => {
      const { haltId, configHash } = await client.call('status', {});
      if (haltId === null) return outcome(false, false, 'the desk is not halted', null);
      if (halt !== undefined && halt !== haltId)
        return outcome(false, false, 'The desk was halted anew since', haltId);
      const params = { ...identity(person, reason, commandId), haltId, configHash, decisions: [] };
      const { ok } = await client.call('arm', params);
      return outcome(ok, true, 'armed', null);
    },
    closePosition: async ({ person }, { symbol, reason, commandId }) => {
      const taken = await client.call('closePosition', { ...identity(person, reason, commandId), symbol });
      return outcome(taken.ok, true, `${symbol} is closed`, null);
    },
    cancelEntry: async ({ person }, { order, reason, commandId }) => {
      const asked = { ...identity(person, reason, commandId), clientId: order };
      const taken = await client.call('cancelEntry', asked);
      return outcome(taken.ok, true, `entry order ${order} is cancelled`, null);
    },
    changeSize: async ({ person }, { sizePct, reason }) => {
      const taken = await client.call('resize', { ...identity(person, reason), sizePct, decisions: [] });
      return outcome(taken.ok, true, `position size is ${sizePct} %`, null);
    },
    runRoutine: async (_caller, { name }) => ({
      ...(name in ROUTINES
        ? outcome(true, true, `${ROUTINES[name]}: pass`, null)
        : {
            ...outcome(false, false, `The desk file has no routine "${name}" (it has: pre-market)`, null),
            reason: 'unknown' as const,
          }),
      ...{ verdict: 'pass', steps: [] },
    }),
    takeBackup: async (_caller, { verify }) => ({
      ...outcome(true, verify, verify ? 'b1: verified' : 'b1: not verified', null),
      result: null,
    }),
    listStoredPeriods: async () => [
      {
        name: '2026-01-01T00:00Z/2026-01-04T00:00Z',
        fromMs: Date.UTC(2026, 0, 1),
        untilMs: Date.UTC(2026, 0, 4),
      },
    ],
    askForValidation: async (_caller, { hours, stored }) =>
      outcome(true, false, `Validation v1 trades ${hours} h of ${stored ?? 'its own prices'}`, null),
    takeCorporateAction: async ({ person }, { action, reason, commandId }) => {
      const taken = await client.call('corporateAction', { ...identity(person, reason, commandId), action });
      return outcome(taken.ok, true, taken.detail, null);
    },
    sayNoSplit: async ({ person }, { symbol, reason, commandId }) => {
      const taken = await client.call('noSplit', { ...identity(person, reason, commandId), symbol });
      return outcome(taken.ok, true, taken.detail, null);
    },
    explainCash: async ({ person }, { kind, amount, reason, commandId }) => {
      const taken = await client.call('explainCash', {
        ...identity(person, reason, commandId),
        kind,
        amount,
      });
      return outcome(taken.ok, true, taken.detail, null);
    },
    sendSignal: async ({ person }, signal) => {
      const taken = await client.call('signal', { ...identity(person, 'a signal'), signal });
      return outcome(taken.ok, true, taken.detail, null);
    },
    withdrawSignal: async ({ person }, { source, id, reason }) => {
      const asked = { ...identity(person, reason ?? ''), source, id };
      const taken = await client.call('withdrawSignal', asked);
      return outcome(taken.ok, true, taken.detail, null);
    },
    listSignals: async () => (await client.call('status', {})).signals ?? { newest: [], refused: [] },
    claimCoins: async ({ person }, { symbol, owner, cost, reason }) => {
      const said = { symbol, owner, cost, decisions: [] };
      const taken = await client.call('claimCoins', { ...identity(person, reason), ...said });
      return outcome(taken.ok, true, taken.detail, null);
    },
    listSchedules: async () => [],
    readTwins: async () => [],
    listDecided: async () => [],
    listApprovals: async () => [],
    castVote: async ({ person }, { approval }) => ({
      ok: true,
      detail: `${person} voted`,
      approvalId: approval,
    }),
    listTasks: async () => [],
    completeTask: async (_caller, { id }) => ({
      ok: false,
      reason: 'unknown',
      detail: `There is no task ${id}.`,
    }),
    listValidations: async () => ({ validations: [], running: [] }),
    readGoLive: async () => ({
      ...{ mode: 'paper', granted: null, approvers: ['anna'], needed: 1 },
      ...{ attempts: [], progress: null, words: [], problems: [] },
    }),
    startGoLive: async () => ({
      ...{
        ok: false,
        detail: 'Going live is not possible yet.',
        obstacles: ['Stop-loss: 0 (expected: > 0)'],
      },
      ...{ workflowId: null, problems: [], doThis: 'do what helps here' },
    }),
    revokeGoLive: async () => outcome(true, true, 'taken back', null),
    preflight: async () => ({
      desk: DESK,
      configHash: 'c0ffee',
      endpoint: 'nowhere',
      verdict: 'fail',
      results: [{ key: 'stop-loss', title: 'Stop-loss', verdict: 'fail', observed: '0', expected: '> 0' }],
      atMs: 0,
    }),
    openIncident: async (_caller, { title }) => ({
      ...outcome(true, true, `The incident "${title}" is open`, null),
      incident: 'abcdefghijklmnop',
    }),
    acknowledgeIncident: async ({ person }) => ({ ok: true, detail: `${person} has it` }),
    resolveIncident: async ({ person }) => ({ ok: true, detail: `${person} declared it over` }),
    ownKinds: () => [],
    listIncidents: async () => [],
    readIncident: async () => null,
    readSettings: () => Promise.reject(new Error('not in this test')),
    changeSettings: () => Promise.reject(new Error('not in this test')),
    rollContract: () => Promise.reject(new Error('not in this test')),
    statementToSign: async () => null,
    exportRecords: (caller, request) => {
      const context = {
        pool: pool ?? down,
        desk: { desk: DESK } as Desk,
        runtime: { desk: DESK } as Runtime,
      };
      return exportRecords(context, caller, request);
    },
    testAlert: async () => ({ ok: true, detail: 'arrived', reached: 1, chats: 1 }),
    showKpis: () => showKpis(reading),
    listSetups: (query) => listSetups(reading, query),
    readSetup: (id) => readSetup(reading, id),
    readErrors: async () => ({ known: true, missing: [], count: 0, errors: [] }),
    readTradingJournal: (days) => readTradingJournal(reading.pool, DESK, days),
    noteInJournal: (caller, request) => noteInJournal(reading, caller, request),
    toggleStrategy: async ({ person }, { strategy, enabled, reason }) => {
      const switched = enabled ?? false;
      const { strategies } = await client.call('status', {});
      const known = strategies.some(({ name }) => name === strategy);
      if (!known)
        return {
          ...outcome(false, false, `This desk has no strategy ${strategy}`, null),
          reason: 'unknown' as const,
        };
      await client.call('toggle', { ...identity(person, reason), strategy, enabled: switched });
      return outcome(true, true, `${strategy} is ${switched ? 'on' : 'off'}`, null);
    },
  };
}
