import type { TraderStatus } from '../../contracts/trader-status.js';
import { moneyAtStake } from '../../domain/account.js';
import { headline, pricesWord } from '../../domain/headline.js';
import { STOP_GAP_WORDS } from '../../domain/stop-gap.js';
import type { ShownStatus } from '../schemas/trader-status.js';

export function shownStatus(status: TraderStatus): ShownStatus {
  return {
    ...status,
    money: moneyAtStake(status.trading, status.account.name),
    headline: headline(status),
    pricesWord: pricesWord(status.marketData.kind),
    stopGaps: status.stopGaps.map((gap) => ({ ...gap, words: STOP_GAP_WORDS[gap.why] })),
  };
}
