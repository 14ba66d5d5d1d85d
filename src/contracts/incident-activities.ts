/** The activities of incidents, and what opens an incident. */
import type { StepParameters } from '../desk/step-parts.js';
import type { RunIdentity } from './evidence.js';
import type { Incident } from './incident.js';
import type { CheckOutcome } from './routine.js';

export interface StrategyLoss {
  readonly strategy: string;
  /** Realised result less fees, in the quote currency; for display, not for computing. */
  readonly result: number;
  readonly fills: number;
}

export interface ConditionsQuestion {
  readonly symbols: readonly string[];
  /** Identity of the price source: other markets' prices don't count. Null: unknown. */
  readonly source: string | null;
  /** Null: the newest stored minute. */
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
  /** Equal while the page says the same. */
  readonly digest: string;
}

/** What opens an incident, before it is known whether one is open already. */
export interface Symptom {
  readonly kind: Incident['kind'];
  /** A process, a strategy, a cause, a step; empty if the kind says it all. Lower case, digits, `-` and `.`. */
  readonly subject: string;
  readonly key: string;
  readonly source: string;
  readonly title: string;
  readonly detail: string;
  /** Parameters of a playbook in code, above those of the desk file's `playbooks`. */
  readonly with?: StepParameters;
}

/** A routine's step that is a playbook in code. */
export interface PlaybookRequest {
  readonly playbook: string;
  readonly with: StepParameters;
  /** The same for each attempt at this step of this run. */
  readonly key: string;
  readonly routine: string;
  readonly title: string;
  /** Wall milliseconds until which its end is waited for; null: it is only begun. */
  readonly untilMs: number | null;
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
  /** What was restored and what is kept, or why nothing was restored. */
  readonly says: string;
}

export interface IncidentActivities {
  /** Writes the row and tells people, each once per key. People are told even while Postgres is down. */
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
  /** Null: nobody can say. */
  processState(name: string): Promise<string | null>;
  /**
   * An orderly restart; resolves with a description once the process is ready again. Rejects if nobody here can restart
   * it.
   */
  restartProcess(name: string): Promise<string>;
  /**
   * Replaces the database with the newest good backup: the whole desk ends and is started again. Once per `key`,
   * however often it is called: the caller ends with the desk, and its next attempt finds the outcome.
   */
  restoreDatabase(asked: { readonly key: string; readonly by: string }): Promise<DatabaseRestored>;
  /** For workflows that found something wrong; resolves once an incident has it. */
  reportIncident(symptom: Symptom): Promise<void>;
  /** Opens the incident of a playbook in code, once per key, and waits for the playbook's end. */
  runPlaybook(request: PlaybookRequest): Promise<CheckOutcome & { readonly reference: string | null }>;
}
