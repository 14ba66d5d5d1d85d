import type { IncidentRun } from '../incident-run.js';

/**
 * Runs to its end and returns how it ended, in words. May begin again after continue-as-new, so each step is done once.
 */
export type Playbook = (incident: IncidentRun) => Promise<string>;
