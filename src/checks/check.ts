/** A check observes one thing and says what it expected, in words and numbers. It changes nothing. */
import type { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import type { Desk } from '../desk/schema.js';
import { type StepPart, stepPart } from '../desk/step-parts.js';
import { HOUR_MS } from '../domain/civil-date.js';
import type { Runtime } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';

export interface CheckContext {
  readonly runtime: Runtime;
  /** The desk as loaded when this process started. */
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pick<Pool, 'query'>;
  /** The step's time limit in milliseconds; absent outside a step. */
  readonly stepMs?: number;
  /** How long after its routine was due the step begins; absent outside a routine. */
  readonly lateMs?: number | undefined;
}

/** The things that are wrong: each gets a task until a later run no longer finds it. */
export interface Findings {
  /** Findings of one source are tracked together. */
  readonly source: string;
  /** Days that people have from the first finding. */
  readonly dueDays: number;
  readonly found: readonly {
    /** The same in each run. */
    readonly key: string;
    readonly title: string;
    readonly detail: string;
  }[];
}

/** `findings` absent: this run did not look for them, and earlier ones stay as they are. */
interface CheckResult extends CheckOutcome {
  readonly findings?: Findings;
}

export type Check = StepPart<CheckContext, CheckResult>;

/**
 * The last hours, in a routine up to when it was due and since: if one run begins on time and the next one late, nothing
 * is between the two.
 */
export function lookingBack(
  { lateMs }: Pick<CheckContext, 'lateMs'>,
  hours: number,
): { readonly sinceMs: number; readonly words: string } {
  return {
    sinceMs: Date.now() - hours * HOUR_MS - (lateMs ?? 0),
    words: lateMs === undefined ? `in the last ${hours} hours` : `since ${hours} hours before it was due`,
  };
}

/** `run` may throw: a check that can't be finished has not passed. */
export const check = <P extends z.ZodObject>(
  title: string,
  parameters: P,
  run: (context: CheckContext, parameters: z.output<P>) => Promise<CheckResult>,
): Check => stepPart(title, parameters, run);
