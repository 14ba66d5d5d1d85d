/** Breaks of what an instrument in another currency comes to in the desk's. */
import { FIRST_CONVERTED } from '../converted.js';
import type { Mutant } from './mutant.js';

const BREAKS: readonly Omit<Mutant, 'from'>[] = [
  {
    what: 'a result counts as money of the desk whatever the rate of its fill',
    file: 'engine/apply-record.ts',
    find: 'quantityLots, priceTicks, rate, fee, paidFrom,',
    put: 'quantityLots, priceTicks, rate: quantityLots < 0 ? rate : undefined, fee, paidFrom,',
  },
  {
    what: 'what a trade risks is counted in its own currency',
    file: 'engine/apply-holding.ts',
    find: 'convertedUnits(cost - valueAt(steps, signedLots, protectTicks), rate);',
    put: 'convertedUnits(cost - valueAt(steps, signedLots, protectTicks), rate && 1);',
  },
  {
    what: 'a rate is turned over',
    file: 'domain/value.ts',
    find: 'return isInverse ? 1 / price : price;',
    put: 'return isInverse ? price : 1 / price;',
  },
  {
    what: 'a rate is the bid instead of the middle',
    file: 'domain/value.ts',
    find: '((bidTicks + askTicks) / 2) * Number(tickSize)',
    put: '(bidTicks + 0 * askTicks) * Number(tickSize)',
  },
  {
    what: 'the first rate is the rate for good',
    file: 'engine/market-book.ts',
    find: '      this.#rates[id] = rateAt(conversion as Conversion, bidTicks, askTicks);\n',
    put: '      if (this.#rates[id] === 0) this.#rates[id] = rateAt(conversion as Conversion, bidTicks, askTicks);\n',
  },
  {
    what: 'a position is not valued anew when only the rate moves',
    file: 'engine/market-book.ts',
    find: '      if (id !== at) this.#mark(id);\n',
    put: '',
  },
  {
    what: 'loss limits go by what is open in its own currency',
    file: 'engine/market-book.ts',
    find: '    return rate === 1 ? amount : Math.round(amount * rate);',
    put: '    return rate === 0 ? 0 : amount;',
  },
  {
    what: 'an entry is sized by its worth in its own currency',
    file: 'engine/flow/stale-data.ts',
    find: 'return valuedAt(instrument, core.market.rate(at));',
    put: 'return valuedAt(instrument, core.market.rate(at) > 0 ? 1 : Number.NaN);',
  },
  {
    what: 'an old rate is good enough to enter at',
    file: 'engine/flow/stale-data.ts',
    find: '  if (ageMs !== null && ageMs <= staleMsOf(core.config.risk)) return null;',
    put: '  if (ageMs !== null) return null;',
  },
  {
    what: 'an old rate halts nobody, and a desk is armed on it',
    file: 'engine/flow/stale-data.ts',
    find: '  if (at !== id && conversion?.by !== id) return false;',
    put: '  if (at !== id || conversion?.by === -1) return false;',
  },
  {
    what: 'trades are crossed at no rate',
    file: 'engine/apply-parts.ts',
    find: 'priceTicks, rate, why, marketMs, ...free });',
    put: 'priceTicks, rate: rate && 1, why, marketMs, ...free });',
  },
  {
    what: 'what is booked without a fill has the rate 1',
    file: 'engine/flow/stale-data.ts',
    find: '{ rate: core.market.rate(at) };',
    put: '{ rate: core.market.rate(at) > 0 ? 1 : Number.NaN };',
  },
  {
    what: 'the paper venue books a result in its own currency',
    file: 'venue/paper/book.ts',
    find: '+ closedCost, rate);',
    put: '+ closedCost, rate && 1);',
  },
  {
    what: 'the paper venue takes a fee in the currency of the price',
    file: 'venue/paper/exchange.ts',
    find: 'this.#fee(order, valuedAt(instrument, rate), execution, lots)',
    put: 'this.#fee(order, instrument, execution, lots)',
  },
];

export const CONVERTED_MUTANTS: readonly Mutant[] = BREAKS.map((one) => ({ ...one, from: FIRST_CONVERTED }));
