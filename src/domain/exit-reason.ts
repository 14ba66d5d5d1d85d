/** Why a trade ended. `fee`: the venue kept its last coins. `venue`: an order that is not ours, or a reading of the venue. */
export type ExitReason = 'stop' | 'strategy' | 'closeAll' | 'unprotectable' | 'reversal' | 'fee' | 'venue';

export const EXIT_REASON_WORDS: Readonly<Record<ExitReason, string>> = {
  stop: 'by its stop',
  strategy: 'by its strategy',
  closeAll: 'by a close-all',
  unprotectable: 'because no stop could protect it',
  reversal: 'by an entry the other way',
  fee: 'by a fee that took its last coins',
  venue: 'at the venue, by no order of this desk',
};
