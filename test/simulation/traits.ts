/** What seeds are about, without running them: who reads a report sees what was tried, and in how many of them. */
import { DESKS_CURRENCY } from './converted.js';
import { Random } from './random.js';
import { drawScenario, type Scenario } from './scenario.js';
import { turnsRound } from './watchers/closes-alone.js';

const TRAITS: Readonly<Record<string, (scenario: Scenario) => boolean>> = {
  'several instruments, whose prices come in one burst': ({ traded }) => traded > 1,
  'spot, where a stop locks what it sells': ({ capabilities }) => capabilities.stopLocksBalance,
  'contracts, and short positions': ({ capabilities }) => capabilities.shorting,
  'a venue where what closes a position may open the other side': turnsRound,
  'thin books, which fill orders in parts': ({ thinBooks }) => thinBooks,
  'fees in the coin that was bought': ({ feesIn }) => feesIn === 'coin',
  'fees from a stock of BNB': ({ feeStock }) => feeStock !== null,
  'an account with a past, and coins that are nobody’s yet': ({ ownedByOthers }) => ownedByOthers,
  'results that the price of another instrument converts': ({ instruments }) =>
    instruments.some(({ quote }) => quote !== DESKS_CURRENCY),
  'real money, which needs a go-live': ({ live }) => live,
  'money that comes in and leaves': ({ bankEveryMs }) => bankEveryMs > 0,
  'a list of cash movements that can’t be read now and then': ({ unreadLists }) => unreadLists,
  'coins converted at the venue’s own screen': ({ conversionEveryMs }) => conversionEveryMs > 0,
  'a person who trades on the account, too': ({ strangerEveryMs }) => strangerEveryMs > 0,
  'bounds of one order that only the venue says': ({ smallestEveryMs }) => smallestEveryMs > 0,
  'quotes that are no prices': ({ wrongQuoteEveryMs }) => wrongQuoteEveryMs > 0,
  'prices that fall silent': ({ silenceEveryMs, heldSilenceEveryMs }) =>
    silenceEveryMs + heldSilenceEveryMs > 0,
  'a machine that sleeps': ({ sleepEveryMs }) => sleepEveryMs > 0,
  'a clock that is set': ({ clockSetEveryMs }) => clockSetEveryMs > 0,
  'requests, answers or messages lost, late or doubled': ({ faults: { lateMs, ...rates } }) =>
    Object.values(rates).some((rate) => rate > 0),
  'positions that are listed later than their fills': ({ positionsLateMs }) => positionsLateMs > 0,
  'a trader that is killed': ({ crashEveryMs, stormEveryMs }) => crashEveryMs + stormEveryMs > 0,
  'a disk that fails': ({ diskFaultEveryMs }) => diskFaultEveryMs > 0,
  'a disk that stands still for seconds': ({ diskStallEveryMs }) => diskStallEveryMs > 0,
  'a journal put back from a backup': ({ restoreEveryMs }) => restoreEveryMs > 0,
  'a venue that takes no stops for a while': ({ noStopsEveryMs }) => noStopsEveryMs > 0,
  'stops that never fire': ({ stuckStops }) => stuckStops > 0,
  'orders that no exchange takes': ({ refusedEveryMs }) => refusedEveryMs > 0,
  'a market with hours': ({ hours }) => hours,
  'nothing held over the close': ({ flatByClose }) => flatByClose,
  'entries at the market': ({ entryType }) => entryType === 'market',
  'entries by a stop': ({ entryType }) => entryType === 'stop',
  'entries that wait in the core': ({ waits }) => waits !== null,
  'entries with terms (post-only, immediate or cancel, fill or kill)': ({ terms }) => terms !== null,
  'trades that are turned round': ({ turns }) => turns,
  'targets, trailing stops, ends by time': ({ exits }) => exits !== null,
  'trades that end with their session': ({ exits }) => exits === 'session',
  'two entries at a time, each with its stop': ({ doubles }) => doubles,
  'exits that a strategy changes': ({ changes }) => changes,
  'signals from outside': ({ signals }) => signals,
  'strategies that trade several instruments as one': ({ legs }) => legs,
  'strategies side by side on one instrument': ({ sideBySide }) => sideBySide,
  'a venue that takes few stops, and exchanges none while all of them rest': ({ instruments }) =>
    instruments.some(({ maxStops }) => maxStops !== undefined),
  'strategies against each other on an account that nets': ({ against }) => against,
  'a close-all at the end, to be proven flat': ({ endsFlat }) => endsFlat,
};

/** How many of these seeds have each. */
export function traitsOf(
  runs: readonly { readonly from: number; readonly seeds: number }[],
): ReadonlyMap<string, number> {
  const counts = new Map(Object.keys(TRAITS).map((what) => [what, 0]));
  for (const { from, seeds } of runs)
    for (let seed = from; seed < from + seeds; seed += 1) {
      const scenario = drawScenario(seed, new Random(seed));
      for (const [what, has] of Object.entries(TRAITS))
        if (has(scenario)) counts.set(what, Number(counts.get(what)) + 1);
    }
  return counts;
}
