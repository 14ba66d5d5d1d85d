import type { StopGapStatus, TraderStatus } from '../../contracts/trader-status.js';
import { type MoneyAtStake, moneyAtStake } from '../../domain/account.js';
import { type Headline, headline, pricesWord } from '../../domain/headline.js';
import { STOP_GAP_WORDS } from '../../domain/stop-gap.js';

/** A trader's status with what is said of it in the same words everywhere. */
export interface ShownStatus extends TraderStatus {
  readonly money: MoneyAtStake;
  readonly headline: Headline;
  /** `recorded` prices were real ones, once. */
  readonly pricesWord: string;
  readonly stopGaps: readonly (StopGapStatus & { readonly words: string })[];
}

export function shownStatus(status: TraderStatus): ShownStatus {
  return {
    ...status,
    money: moneyAtStake(status.trading, status.account.name),
    headline: headline(status),
    pricesWord: pricesWord(status.marketData.kind),
    stopGaps: status.stopGaps.map((gap) => ({ ...gap, words: STOP_GAP_WORDS[gap.why] })),
  };
}
