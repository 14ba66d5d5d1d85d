/**
 * Long and short offset against each other: what a move of all markets would hit. Judged in the direction of
 * the entry, so an entry that reduces exposure passes; entries resting on the other side may never fill, so
 * they reduce nothing.
 */
import type { Side } from '../domain/order.js';
import { denialBeyond, entryWorth, PERCENT_OF_EQUITY, partOfEquity, sumOf } from './exposure.js';
import { type Holding, limit } from './limit.js';

export const netExposureLimit = limit({
  setting: {
    key: 'maxNetExposurePct',
    meaning: 'Long less short, or short less long, percent of equity',
    reference:
      'All positions together, percent of equity, short ones subtracted from long ones, with the resting entries on the entry’s side; an entry that reduces exposure passes.',
    ...PERCENT_OF_EQUITY,
  },
  name: 'net-exposure',
  title: 'Net exposure',
  judge: (check, maxPct) => {
    const { side } = check.intent;
    return denialBeyond(maxPct, check, {
      limit: 'net-exposure',
      what: `positions and entries, ${side === 'buy' ? 'long less short,' : 'short less long,'}`,
      exposed: netOn(side, check.holdings()) + entryWorth(check),
    });
  },
  reading: (account, value) => {
    const holdings = account.holdings();
    const [long, short] = [netOn('buy', holdings), netOn('sell', holdings)];
    const isLong = !(short > long);
    const side = long === short ? '' : isLong ? ' long' : ' short';
    return {
      value: `${value} % of equity`,
      now: `${partOfEquity(isLong ? long : short, account)}${side}`,
    };
  },
});

/** Signed in the direction of the side, as if all entries that rest on it were filled. */
function netOn(side: Side, holdings: readonly Holding[]): number {
  return sumOf(
    holdings.map(({ worth, buying, selling }) => (side === 'buy' ? worth + buying : selling - worth)),
  );
}
