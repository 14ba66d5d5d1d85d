import type { IncidentRun } from '../incident-run.js';

/** Runs to its end and gives how it ended, in words. May be begun again after continue-as-new: steps are done once. */
export type Playbook = (incident: IncidentRun) => Promise<string>;
