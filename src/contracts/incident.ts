/** The contract of incidents: shared by the workflow, its activities and whoever opens or answers one. */
import type { IncidentSeverity, ShippedKind, ShippedKinds } from '../desk/incident-schema.js';
import type { StepParameters } from '../desk/step-parts.js';
import type { Decision } from '../domain/decision.js';
import type { ResumeRule } from '../domain/mode.js';
import type { OpenApproval } from './approval.js';
import type { RunIdentity } from './evidence.js';
import type { Incident } from './published.js';
import type { CheckOutcome, RoutineStep } from './routine.js';

/** An observation that opens an incident or belongs to an open one. */
export interface IncidentReport {
  /** The same for the same occurrence: reported twice, it counts once. */
  readonly key: string;
  readonly source: string;
  readonly detail: string;
  /** Wall milliseconds. */
  readonly atMs: number;
}

export { isTradingAction, type TradingAction } from '../desk/trading-action.js';
export type { Incident, IncidentSeverity, ShippedKind };

interface IncidentTiming {
  /** If nobody has acknowledged it `respondMs` after its opening, people are reminded; at each `escalateMs`, more people. */
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
  /** By when the review afterwards is due. */
  readonly reviewMs: number;
  /** How long writing to Postgres is retried. */
  readonly evidenceMs: number;
}

/** What the desk file sets for a kind that ships. */
export type SettingsOf<Kind extends ShippedKind> = Omit<ShippedKinds[Kind], 'severity'>;

/** For one of the desk's own kinds: steps without code, in order. */
export interface OwnPlaybook {
  readonly steps: readonly PlaybookStep[];
  /** What it waits for after its steps; a person can always declare it over. */
  readonly over: 'person' | 'trading' | 'passed';
  /** What lifts a halt that a step asks for. */
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
  /** How long a check that has not passed is repeated; absent: it runs once. */
  readonly withinMinutes?: number | undefined;
  /** Answers offered to people in parallel: the first that one person agrees to counts. */
  readonly choose?: readonly PlaybookAnswer[] | undefined;
}

export interface PlaybookAnswer {
  readonly key: string;
  readonly title: string;
  /** Position size from then on, in percent of the desk file's. */
  readonly sizePct?: number | undefined;
  /** What a person is then asked to do. */
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
  /** The trader that is read; null if none was known. */
  readonly incarnation: string | null;
  readonly simulated: boolean;
  readonly timing: IncidentTiming;
  /** `SettingsOf` the kind, if it ships; in runs that an earlier version began, those of every kind that ships. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Absent: the playbook of the kind that ships. */
  readonly playbook?: OwnPlaybook;
  /** Counts instead of `playbook`. */
  readonly code?: PlaybookCode;
  /** Null at the beginning. */
  readonly carried: IncidentCarried | null;
}

/** What continue-as-new carries over. */
export interface IncidentCarried {
  /** Used in its questions and commands; absent in a run that began before it was carried over. */
  readonly name?: string;
  readonly openedMs: number;
  readonly reports: readonly IncidentReport[];
  readonly done: Readonly<Record<string, string>>;
  readonly shown: readonly string[];
  readonly escalations: number;
  readonly acknowledged: Answered | null;
  readonly resolved: Answered | null;
  readonly playbook?: PlaybookEnd;
  /** The trader that was asked last. */
  readonly incarnation?: string | null;
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
  /** With the workflow's id, how people identify it. */
  readonly firstRunId: string;
  readonly state: IncidentState;
  readonly phase: string;
  readonly reports: number;
  readonly escalations: number;
  readonly acknowledgedBy: string | null;
  /** How it ended; null while it is open. */
  readonly outcome: string | null;
  /** How its playbook in code ended; absent while it runs, and where there is none. */
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
   * Of the trader that the desk has now: an account that was changed, reset or restored has another one than before.
   * Empty or null while it is not known.
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

/** Why a report or an answer after the end is refused. */
export const INCIDENT_OVER = 'the incident is over';

/** Reports that one run keeps: further ones are counted in Postgres. */
export const REPORTS_MAX = 50;

export type IncidentState = Incident['state'];

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
  /** When it happened, of what does not last: a crash. */
  readonly atMs?: number;
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
