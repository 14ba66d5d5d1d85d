/**
 * Names that those who start work and those who do it agree on: task queues and workflows (business ids, so
 * that a person can find them by subject), and failures that retrying doesn't cure. Also the whole contract
 * of the pulse.
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

/** Failures that retrying doesn't cure; workflows name them in their retry policies. */
export const FAILURE_NAMES = {
  /** The trader understood and refused. */
  refusedByTrader: 'RefusedByTrader',
  /** The trader refused because its settings changed after the request. */
  settingsChanged: 'SettingsChanged',
  forgedDecision: 'ForgedDecision',
  unknownCheck: 'UnknownCheck',
  /** The same approval id with other parameters. */
  approvalChanged: 'ApprovalChanged',
  voteRefused: 'VoteRefused',
} as const;

/** The trader has carried a command out and can't write it: a restart takes it back, so it has to be sent again. */
export const NOT_ON_DISK = 'NotOnDisk';

export type FailureName = (typeof FAILURE_NAMES)[keyof typeof FAILURE_NAMES];
