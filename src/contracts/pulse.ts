/** The contract of the pulse. */
export interface PulseInput {
  readonly desk: string;
  readonly everyMs: number;
}

export const PULSE_MESSAGES = { lastBeat: 'lastBeat' } as const;
