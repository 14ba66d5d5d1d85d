/** Why a trade, or a part of it, was closed. */

/** Which of the targets, counted from the nearest. */
export type TargetReason = `target ${number} of ${number}`;

/** `fee`: the venue kept the last coins as a fee. `venue`: an order that is not ours, or a snapshot of the venue. */
export type ExitReason =
  | 'stop'
  | 'breakEvenStop'
  | 'trailingStop'
  | 'adjustedStop'
  | 'time'
  | 'sessionEnd'
  | 'strategy'
  | 'closeAll'
  | 'person'
  | 'unprotectable'
  | 'reversal'
  | 'fee'
  | 'venue'
  | 'split'
  | TargetReason;

const WORDS: Readonly<Record<Exclude<ExitReason, TargetReason>, string>> = {
  stop: 'by its stop',
  breakEvenStop: 'by its break-even stop',
  trailingStop: 'by its trailing stop',
  adjustedStop: 'by its stop, which its strategy had moved',
  time: 'by its time exit',
  sessionEnd: 'by the end of its session',
  strategy: 'by its strategy',
  closeAll: 'by a close-all',
  person: 'by a person',
  unprotectable: 'because no stop could protect it',
  reversal: 'by an entry the other way',
  fee: 'by a fee that took its last coins',
  split: 'by a split that left no whole lot of it',
  venue: 'at the venue, by no order of this desk',
};

/**
 * For example "by its trailing stop" or "by target 1 of 2". A reason from a later version is returned
 * unchanged.
 */
export function exitReasonWords(why: string): string {
  if (why === 'target 1 of 1') return 'by its target';
  return why.startsWith('target ') ? `by ${why}` : ((WORDS as Readonly<Record<string, string>>)[why] ?? why);
}

/**
 * Why an exit plan closes a whole trade, in the words that the journal keeps: `isByPlan` recognises them, those of
 * earlier versions too.
 */
export const PLAN_EXITS = {
  target: (reached: TargetReason) => `${reached} is reached`,
  time: (maxBars: number) => `${maxBars} bars have passed`,
  /** `moment`: as in `momentWords`. */
  sessionEnd: (moment: string) => `the session ends ${moment}`,
};

const BY_PLAN =
  /^(target \d+ of \d+ is reached|\d+ bars have passed|the session ends [A-Z][a-z]{2}( [\d-]{10})? \d\d:\d\d .+)$/;

/** Quotes and the clock cause such an exit, not the strategy. */
export const isByPlan = (because: string): boolean => BY_PLAN.test(because);
