/** The contract of incidents: shared by the workflow, its activities and whoever opens or answers one. */
import type { Decision } from '../domain/decision.js';
import type { ResumeRule } from '../domain/mode.js';
import type { OpenApproval } from './approval.js';
import type { RunIdentity } from './evidence.js';
import type { Incident } from './published.js';
import type { CheckOutcome, RoutineStep, StepParameters } from './routine.js';

/** An observation that opens an incident or belongs to an open one. */
export interface IncidentReport {
  /** Identifies the occurrence: reported twice, it counts once. */
  readonly key: string;
  readonly source: string;
  readonly detail: string;
  /** Wall milliseconds. */
  readonly atMs: number;
}

export { isTradingAction, type TradingAction } from '../domain/mode.js';
export type { Incident };
export type IncidentSeverity = Incident['severity'];

interface IncidentTiming {
  /**
   * If nobody has acknowledged it `respondMs` after it opened, people are reminded; at each `escalateMs`,
   * more people.
   */
  readonly respondMs: number;
  readonly escalateMs: readonly number[];
  /**
   * Pause between two polls of a playbook: doubles from the first value up to the second, unless somebody signals
   * `lookAgain`.
   */
  readonly lookMs: number;
  readonly lookMsMax: number;
  /** How long an offer to people stays open. */
  readonly offerMs: number;
  /** When the review afterwards is due. */
  readonly reviewMs: number;
  /** How long writing to Postgres is retried. */
  readonly evidenceMs: number;
}

/** For one of the desk's own kinds: steps in order, without code. */
export interface OwnPlaybook {
  readonly steps: readonly PlaybookStep[];
  /** What it waits for after its steps; a person can always declare it over. */
  readonly over: 'person' | 'trading' | 'passed';
  /** What lifts a halt that a step raises. */
  readonly haltRule: ResumeRule;
  readonly backupsKept: number;
}

/** Rules for each step of the desk's own playbooks. */
export type PlaybookRules = Pick<OwnPlaybook, 'haltRule' | 'backupsKept'>;

/** For one of the desk's own kinds whose playbook is code in its folder. */
export interface PlaybookCode extends PlaybookRules {
  /** Name of its file. */
  readonly name: string;
  /** From the desk file; checked again when it begins. */
  readonly with: StepParameters;
}

/** How a playbook in code ended; never a failure of the run, which would be reported as a fault of ours. */
export interface PlaybookEnd {
  readonly ended: 'done' | 'failed' | 'cancelled';
  /** Its final text, or why it ended. */
  readonly says: string;
}

export interface PlaybookStep extends RoutineStep {
  readonly onFail: 'warn' | 'stop';
  /** How long a check is repeated until it passes; absent: it runs once. */
  readonly withinMinutes?: number | undefined;
  /** Answers offered to people in parallel: the first one that a person agrees to counts. */
  readonly choose?: readonly PlaybookAnswer[] | undefined;
}

export interface PlaybookAnswer {
  readonly key: string;
  readonly title: string;
  /** Position size from then on, in percent of the full size. */
  readonly sizePct?: number | undefined;
  /** A task for a person afterwards. */
  readonly human?: string | undefined;
  readonly dueHours: number;
}

export interface IncidentInput {
  readonly desk: string;
  readonly fingerprint: string;
  readonly kind: Incident['kind'];
  readonly subject: string;
  readonly severity: IncidentSeverity;
  readonly title: string;
  /** The trader to read; null if none was known. */
  readonly incarnation: string | null;
  readonly simulated: boolean;
  readonly timing: IncidentTiming;
  /**
   * The desk file's for the kind, if it is a shipped one; in runs begun by an earlier version, those of every
   * shipped kind.
   */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Absent: the playbook of the shipped kind. */
  readonly playbook?: OwnPlaybook;
  /** Overrides `playbook`. */
  readonly code?: PlaybookCode;
  /** Null at the beginning. */
  readonly carried: IncidentCarried | null;
}

/** What continue-as-new carries over. */
export interface IncidentCarried {
  /** Used in its questions and commands; absent in a run that began before names were carried over. */
  readonly name?: string;
  readonly openedMs: number;
  readonly reports: readonly IncidentReport[];
  readonly done: Readonly<Record<string, string>>;
  readonly shown: readonly string[];
  readonly escalations: number;
  readonly acknowledged: Answered | null;
  readonly resolved: Answered | null;
  readonly playbook?: PlaybookEnd;
  /** The trader that was queried last. */
  readonly incarnation?: string | null;
  /** The desk's trader as `lookAgain` named it last. */
  readonly named?: string;
  readonly revision: number;
  readonly sequence: number;
  readonly approvals: readonly OpenApproval[];
}

