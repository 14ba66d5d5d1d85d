/** `fermata/pack`, version 1: what files of a desk's folder import. Names are only added, never changed or removed. */
import type { z } from 'zod';

export type Verdict = 'pass' | 'warn' | 'fail' | 'not_run';

/** What was seen and what was expected, in words and numbers: it becomes evidence. */
export interface CheckOutcome {
  readonly verdict: Verdict;
  readonly observed: string;
  readonly expected: string;
}

export interface DeskFacts {
  readonly name: string;
  readonly mode: 'paper' | 'live';
  readonly currency: string;
  /** Time zone of its days and times, for example Europe/London. */
  readonly zone: string;
}

/** Amounts are decimal text. */
export interface PositionFacts {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly quantity: string;
  readonly averagePrice: string;
  readonly markPrice: string | null;
  readonly unrealised: string;
  readonly stopPrice: string | null;
}

/** The trader's status. Amounts are decimal text. */
export interface TraderFacts {
  readonly mode: string;
  readonly reason: string;
  readonly marketMs: number;
  readonly equity: string;
  readonly cash: string;
  readonly dayPnl: string;
  readonly drawdownPct: string;
  readonly openOrders: number;
  readonly fills: number;
  readonly positions: readonly PositionFacts[];
  readonly prices: readonly { readonly symbol: string; readonly bid: string; readonly ask: string }[];
  /** `state`: what the strategy waits for, in its own words. */
  readonly strategies: readonly {
    readonly name: string;
    readonly symbol: string;
    readonly enabled: boolean;
    readonly state: string;
  }[];
}

export interface CheckContext {
  readonly desk: DeskFacts;
  /** The machine's time, in milliseconds. */
  readonly nowMs: number;
  /** Null: the trader doesn't answer. */
  readonly trader: TraderFacts | null;
}

interface Definition<P extends z.ZodObject, C, R> {
  /** What it checks, computes or does, for people. */
  readonly title: string;
  /** Schema of `with:` in the desk file; other keys are refused there. */
  readonly parameters: P;
  /** May throw: a part that can't finish has not passed. */
  run(context: C, parameters: z.output<P>): R | Promise<R>;
}

interface Part<K extends string, P extends z.ZodObject, C, R> extends Definition<P, C, R> {
  readonly kind: K;
}

/** Anything but a zod object passes through: the check of the file reports it. */
function strictly<P extends z.ZodObject>(parameters: P): P {
  return typeof parameters?.strict === 'function' ? (parameters.strict() as unknown as P) : parameters;
}

function part<K extends string, P extends z.ZodObject, C, R>(
  kind: K,
  definition: Definition<P, C, R>,
): Part<K, P, C, R> {
  return { ...definition, parameters: strictly(definition.parameters), kind };
}

export type CheckDefinition<P extends z.ZodObject> = Definition<P, CheckContext, CheckOutcome>;
export type Check<P extends z.ZodObject = z.ZodObject> = Part<'check', P, CheckContext, CheckOutcome>;

/** The default export of a file in `checks/`; the check is named after the file. It observes, and changes nothing. */
export function check<P extends z.ZodObject>(definition: CheckDefinition<P>): Check<P> {
  return part('check', definition);
}

export interface ReportContext extends CheckContext {
  /** Market time of the end of the report's span, in milliseconds. */
  readonly marketMs: number;
}

export type ReportDefinition<P extends z.ZodObject> = Definition<P, ReportContext, string>;
export type Report<P extends z.ZodObject = z.ZodObject> = Part<'report', P, ReportContext, string>;

/** The default export of a file in `reports/`: it returns its result in words, and judges nothing. */
export function report<P extends z.ZodObject>(definition: ReportDefinition<P>): Report<P> {
  return part('report', definition);
}

export interface ActionContext extends CheckContext {
  /** Unique to this step of this run. */
  readonly key: string;
}

export type ActionDefinition<P extends z.ZodObject> = Definition<P, ActionContext, CheckOutcome>;
export type Action<P extends z.ZodObject = z.ZodObject> = Part<'action', P, ActionContext, CheckOutcome>;

/** The default export of a file in `actions/`: it has an effect. Once begun, it is never begun again. */
export function action<P extends z.ZodObject>(definition: ActionDefinition<P>): Action<P> {
  return part('action', definition);
}

export type IncidentSeverity = 'critical' | 'high' | 'medium' | 'low';

/** What opens the incident by itself, like `trigger` of a desk's own kind (docs/INCIDENTS.md). */
export interface PlaybookTrigger {
  readonly halt?: readonly string[];
  readonly order?: 'rejected';
  readonly step?: 'failed';
}

