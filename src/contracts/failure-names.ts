/** Failures that another try does not change; workflows name them in their retry policies. */
export const FAILURE_NAMES = {
  /** The trader understood and said no. */
  refusedByTrader: 'RefusedByTrader',
  /** The trader said no, since its settings are no longer those that the change was made for. */
  settingsChanged: 'SettingsChanged',
  forgedDecision: 'ForgedDecision',
  unknownCheck: 'UnknownCheck',
  /** The same approval id with other parameters. */
  approvalChanged: 'ApprovalChanged',
  voteRefused: 'VoteRefused',
} as const;

export type FailureName = (typeof FAILURE_NAMES)[keyof typeof FAILURE_NAMES];
