import { exitReasonWords } from '../domain/exits.js';
import { type Closing, readClosings, readTrades, type TradesOf } from '../store/ledger-figures.js';
import { lengthOf, moneyOf, report, SPAN, spanOf } from './report.js';

interface StrategyResult {
  readonly strategy: string;
  readonly closings: number;
  readonly wins: number;
  readonly net: number;
}

/** Every strategy of the desk, best first, including those that closed no trade. */
export const strategies = report('What each strategy did', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const [closings, trades] = await Promise.all([
    readClosings(context.pool, span),
    readTrades(context.pool, span),
  ]);
  const results = byStrategy(
    context.desk.strategies.map(({ name }) => name),
    closings,
  );
  const money = moneyOf(context);
  const lines = results.map(
    ({ strategy, net, wins, closings }) =>
      `${strategy} ${money(net)} (${closings === 0 ? 'nothing closed' : `${wins} of ${closings} won`})`,
  );
  const [best] = results;
  const worst = results.at(-1);
  const ends = results.length > 1 ? `; best ${best?.strategy}, worst ${worst?.strategy}` : '';
  return `${lengthOf(span.days)}, after fees: ${lines.join(', ')}${ends}${tradesText(trades)}`;
});

/** Empty if no trades are recorded: an older ledger has only closings. */
function tradesText(given: readonly TradesOf[]): string {
  const strategies = [...new Set(given.map(({ strategy }) => strategy))].map((strategy) => {
    const own = given.filter((trade) => trade.strategy === strategy);
    const total: Total = (of) => own.reduce((sum, trade) => sum + trade[of], 0);
    const multiple =
      total('rated') === 0
        ? ''
        : `${(total('r') / total('rated')).toFixed(2)} R on average, ${rewardToRisk(total)}, `;
    const ended = own.map(({ why, count }) => `${count} ${exitReasonWords(why)}`).join(', ');
    const trades = total('count') === 1 ? '1 trade' : `${total('count')} trades`;
    return `; ${trades} of ${strategy}: ${multiple}${ended}`;
  });
  return strategies.join('');
}

type Total = (of: 'count' | 'r' | 'rated' | 'wonR' | 'wonRated' | 'lostR' | 'lostRated') => number;

/** The average win divided by the average loss, both in multiples of their risk. */
function rewardToRisk(total: Total): string {
  const [won, lost] = [total('wonRated'), total('lostRated')];
  if (won === 0 || lost === 0) return `reward to risk not known (no ${won === 0 ? 'win' : 'loss'})`;
  return `reward to risk ${(total('wonR') / won / (total('lostR') / lost)).toFixed(2)}`;
}

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
