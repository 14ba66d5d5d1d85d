/** A check observes one thing and says what it expected, in words and numbers. It changes nothing. */

import type { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import type { Desk } from '../desk/schema.js';
import { type StepPart, stepPart } from '../desk/step-parts.js';
import type { Runtime } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';

export interface CheckContext {
  readonly runtime: Runtime;
  /** The desk as it was loaded when this process started. */
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pick<Pool, 'query'>;
  /** How long the step gives it; absent: no step says. */
  readonly stepMs?: number;
}

/** What is wrong, thing by thing, so that each has a task until a later look finds it no more. */
export interface Findings {
  /** Of which kind: findings of one kind are followed together. */
  readonly source: string;
  /** How long people have, once it was found. */
  readonly dueDays: number;
  readonly found: readonly {
    /** The same at each look. */
    readonly key: string;
    readonly title: string;
    readonly detail: string;
  }[];
}

/** Without `findings` nothing was looked at that is followed, and those of before stay as they are. */
export interface CheckResult extends CheckOutcome {
  readonly findings?: Findings;
}

export type Check = StepPart<CheckContext, CheckResult>;

/** `run` may throw: a check that can't be finished has not passed. */
export const check = <P extends z.ZodObject>(
  parameters: P,
  run: (context: CheckContext, parameters: z.output<P>) => Promise<CheckResult>,
): Check => stepPart(parameters, run);
