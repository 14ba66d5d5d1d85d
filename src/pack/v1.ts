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
