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

export type FailureName = (typeof FAILURE_NAMES)[keyof typeof FAILURE_NAMES];
