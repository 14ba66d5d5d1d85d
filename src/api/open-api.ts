/** Makes the content of docs/openapi.json from the very routes that are served, with nothing behind them. */
import { pino } from 'pino';
import type { WebDependencies } from './dependencies.js';
import { buildServer } from './server.js';
import { TemporalTickets } from './temporal-ui/entrance.js';

/** The document. Doesn't listen on any port. */
export async function makeOpenApi(): Promise<Record<string, unknown>> {
  const tickets = new TemporalTickets(() => 0);
  const app = await buildServer(NOTHING_BEHIND, tickets);
  await app.ready();
  const document = app.swagger() as unknown as Record<string, unknown>;
  await app.close();
  return document;
}

const unavailable = (): Promise<never> => Promise.reject(new Error('the description has nothing behind it'));

const NOTHING_BEHIND: WebDependencies = {
  runtime: {
    desk: 'description',
    home: '/dev/null', // no desk: nothing can be written there
    web: { host: '127.0.0.1', port: 0 },
    temporal: { kind: 'external', address: '', namespace: '', uiAddress: null },
    temporalUiProxy: { port: 0 },
  },
  secrets: { tokenKey: 'description', metricsToken: 'description' },
  sessions: {
    begin: () => ({ family: '', refreshToken: '' }),
    rotate: () => ({ ok: false, reason: 'unknown' }),
    isActive: () => false,
    end: () => undefined,
    endOfPasskey: () => undefined,
  },
  passkeys: {
    of: unavailable,
    find: unavailable,
    add: unavailable,
    used: unavailable,
    remove: unavailable,
  },
  rolesOf: () => [],
  stepOrder: new Map(),
  calendar: { timezone: 'UTC', dayBoundary: '00:00' },
  instruments: [],
  passwordHashOf: () => null,
  personKeysOf: () => [],
  consumeLink: unavailable,
  trader: { call: unavailable },
  operations: {
    stopTrading: unavailable,
    closeAllPositions: unavailable,
    resumeTrading: unavailable,
    closePosition: unavailable,
    cancelEntry: unavailable,
    changeSize: unavailable,
    runRoutine: unavailable,
    takeBackup: unavailable,
    listStoredPeriods: unavailable,
    askForValidation: unavailable,
    readTwins: unavailable,
    listDecided: unavailable,
    listSchedules: unavailable,
    listApprovals: unavailable,
    castVote: unavailable,
    readSettings: unavailable,
    changeSettings: unavailable,
    rollContract: unavailable,
    toggleStrategy: unavailable,
    explainCash: unavailable,
    takeCorporateAction: unavailable,
    sayNoSplit: unavailable,
    claimCoins: unavailable,
    sendSignal: unavailable,
    withdrawSignal: unavailable,
    listSignals: unavailable,
    listTasks: unavailable,
    completeTask: unavailable,
    listValidations: unavailable,
    preflight: unavailable,
    readGoLive: unavailable,
    startGoLive: unavailable,
    revokeGoLive: unavailable,
    openIncident: unavailable,
    acknowledgeIncident: unavailable,
    resolveIncident: unavailable,
    listIncidents: unavailable,
    ownKinds: () => [],
    readIncident: unavailable,
    statementToSign: unavailable,
    testAlert: unavailable,
    showKpis: unavailable,
    listSetups: unavailable,
    readSetup: unavailable,
    readErrors: unavailable,
    readTradingJournal: unavailable,
    noteInJournal: unavailable,
    exportRecords: () => {
      throw new Error('only described');
    },
  },
  readTrader: unavailable,
  readBars: unavailable,
  readProcesses: unavailable,
  readDesks: unavailable,
  readAlerts: () => [],
  temporalAnswers: unavailable,
  database: { query: unavailable },
  keyStore: { take: unavailable, keep: unavailable, giveUp: unavailable },
  dashboardDirectory: null,
  documentsDirectory: null,
  log: pino({ level: 'silent' }),
  nowMs: () => 0,
};
