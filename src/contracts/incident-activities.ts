/** What incidents ask of the world, and what opens one. */
import type { RunIdentity } from './evidence.js';
import type { Incident } from './incident.js';

export interface StrategyLoss {
  readonly strategy: string;
  /** Realised result less fees, quote currency; for telling, not for computing with. */
  readonly result: number;
  readonly fills: number;
}

export interface ConditionsQuestion {
  readonly symbols: readonly string[];
  /** Identity of the price source: what another market did says nothing about this one. Null: not known. */
  readonly source: string | null;
  /** Null: the newest minute that is stored. */
  readonly untilMarketMs: number | null;
  readonly timesNormal: number;
}

export interface MarketConditions {
  /** Null: too few minutes are stored to tell. */
  readonly changed: boolean | null;
  readonly says: string;
}

export interface StatusPageReading {
  readonly answered: boolean;
  readonly says: string;
  /** The same while it says the same. */
  readonly digest: string;
}

/** What opens an incident, before anybody knows whether one lasts. */
export interface Symptom {
  readonly kind: Incident['kind'];
  /** A process, a strategy, a cause, a step; empty where the kind says it all. Lower case, digits, `-` and `.`. */
  readonly subject: string;
  readonly key: string;
  readonly source: string;
  readonly title: string;
  readonly detail: string;
}

export interface ReviewRequest {
  readonly run: RunIdentity;
  readonly fingerprint: string;
  readonly title: string;
  readonly detail: string;
  readonly dueMs: number;
  readonly simulated: boolean;
}

export interface DatabaseRestored {
  readonly restored: boolean;
  /** What was put in place and what is kept, or why nothing was. */
  readonly says: string;
}

export interface IncidentActivities {
  /** Writes the row and tells people, each once a key. People are told also while Postgres is down. */
  announceIncident(told: {
    readonly incident: Omit<Incident, 'id'>;
    readonly key: string;
    readonly text: string | null;
  }): Promise<void>;
  keepLogLines(
    request: RunIdentity & { readonly role: string; readonly lines: number },
  ): Promise<{ readonly lines: number; readonly sha256: string }>;
  askForReview(review: ReviewRequest): Promise<void>;
  readStatusPage(url: string): Promise<StatusPageReading>;
  marketConditions(question: ConditionsQuestion): Promise<MarketConditions>;
  lossesByStrategy(since: { readonly sinceMarketMs: number | null }): Promise<readonly StrategyLoss[]>;
  ledgerPositions(): Promise<readonly string[]>;
  /** Null: nobody can say it. */
  processState(name: string): Promise<string | null>;
  /** In order; resolves with how it went once it is ready again. Rejects where nobody here can restart it. */
  restartProcess(name: string): Promise<string>;
  /**
   * The newest good backup in the place of the database: everything ends, and is started again. Once a `key`, however often
   * it is asked for: whoever asks ends with it, and the next attempt finds how it went.
   */
  restoreDatabase(asked: { readonly key: string; readonly by: string }): Promise<DatabaseRestored>;
  /** For workflows that found something wrong; resolves once an incident has it. */
  reportIncident(symptom: Symptom): Promise<void>;
}
