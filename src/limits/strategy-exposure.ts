/** Most that one strategy may have in positions and entries, across all its instruments. */
import { denialBeyond, entryWorth, PERCENT_OF_EQUITY, partOfEquity, sumOf } from './exposure.js';
import { limit } from './limit.js';

export const strategyExposureLimit = limit({
  setting: {
    key: 'maxStrategyExposurePct',
    meaning: 'Positions and entries of one strategy, percent of equity',
    reference: 'Positions and entries of one strategy, over all its instruments, percent of equity.',
    ...PERCENT_OF_EQUITY,
  },
  name: 'strategy-exposure',
  title: 'Exposure of a strategy',
  judge: (check, maxPct) => {
    const { strategy } = check.intent;
    const held = check.holdings().map(({ byStrategy }) => byStrategy.get(strategy) ?? 0);
    return denialBeyond(maxPct, check, {
      limit: 'strategy-exposure',
      what: `what ${strategy} has`,
      exposed: sumOf(held) + entryWorth(check),
    });
  },
  reading: (account, value) => {
    const byStrategy = new Map<string, number>();
    for (const [name, held] of account.holdings().flatMap((holding) => [...holding.byStrategy]))
      byStrategy.set(name, (byStrategy.get(name) ?? 0) + held);
    return {
      value: `${value} % of equity`,
      now: partOfEquity(Math.max(0, ...byStrategy.values()), account),
    };
  },
});
