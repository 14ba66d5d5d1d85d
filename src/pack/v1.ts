/** `fermata/pack`, version 1: what files of a desk's folder import. A name is only added, never changed or taken away. */
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
  /** Of its days and times, such as Europe/London. */
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

/** What the trader says of itself. Amounts are decimal text. */
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
  /** `state`: what the strategy says that it waits for, in its own words. */
  readonly strategies: readonly {
    readonly name: string;
    readonly symbol: string;
    readonly enabled: boolean;
    readonly state: string;
  }[];
}

export interface CheckContext {
  readonly desk: DeskFacts;
  /** The machine's time. */
  readonly nowMs: number;
  /** Null: it does not answer. */
  readonly trader: TraderFacts | null;
}

interface Definition<P extends z.ZodObject, C, R> {
  /** What it looks at, works out or does, for people. */
  readonly title: string;
  /** What `with:` may say in the desk file; other keys are refused there. */
  readonly parameters: P;
  /** May throw: what can't be finished has not passed. */
  run(context: C, parameters: z.output<P>): R | Promise<R>;
}

interface Part<K extends string, P extends z.ZodObject, C, R> extends Definition<P, C, R> {
  readonly kind: K;
}

function part<K extends string, P extends z.ZodObject, C, R>(
  kind: K,
  definition: Definition<P, C, R>,
): Part<K, P, C, R> {
  return { ...definition, parameters: definition.parameters.strict() as unknown as P, kind };
}

export type CheckDefinition<P extends z.ZodObject> = Definition<P, CheckContext, CheckOutcome>;
export type Check<P extends z.ZodObject = z.ZodObject> = Part<'check', P, CheckContext, CheckOutcome>;

/** The default export of a file in `checks/`; the check is named after the file. It observes, and changes nothing. */
export function check<P extends z.ZodObject>(definition: CheckDefinition<P>): Check<P> {
  return part('check', definition);
}

export interface ReportContext extends CheckContext {
  /** The market's time at which its span ends. */
  readonly marketMs: number;
}

export type ReportDefinition<P extends z.ZodObject> = Definition<P, ReportContext, string>;
export type Report<P extends z.ZodObject = z.ZodObject> = Part<'report', P, ReportContext, string>;

/** The default export of a file in `reports/`: it answers with what it worked out, in words, and judges nothing. */
export function report<P extends z.ZodObject>(definition: ReportDefinition<P>): Report<P> {
  return part('report', definition);
}

export interface ActionContext extends CheckContext {
  /** This step of this run: no other has the same. */
  readonly key: string;
}

export type ActionDefinition<P extends z.ZodObject> = Definition<P, ActionContext, CheckOutcome>;
export type Action<P extends z.ZodObject = z.ZodObject> = Part<'action', P, ActionContext, CheckOutcome>;

/** The default export of a file in `actions/`: it does something. What was begun once is never begun again. */
export function action<P extends z.ZodObject>(definition: ActionDefinition<P>): Action<P> {
  return part('action', definition);
}

export type IncidentSeverity = 'critical' | 'high' | 'medium' | 'low';

/** What opens the incident by itself, as `trigger` of an own kind in the desk file (docs/INCIDENTS.md). */
export interface PlaybookTrigger {
  readonly halt?: readonly string[];
  readonly order?: 'rejected';
  readonly step?: 'failed';
}

/** What a step of a playbook came to, as in the incident's evidence. */
export interface StepOutcome extends CheckOutcome {
  /** Who did it or agreed to it; null: nobody. */
  readonly person: string | null;
}

export interface Agreement {
  /** False also where nobody answered in time. */
  readonly agreed: boolean;
  readonly person: string | null;
  /** Who said what, or why nobody did. */
  readonly says: string;
}

export interface NamedStep {
  /** Of its line in the evidence; left out: the name. */
  readonly title?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly timeoutSeconds?: number;
}

export interface Task {
  readonly title: string;
  /** What a person is asked to do. */
  readonly text: string;
  /** What has to be ticked, each of them. */
  readonly items?: readonly string[];
  /** How long it is waited for, at most 10,080; left out: not at all. */
  readonly waitMinutes?: number;
  /** Left out: 24. */
  readonly dueHours?: number;
}

export interface Question {
  /** What a person agrees to. */
  readonly title: string;
  /** Shown with it, and signed with the vote. */
  readonly terms?: Readonly<Record<string, string | number | boolean>>;
  /** How long it stands; left out: as the definition's `approvalMinutes`. */
  readonly minutes?: number;
}

/**
 * One incident, as its playbook has it. Each of these is a line of evidence once it has ended, and is done once, whatever is
 * killed meanwhile. None rejects for what it finds: that is its verdict. There is no way to trade, and none to resume.
 */
export interface PlaybookIncident {
  readonly desk: string;
  readonly kind: string;
  readonly title: string;
  /** What was first seen of it. */
  readonly detail: string;
  /** Wall milliseconds. */
  readonly openedMs: number;
  /** Wall milliseconds, of the run. */
  nowMs(): number;
  /** At most 10,080. */
  wait(minutes: number): Promise<void>;
  /** `withinMinutes`: how long it is looked at again until it passes; the last look counts. */
  check(check: string, options?: NamedStep & { readonly withinMinutes?: number }): Promise<StepOutcome>;
  report(report: string, options?: NamedStep): Promise<StepOutcome>;
  /** One that comes with Fermata, such as `backup`, or of the desk's folder. */
  action(action: string, options?: NamedStep): Promise<StepOutcome>;
  task(task: Task): Promise<StepOutcome>;
  /** One person who may stop the desk decides. */
  agree(question: Question): Promise<Agreement>;
  /** No entry; the desk file's `resume.fault` lifts it. */
  halt(reason: string): Promise<StepOutcome>;
  /** No entry until a person resumes, with proof that no entry order works. */
  stop(reason: string): Promise<StepOutcome>;
  /** Once a person agrees, with proof at the venue. */
  closeAll(reason: string): Promise<StepOutcome>;
  /** It comes back HALTED. */
  restartTrader(reason: string): Promise<StepOutcome>;
  /** A line of evidence of its own. */
  record(title: string, outcome: CheckOutcome): Promise<void>;
  /** A notice to whoever is told of incidents. */
  tell(text: string): Promise<void>;
}

export interface PlaybookDefinition<P extends z.ZodObject> {
  /** What a person reads of the incident. */
  readonly title: string;
  /** Left out: medium. */
  readonly severity?: IncidentSeverity;
  /** Left out: only a person, a program, or a step that names it opens it. */
  readonly trigger?: PlaybookTrigger;
  /** How long a question to people stands, minutes; left out: 60. */
  readonly approvalMinutes?: number;
  /** What `playbooks.NAME` may say in the desk file; other keys are refused there. */
  readonly parameters: P;
  /** Gives how the incident ended. Where it throws, people are told, and the incident waits for one of them. */
  run(incident: PlaybookIncident, parameters: z.output<P>): Promise<string>;
}

export interface Playbook<P extends z.ZodObject = z.ZodObject> extends PlaybookDefinition<P> {
  readonly kind: 'playbook';
}

/**
 * The default export of a file in `playbooks/`; the kind of incident is named after the file. Its code is durable: it may
 * wait for days, and goes on where it was after whatever ends its process.
 */
export function playbook<P extends z.ZodObject>(definition: PlaybookDefinition<P>): Playbook<P> {
  return {
    ...definition,
    parameters: definition.parameters.strict() as unknown as P,
    kind: 'playbook',
  };
}
