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
