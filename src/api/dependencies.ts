/** Everything that the web server needs from the rest of the desk, passed in so that it can be tested by itself. */
import type { Logger } from 'pino';
import type { BarsAnswer, TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import type { RolesNeeded } from '../domain/people-roles.js';
import type { PersonKey } from '../domain/signed-vote.js';
import type { DeskCalendar } from '../domain/trading-day.js';
import type { ShownChannel } from '../home/channel-health.js';
import type { Runtime } from '../home/runtime.js';
import type { StartedDesk } from '../home/started-desks.js';
import type { ProcessStatus } from '../home/supervisor-protocol.js';
import type { Operations } from '../operations/operations.js';
import type { PasskeyTable } from '../store/sign-in-means.js';
import type { TraderClient } from '../trader/client.js';
import type { SessionStore } from './auth/session-store.js';
import type { KeyStore } from './idempotency-keys.js';

/** What people can ask for: each use case once, shared with the command line and Telegram. */
type DeskOperations = Pick<
  Operations,
  | 'stopTrading'
  | 'closeAllPositions'
  | 'resumeTrading'
  | 'closePosition'
  | 'cancelEntry'
  | 'changeSize'
  | 'runRoutine'
  | 'takeBackup'
  | 'listStoredPeriods'
  | 'askForValidation'
  | 'listSchedules'
  | 'readTwins'
  | 'listDecided'
  | 'listApprovals'
  | 'castVote'
  | 'readSettings'
  | 'changeSettings'
  | 'rollContract'
  | 'toggleStrategy'
  | 'explainCash'
  | 'takeCorporateAction'
  | 'sayNoSplit'
  | 'claimCoins'
  | 'sendSignal'
  | 'withdrawSignal'
  | 'listSignals'
  | 'listTasks'
  | 'completeTask'
  | 'listValidations'
  | 'preflight'
  | 'readGoLive'
  | 'startGoLive'
  | 'revokeGoLive'
  | 'openIncident'
  | 'acknowledgeIncident'
  | 'resolveIncident'
  | 'listIncidents'
  | 'ownKinds'
  | 'readIncident'
  | 'statementToSign'
  | 'testAlert'
  | 'exportRecords'
  | 'showKpis'
  | 'listSetups'
  | 'readSetup'
  | 'readErrors'
  | 'readTradingJournal'
  | 'noteInJournal'
>;

/** The part of a Postgres pool that is used here. Rejects while the database is down. */
export interface Database {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** The step keys of each routine, by its name, in the order of the desk file. */
export type StepOrder = ReadonlyMap<string, readonly string[]>;

interface WebSecrets {
  /** 32 bytes in hex: signs access tokens. */
  readonly tokenKey: string;
  readonly metricsToken: string;
}

export interface WebDependencies {
  readonly runtime: Pick<Runtime, 'desk' | 'home' | 'web' | 'temporal' | 'temporalUiProxy'>;
  readonly secrets: WebSecrets;
  readonly sessions: Pick<SessionStore, 'begin' | 'rotate' | 'isActive' | 'end' | 'endOfPasskey'>;
  /** Rejects while the database is down. */
  readonly passkeys: Pick<PasskeyTable, 'of' | 'find' | 'add' | 'used' | 'remove'>;
  /** From the desk file; empty for a person that it does not name. */
  readonly rolesOf: (person: string) => RolesNeeded;
  /** scrypt hash; null if this person has no password. */
  readonly passwordHashOf: (person: string) => string | null;
  /** The public keys that the person has enrolled for votes. Throws if they can't be read. */
  readonly personKeysOf: (person: string) => readonly PersonKey[];
  /** The person that this one-time link signs in, at its first use; null if it is unknown, used or expired. */
  readonly consumeLink: (token: string) => Promise<string | null>;
  readonly stepOrder: StepOrder;
  /** When the desk's days begin. */
  readonly calendar: DeskCalendar;
  /** Of the desk file. */
  readonly instruments: readonly Pick<Desk['instruments'][number], 'symbol' | 'kind'>[];
  readonly operations: DeskOperations;
  /** Commands that make the desk safer go here before anywhere else. */
  readonly trader: Pick<TraderClient, 'call'>;
  /** Rejects while the trader does not answer. */
  readonly readTrader: () => Promise<TraderStatus>;
  /**
   * Closed one-minute bars, oldest first, and the lines that strategies follow. Rejects while the trader does not
   * answer.
   */
  readonly readBars: (symbol: string, count: number) => Promise<Pick<BarsAnswer, 'bars' | 'lines'>>;
  /** Null if the supervisor does not answer. */
  readonly readProcesses: () => Promise<readonly ProcessStatus[] | null>;
  /** The desks of this installation. */
  readonly readDesks: () => Promise<readonly StartedDesk[]>;
  /** Whether notices reach people. */
  readonly readAlerts: () => readonly ShownChannel[];
  readonly temporalAnswers: () => Promise<boolean>;
  readonly database: Database;
  readonly keyStore: KeyStore;
  /** The built page; null if it was not built. */
  readonly dashboardDirectory: string | null;
  /** Our documents in Markdown; null if they were not built. */
  readonly documentsDirectory: string | null;
  readonly log: Logger;
  readonly nowMs: () => number;
}
