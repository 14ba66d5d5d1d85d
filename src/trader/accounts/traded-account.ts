/** The account that the engine trades, and the time and cash with which its journal begins. */

import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import type { VenuePort } from '../../venue/port.js';
import type { TradedAccount } from '../engine-config.js';
import type { Journal } from '../journal/journal.js';
import { StartRefused } from '../refuse-start.js';
import type { TradingVenue } from '../trading-venue.js';

/** The first start at a venue counts profit from what the account has then; later starts know it from the journal. */
export async function tradedAccount(
  { port, paper, account }: TradingVenue,
  journal: Journal,
  mode: Desk['mode'],
): Promise<TradedAccount> {
  if (paper !== null) return { account, real: false };
  const real = mode === 'live';
  if (journal.lastSequence > 0) return { account, ...accountIdOf(port), real, startingCash: 0 };
  try {
    // First the cash, then the time: a trade between the two shows as a difference in cash, never as money counted
    // twice.
    const { cash } = await port.balances();
    const historyBeginsMs = await port.serverTime();
    return { account, ...accountIdOf(port), real, startingCash: cash, historyBeginsMs };
  } catch (error) {
    const why = messageOf(error);
    throw new StartRefused(
      `the first start ${real ? 'with real money' : 'on a broker’s paper account'} needs the account's balance, and ${account} did not give it (${why}). ` +
        'No order was sent. Start again once it answers.',
    );
  }
}

/** If the venue is unavailable, it tells its account id later. */
function accountIdOf(port: VenuePort): Pick<TradedAccount, 'accountId'> {
  const accountId = port.accountId?.() ?? null;
  return accountId === null ? {} : { accountId };
}
