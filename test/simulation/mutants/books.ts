/** Breaks of the arithmetic: results, fees and cost of what was traded. */
import type { Mutant } from './mutant.js';

export const BOOK_MUTANTS: readonly Mutant[] = [
  {
    what: 'a result is realised with the wrong sign',
    file: 'engine/apply-execution.ts',
    find: 'position.tripResult += proceeds - costOut;',
    put: 'position.tripResult -= proceeds - costOut;',
  },
  {
    what: 'a linear contract costs no fees',
    file: 'engine/apply-execution.ts',
    find: 'const paid = isOwned(instrument) ? notional : -gained;',
    put: 'const paid = isOwned(instrument) ? notional : -gained - execution.fee;',
  },
  {
    what: 'a partial close takes the whole cost',
    file: 'engine/apply-execution.ts',
    find: 'const costOut = mulDivUnits(position.cost, leaving, held);',
    put: 'const costOut = held > 0n ? position.cost : 0n;',
  },
  {
    what: 'what is open counts at its cost',
    file: 'engine/market-book.ts',
    find: '    return this.worthAt(at, lots);\n',
    put: '    return owned ? cost : 0;\n',
  },
  {
    what: 'a short position is valued at the bid',
    file: 'engine/market-book.ts',
    find: 'lots > 0 ? this.bidTicks[at] : this.askTicks[at]',
    put: 'lots !== 0 ? this.bidTicks[at] : this.askTicks[at]',
  },
];
