/** Whether what people are told reaches them, by the channel that it takes. */
export const CHANNEL_STATES = ['ok', 'refusing', 'silent', 'off'] as const;

export interface ChannelHealth {
  readonly channel: 'telegram';
  /** `refusing`: it answers, and takes nothing; `silent`: nobody knows whether anything arrives; `off`: not set up. */
  readonly state: (typeof CHANNEL_STATES)[number];
  readonly sinceMs: number;
  /** In words; null while it is well. */
  readonly why: string | null;
  /** Alerts that have still to be delivered. */
  readonly waiting: number;
  /** Alerts that were refused: sent after the repair, or summed up where they are older than a day. */
  readonly refused: number;
}

export interface ShownChannel extends ChannelHealth {
  /** What people are told of it; null while it is well, or off. */
  readonly problem: string | null;
}
