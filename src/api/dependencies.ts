/** What the web server needs from the rest of the desk. Everything comes in here, so that it can be tested alone. */
import type { Logger } from 'pino';
import type { Runtime } from '../home/runtime.js';
import type { ProcessStatus } from '../home/supervisor-protocol.js';
import type { TraderStatus } from '../trader/protocol.js';
import type { SessionStore } from './auth/session-store.js';
import type { KeyStore } from './idempotency/idempotency-keys.js';

export interface Caller {
  readonly person: string;
  readonly via: 'web' | 'cli' | 'telegram';
}

export interface OperationRequest {
  readonly reason: string;
  /** The same id twice is the same command to the trader, except for a stop, which is never deduplicated. */
  readonly commandId?: string;
}

export interface OperationOutcome {
  /** The trader took the command. */
  readonly ok: boolean;
  /** What was asked for was read back: no entry works any more, the venue is flat, the mode is ACTIVE. */
  readonly proven: boolean;
  readonly detail: string;
  readonly haltId: string | null;
  readonly workflowId: string | null;
  readonly problems: readonly string[];
}

export interface ScheduledRun {
  readonly scheduleId: string;
  readonly routine: string;
  readonly title: string;
  readonly paused: boolean;
  readonly note: string;
  /** Wall milliseconds; null while paused or where nothing more is due. */
  readonly nextMs: number | null;
}

/** What people can ask for: each use case once, shared with the command line and the chat. */
export interface DeskOperations {
  stopTrading(caller: Caller, request: OperationRequest): Promise<OperationOutcome>;
  closeAllPositions(caller: Caller, request: OperationRequest): Promise<OperationOutcome>;
  resumeTrading(caller: Caller, request: OperationRequest): Promise<OperationOutcome>;
  listSchedules(): Promise<readonly ScheduledRun[]>;
}

/** The part of a Postgres pool that is used. Rejects when the database is down. */
export interface Database {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export interface WebSecrets {
  /** 32 bytes hex: signs access tokens. */
  readonly tokenKey: string;
  readonly operatorPasswordHash: string;
  readonly metricsToken: string;
}

export interface WebDependencies {
  readonly runtime: Pick<Runtime, 'desk' | 'web' | 'temporal' | 'temporalUiProxy'>;
  readonly secrets: WebSecrets;
  readonly sessions: Pick<SessionStore, 'begin' | 'rotate' | 'isActive' | 'end'>;
  /** The person whose one-time link this is, once; null where it is unknown, used or too old. */
  readonly consumeLink: (token: string) => Promise<string | null>;
  readonly operations: DeskOperations;
  /** Rejects while the trader does not answer. */
  readonly readTrader: () => Promise<TraderStatus>;
  /** Null where the supervisor does not answer. */
  readonly readProcesses: () => Promise<readonly ProcessStatus[] | null>;
  readonly temporalAnswers: () => Promise<boolean>;
  readonly database: Database;
  readonly keyStore: KeyStore;
  /** The built page; null where it was not built. */
  readonly dashboardDirectory: string | null;
  readonly log: Logger;
  readonly nowMs: () => number;
}
