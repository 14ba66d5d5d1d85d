/** Upkeep that a step does by itself, in the operations worker. It may be done twice: a worker that dies in it is followed by the next. */
import type { z } from 'zod';
import type { CheckOutcome } from '../contracts/routine.js';
import type { Desk } from '../desk/schema.js';
import { type StepPart, stepPart } from '../desk/step-parts.js';
import type { Runtime } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';

export interface MaintenanceContext {
  readonly runtime: Runtime;
  readonly desk: Desk;
  readonly pool: Pick<Pool, 'query'>;
  /** How long the step gives it; absent: no step says. */
  readonly stepMs?: number;
}

export type Maintenance = StepPart<MaintenanceContext, CheckOutcome>;

/** `run` may throw: what can't be finished has failed. */
export const maintenance = <P extends z.ZodObject>(
  parameters: P,
  run: (context: MaintenanceContext, parameters: z.output<P>) => Promise<CheckOutcome>,
): Maintenance => stepPart(parameters, run);
