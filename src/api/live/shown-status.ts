import type { StopGapStatus, TraderStatus } from '../../contracts/trader-status.js';
import { type MoneyAtStake, moneyAtStake } from '../../domain/account.js';
import { STOP_GAP_WORDS } from '../../domain/stop-gap.js';

/** A trader's status with what is said of it in the same words everywhere. */
export interface ShownStatus extends TraderStatus {
  readonly money: MoneyAtStake;
  readonly stopGaps: readonly (StopGapStatus & { readonly words: string })[];
}

export function shownStatus(status: TraderStatus): ShownStatus {
  return {
    ...status,
    money: moneyAtStake(status.trading, status.account.name),
    stopGaps: status.stopGaps.map((gap) => ({ ...gap, words: STOP_GAP_WORDS[gap.why] })),
  };
}