export interface Answered {
  readonly by: string;
  readonly via: string;
  readonly note: string;
  readonly atMs: number;
}

export interface IncidentProgress {
  /** Together with the workflow id, it identifies the incident to people. */
  readonly firstRunId: string;
  readonly state: IncidentState;
  readonly phase: string;
  readonly reports: number;
  readonly escalations: number;
  readonly acknowledgedBy: string | null;
  /** How it ended; null while it is open. */
  readonly outcome: string | null;
  /** How its playbook in code ended; absent while it runs, or if there is none. */
  readonly playbook?: PlaybookEnd;
}

/** The argument of the updates `acknowledge` and `resolve`. */
export interface IncidentAnswer {
  /** Its subject is the incident's first run id, its choice the update's name. */
  readonly decision: Decision;
  readonly note: string;
}

/** The argument of the signal `lookAgain` to incidents and resumptions. */
export interface LookAgain {
  /**
   * Of the desk's current trader: an account that was changed, reset or restored has a new one. Empty or null
   * while it is not known.
   */
  readonly incarnation: string | null;
}

export const INCIDENT_MESSAGES = {
  report: 'report',
  acknowledge: 'acknowledge',
  resolve: 'resolve',
  progress: 'incident',
  lookAgain: 'lookAgain',
} as const;

/** Why reports and answers after the end are refused. */
export const INCIDENT_OVER = 'the incident is over';
export const acknowledgedAlready = (person: string): string => `${person} has acknowledged it already`;

/** Reports that one run holds: further ones are counted in Postgres. */
export const REPORTS_MAX = 50;

export type IncidentState = Incident['state'];

export interface StrategyLoss {
  readonly strategy: string;
  /** Realised result less fees, in the quote currency; for display, not for computing. */
  readonly result: number;
  /** The same with the places of the account's currency. Not told by earlier versions. */
  readonly amount?: string;
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
  /** Unchanged while the page says the same. */
  readonly digest: string;
}

/** An occurrence that opens an incident, unless one is already open. */
export interface Symptom {
  readonly kind: Incident['kind'];
  /** A process, a strategy, a cause, a step; empty if the kind says it all. Lower case, digits, `-` and `.`. */
  readonly subject: string;
  readonly key: string;
  readonly source: string;
  readonly title: string;
  readonly detail: string;
  /** When it happened, for something momentary such as a crash. */
  readonly atMs?: number;
  /** Parameters of a playbook in code; they override the desk file's `playbooks`. */
  readonly with?: StepParameters;
}

/** The subject of what is said about the supervisor. It has no container. */
export const SUPERVISOR = 'supervisor';

/** The service in docker-compose.yml that runs a role. The trader's has the name used in the runbook. */
export function serviceOf(role: string): string {
  return role === 'trader' ? 'bot' : role;
}

/** A routine step that is a playbook in code. */
export interface PlaybookRequest {
  readonly playbook: string;
  readonly with: StepParameters;
  /** The same for every attempt at this step in this run. */
  readonly key: string;
  readonly routine: string;
  readonly title: string;
  /** Wait for its end until this wall time, in milliseconds; null: only begin it. */
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
  /** What was restored and what was kept, or why nothing was restored. */
  readonly says: string;
}

export interface IncidentActivities {
  /**
   * Writes the row and notifies people, each once per key. People are notified even while Postgres is down.
   */
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
  /** Null: not known. */
  processState(name: string): Promise<string | null>;
  /**
   * An orderly restart; resolves with a description once the process is ready again. Rejects if nothing here
   * can restart it.
   */
  restartProcess(name: string): Promise<string>;
  /**
   * Replaces the database with the newest good backup; the whole desk ends and is started again. Runs once
   * per `key`, however often it is called: the caller ends with the desk, and its next attempt finds the
   * outcome.
   */
  restoreDatabase(asked: { readonly key: string; readonly by: string }): Promise<DatabaseRestored>;
  /** For workflows that found something wrong; resolves once an incident has recorded it. */
  reportIncident(symptom: Symptom): Promise<void>;
  /** Opens the incident for a playbook in code, once per key, and waits for the playbook to end. */
  runPlaybook(request: PlaybookRequest): Promise<CheckOutcome & { readonly reference: string | null }>;
}
