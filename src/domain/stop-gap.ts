/**
 * Why a position has no resting protective stop. `opened`: its first one is on its way. `changed`: the old
 * one was given up for a new one. `part`: it was made smaller for a part being sold, and rests for the
 * remainder. `closing`: it was cancelled for a sale. `lost`: the venue ended it.
 */
export const STOP_GAP_CAUSES = ['opened', 'changed', 'part', 'closing', 'lost'] as const;
export type StopGapCause = (typeof STOP_GAP_CAUSES)[number];

/** In words, as the beginning of a line. */
export const STOP_GAP_WORDS: Readonly<Record<StopGapCause, string>> = {
  opened: 'until the stop of what was entered rested',
  changed: 'while the stop was changed',
  part: 'made smaller for a part that was closed, until that was done',
  closing: 'cancelled for a sale, until one rested again',
  lost: 'after the venue had ended it',
};

/** All stop gaps of one cause since the journal began. `symbol` and `marketMs` are those of the longest. */
export interface StopGaps {
  readonly count: number;
  readonly longestMs: number;
  readonly newestMs: number;
  readonly symbol: string;
  readonly marketMs: number;
}
