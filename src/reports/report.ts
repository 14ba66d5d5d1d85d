/** A report works something out from what is stored and says it in one line; it judges nothing. */

import type { STEP_REPORTS } from '../desk/routine-schema.js';
import type { Desk } from '../desk/schema.js';
import type { StepParameters } from '../desk/step-parameters.js';
import type { Runtime } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';

export type ReportName = (typeof STEP_REPORTS)[number];

export interface ReportContext {
  readonly runtime: Runtime;
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pick<Pool, 'query'>;
  /** The end of its span. */
  readonly marketMs: number;
}

/** May throw: a report that can't be finished has failed. */
export type Report = (context: ReportContext, parameters: StepParameters) => Promise<string>;
