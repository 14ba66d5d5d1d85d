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
}

export interface CheckContext {
  readonly desk: DeskFacts;
  /** The machine's time. */
  readonly nowMs: number;
  /** Null: it does not answer. */
  readonly trader: TraderFacts | null;
}

export interface CheckDefinition<P extends z.ZodObject> {
  /** What it looks at, for people. */
  readonly title: string;
  /** What `with:` may say in the desk file; other keys are refused there. */
  readonly parameters: P;
  /** May throw: a check that can't be finished has not passed. It changes nothing. */
  run(context: CheckContext, parameters: z.output<P>): CheckOutcome | Promise<CheckOutcome>;
}

export interface Check<P extends z.ZodObject = z.ZodObject> extends CheckDefinition<P> {
  readonly kind: 'check';
}

/** The default export of a file in `checks/`; the check is named after the file. */
export function check<P extends z.ZodObject>(definition: CheckDefinition<P>): Check<P> {
  return { ...definition, parameters: definition.parameters.strict() as unknown as P, kind: 'check' };
}