/** The outcome of a playbook's step, as in the incident's evidence. */
export interface StepOutcome extends CheckOutcome {
  /** Who did it or agreed to it; null: nobody. */
  readonly person: string | null;
}

export interface Agreement {
  /** Also false if nobody answered in time. */
  readonly agreed: boolean;
  readonly person: string | null;
  /** Who said what, or why nobody did. */
  readonly says: string;
}

export interface NamedStep {
  /** Title of its line in the evidence; default: the name. */
  readonly title?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly timeoutSeconds?: number;
}

export interface Task {
  readonly title: string;
  /** What a person is asked to do. */
  readonly text: string;
  /** Items that must all be ticked. */
  readonly items?: readonly string[];
  /** How long to wait for the task, at most 10,080 minutes; default: not at all. */
  readonly waitMinutes?: number;
  /** Default: until the end of the wait; 24 without a wait. Never later than the end of the wait. */
  readonly dueHours?: number;
}

export interface Question {
  /** What a person agrees to. */
  readonly title: string;
  /** Shown with it, and signed with the vote. */
  readonly terms?: Readonly<Record<string, string | number | boolean>>;
  /** How long the question stays open; default: the definition's `approvalMinutes`. */
  readonly minutes?: number;
}

/**
 * One incident, as its playbook sees it. Each call becomes a line of evidence when it ends, and is done once,
 * whatever is killed meanwhile. None rejects because of its result: its verdict says it. A playbook can
 * neither trade nor resume.
 */
export interface PlaybookIncident {
  readonly desk: string;
  readonly kind: string;
  readonly title: string;
  /** Its first symptom. */
  readonly detail: string;
  /** Wall milliseconds. */
  readonly openedMs: number;
  /** The run's time in wall milliseconds. */
  nowMs(): number;
  /** At most 10,080. */
  wait(minutes: number): Promise<void>;
  /**
   * `withinMinutes`: how long the check is repeated until it passes; the last attempt counts. `fail` is a
   * finding; a check that threw, refused the values or did not answer is `not_run`.
   */
  check(check: string, options?: NamedStep & { readonly withinMinutes?: number }): Promise<StepOutcome>;
  report(report: string, options?: NamedStep): Promise<StepOutcome>;
  /** An action that comes with Fermata, for example `backup`, or one of the desk's folder. */
  action(action: string, options?: NamedStep): Promise<StepOutcome>;
  task(task: Task): Promise<StepOutcome>;
  /** One person who may stop the desk decides. */
  agree(question: Question): Promise<Agreement>;
  /** Forbids entries; the desk file's `resume.fault` says what lifts the halt. */
  halt(reason: string): Promise<StepOutcome>;
  /** Forbids entries until a person resumes, and proves that no entry order is resting. */
  stop(reason: string): Promise<StepOutcome>;
  /** Closes all positions once a person has agreed; proven at the venue. */
  closeAll(reason: string): Promise<StepOutcome>;
  /** The trader comes back HALTED. */
  restartTrader(reason: string): Promise<StepOutcome>;
  /** Adds a line of evidence. */
  record(title: string, outcome: CheckOutcome): Promise<void>;
  /** Sends a notice to everybody who is notified of incidents. */
  tell(text: string): Promise<void>;
}

export interface PlaybookDefinition<P extends z.ZodObject> {
  /** The incident's title for people. */
  readonly title: string;
  /** Default: medium. */
  readonly severity?: IncidentSeverity;
  /** Default: only a person, a program, or a step that names the kind opens it. */
  readonly trigger?: PlaybookTrigger;
  /** How long a question to people stays open, in minutes; default: 60. */
  readonly approvalMinutes?: number;
  /** Schema of `playbooks.NAME` in the desk file; other keys are refused there. */
  readonly parameters: P;
  /** Returns how the incident ended. If it throws, people are notified and the incident waits for one. */
  run(incident: PlaybookIncident, parameters: z.output<P>): Promise<string>;
}

export interface Playbook<P extends z.ZodObject = z.ZodObject> extends PlaybookDefinition<P> {
  readonly kind: 'playbook';
}

/**
 * The default export of a file in `playbooks/`; the incident kind is named after the file. Its code is
 * durable: it may wait for days, and resumes where it was, whatever ends its process.
 */
export function playbook<P extends z.ZodObject>(definition: PlaybookDefinition<P>): Playbook<P> {
  return {
    ...definition,
    parameters: strictly(definition.parameters),
    kind: 'playbook',
  };
}
