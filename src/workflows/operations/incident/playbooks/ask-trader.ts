import type { IncidentFacts } from '../../../../contracts/engine-activities.js';
import type { Finding } from '../course.js';
import type { IncidentRun } from '../incident-run.js';

export const SILENT = 'the trader does not answer';

/** Runs a step that only the trader can answer; recorded as not run while the trader is silent. */
export async function askTrader(
  incident: IncidentRun,
  step: Pick<Finding, 'name' | 'kind' | 'expected'>,
  answer: (facts: IncidentFacts) => Pick<Finding, 'verdict' | 'observed'>,
): Promise<Finding> {
  const facts = await incident.facts();
  return { ...step, ...(facts === null ? { verdict: 'not_run', observed: SILENT } : answer(facts)) };
}
