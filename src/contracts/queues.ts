/**
 * Names of task queues and workflows: business ids, so that a person can find them by subject. Also the whole
 * contract of the pulse.
 */

export const emergencyQueue = (desk: string): string => `emergency:${desk}`;
export const operationsQueue = (desk: string): string => `operations:${desk}`;
/** Queues whose earlier builds are kept until their runs are done. */
export type BuildsOf = 'operations' | 'packs';

/** Name of the operations worker's deployment; Temporal doesn't allow a colon in it. */
export const operationsDeployment = (desk: string): string => `operations-${desk}`;
/**
 * For playbooks in code from the desk's folder: a separate queue, so that they can't hold up our own work.
 */
export const packsQueue = (desk: string): string => `packs:${desk}`;
export const packsDeployment = (desk: string): string => `packs-${desk}`;
/** One queue per journal incarnation: two traders on one queue would split the halts between them. */
export const engineQueue = (desk: string, incarnation: string): string => `engine:${desk}:${incarnation}`;

export const deskOwnerId = (desk: string): string => `desk-owner:${desk}`;
export const emergencyStopId = (desk: string): string => `estop:${desk}`;
export const resumptionId = (desk: string, haltId: string): string => `resume:${desk}:${haltId}`;
export const validationId = (desk: string, id: string): string => `validation:${desk}:${id}`;
/** `fingerprint` begins with the desk's name. */
export const incidentId = (fingerprint: string): string => `incident:${fingerprint}`;
export const preflightId = (desk: string): string => `preflight:${desk}`;
export const pulseId = (desk: string): string => `pulse:${desk}`;

/** `version`: the version that the change would create. */
export const settingsChangeId = (desk: string, version: number): string => `settings:${desk}:${version}`;

/** One at a time each. */
export const backupWorkflowId = (desk: string): string => `backup:${desk}`;
export const drillWorkflowId = (desk: string): string => `drill:${desk}`;
export const deployId = (desk: string): string => `deploy:${desk}`;

/** `nominalMs`: when the routine was due by market time. */
export const routineId = (desk: string, routine: string, nominalMs: number): string =>
  `routine:${desk}:${routine}:${new Date(nominalMs).toISOString()}`;

export interface PulseInput {
  readonly desk: string;
  readonly everyMs: number;
}

export const PULSE_MESSAGES = { lastBeat: 'lastBeat' } as const;
