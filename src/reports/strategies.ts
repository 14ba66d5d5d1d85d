import { type Closing, readClosings } from '../store/performance.js';
import { report } from './report.js';
import { money, SPAN, spanOf } from './span.js';

interface StrategyResult {
  readonly strategy: string;
  readonly closings: number;
  readonly wins: number;
  readonly net: number;
}

/** Every strategy of the desk, the best first, also those that closed nothing. */
export const strategies = report(SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const results = byStrategy(
    context.desk.strategies.map(({ name }) => name),
    await readClosings(context.pool, span),
  );
  const lines = results.map(
    ({ strategy, net, wins, closings }) =>
      `${strategy} ${money(net)} (${closings === 0 ? 'nothing closed' : `${wins} of ${closings} won`})`,
  );
  const [best] = results;
  const worst = results.at(-1);
  const ends = results.length > 1 ? `; best ${best?.strategy}, worst ${worst?.strategy}` : '';
  return `${span.days} days, after closing fees: ${lines.join(', ')}${ends}`;
});

function byStrategy(names: readonly string[], closings: readonly Closing[]): readonly StrategyResult[] {
  const all = new Set([...names, ...closings.map(({ strategy }) => strategy)]);
  return [...all]
    .map((strategy) => {
      const own = closings.filter((closing) => closing.strategy === strategy);
      return {
        strategy,
        closings: own.length,
        wins: own.filter(({ net }) => net > 0).length,
        net: own.reduce((sum, { net }) => sum + net, 0),
      };
    })
    .sort((one, other) => other.net - one.net);
}
