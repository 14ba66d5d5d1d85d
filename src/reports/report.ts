/** A report calculates something from what is stored and gives it in one line; it judges nothing. */

import type { z } from 'zod';
import type { Desk } from '../desk/schema.js';
import { type StepPart, stepPart } from '../desk/step-parts.js';
import type { Runtime } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';

export interface ReportContext {
  readonly runtime: Runtime;
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pick<Pool, 'query'>;
  /** The end of the report's span, in market time. */
  readonly marketMs: number;
  /** The step's time limit in milliseconds; absent outside of a step. */
  readonly stepMs?: number;
}

export type Report = StepPart<ReportContext, string>;

/** `run` may throw: a report that can't be finished has failed. */
export const report = <P extends z.ZodObject>(
  parameters: P,
  run: (context: ReportContext, parameters: z.output<P>) => Promise<string>,
): Report => stepPart(parameters, run);
