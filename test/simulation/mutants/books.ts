/** Breaks of the arithmetic: results, fees and cost of what was traded. */
import type { Mutant } from './mutant.js';

export const BOOK_MUTANTS: readonly Mutant[] = [
  {
    what: 'a result is realised with the wrong sign',
    file: 'engine/apply-holding.ts',
    find: 'realise(position, convertedUnits(proceeds - costOut, execution.rate));',
    put: 'realise(position, costOut - proceeds);',
  },
  {
    what: 'a linear contract costs no fees',
    file: 'engine/apply-holding.ts',
    find: 'const paid = isOwned(instrument) ? notional : -gained;',
    put: 'const paid = isOwned(instrument) ? notional : -gained - execution.fee;',
  },
  {
    what: 'a partial close takes the whole cost',
    file: 'engine/apply-holding.ts',
    find: 'const costOut = mulDivUnits(position.cost, leaving, held);',
    put: 'const costOut = held > 0n ? position.cost : 0n;',
  },
  {
    what: 'what is open counts at its cost',
    file: 'engine/market-book.ts',
    find: '    return this.#worthAt(at, lots);\n',
    put: '    return owned ? cost : 0;\n',
  },
  {
    what: 'a short position is valued at the bid',
    file: 'engine/market-book.ts',
    find: 'lots > 0 ? this.bidTicks[at] : this.askTicks[at]',
    put: 'lots !== 0 ? this.bidTicks[at] : this.askTicks[at]',
  },
  {
    what: 'a trade takes over the fills of the one before it',
    file: 'engine/trades/trade.ts',
    find: 'position.trade = null;',
    put: 'trade.result = 0n;',
  },
  {
    what: 'the exit of a part closes the whole trade',
    file: 'engine/apply-holding.ts',
    find: 'if (position.quantityLots === 0) closeTrade(state, position, execution.why, execution.marketMs);',
    put: 'if (position.trade !== null) closeTrade(state, position, execution.why, execution.marketMs);',
  },
  {
    what: 'a trade is charged its fees twice, and its result once',
    file: 'engine/apply-holding.ts',
    find: 'trade.fees += fee;',
    put: 'trade.fees += 2n * fee;',
  },
  {
    what: 'only the last fill of an entry counts as risked',
    file: 'engine/apply-holding.ts',
    find: 'trade.risk + (lost < 0n ? -lost : lost);',
    put: 'lost < 0n ? -lost : lost;',
  },
];
