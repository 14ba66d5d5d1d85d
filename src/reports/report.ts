/** A report works something out from what is stored and says it in one line; it judges nothing. */

import type { CheckContext } from '../checks/check.js';
import type { STEP_REPORTS } from '../desk/routine-schema.js';
import type { StepParameters } from '../desk/step-parameters.js';

export type ReportName = (typeof STEP_REPORTS)[number];

export interface ReportContext extends Pick<CheckContext, 'runtime' | 'desk' | 'trader' | 'pool'> {
  /** The end of its span. */
  readonly marketMs: number;
}

/** May throw: a report that can't be finished has failed. */
export type Report = (context: ReportContext, parameters: StepParameters) => Promise<string>;
