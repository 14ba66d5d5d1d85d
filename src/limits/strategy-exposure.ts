/** What one strategy may have in positions and entries, over all its instruments. */
import { beyond, entryWorth, partOfEquity, sumOf } from './exposure.js';
import { limit } from './limit.js';

export const strategyExposureLimit = limit({
  setting: {
    key: 'maxStrategyExposurePct',
    meaning: 'Positions and entries of one strategy, percent of equity',
    reference: 'Positions and entries of one strategy, over all its instruments, percent of equity.',
    unit: '%',
    whole: false,
    min: 0.01,
    max: 10_000,
    tighter: 'lower',
    leftOut: 'off',
  },
  name: 'strategy-exposure',
  title: 'Exposure of a strategy',
  judge: (check, maxPct) => {
    const { strategy, purpose } = check.intent;
    if (purpose !== 'entry') return null;
    const held = check.holdings().map(({ byStrategy }) => byStrategy.get(strategy) ?? 0);
    const problem = beyond(sumOf(held) + entryWorth(check), check, maxPct);
    return problem === null
      ? null
      : { limit: 'strategy-exposure', reason: `what ${strategy} has would be worth ${problem}` };
  },
  reading: (account, value) => {
    const byStrategy = new Map<string, number>();
    for (const [name, held] of account.holdings().flatMap((holding) => [...holding.byStrategy])) {
      byStrategy.set(name, (byStrategy.get(name) ?? 0) + held);
    }
    return {
      value: `${value} % of equity`,
      now: partOfEquity(Math.max(0, ...byStrategy.values()), account),
    };
  },
});
