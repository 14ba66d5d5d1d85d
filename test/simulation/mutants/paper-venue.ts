/** Breaks of the paper venue: it refuses what an exchange refuses, and fills what and when an exchange fills. */
import type { Mutant } from './mutant.js';

export const PAPER_VENUE_MUTANTS: readonly Mutant[] = [
  {
    what: 'a stop of the paper venue goes off early',
    file: 'venue/paper/matching.ts',
    find: 'return buy ? quote.askTicks >= stopTicks : quote.bidTicks <= stopTicks;',
    put: 'return buy ? quote.askTicks >= stopTicks - 30 : quote.bidTicks <= stopTicks + 30;',
  },
  {
    what: 'the paper venue fills an entry at the market at any price',
    file: 'venue/paper/matching.ts',
    find: 'if (limit === null) return {',
    put: "if (limit === null || order.type === 'market') return {",
  },
  {
    what: 'the paper venue fills an entry by a stop before the market has reached its trigger',
    file: 'venue/paper/matching.ts',
    find: 'if (waited && !goesOff(order, quote)) return null;',
    put: 'if (waited && order.limitTicks === null && !goesOff(order, quote)) return null;',
  },
  {
    what: 'the paper venue fills an entry by a stop beyond its worst price',
    file: 'venue/paper/matching.ts',
    find: 'if (buy ? quote.askTicks > limit : quote.bidTicks < limit) return null;\n',
    put: "if (order.type === 'stop') return { priceTicks: taken, liquidity: 'taker' };\n  if (buy ? quote.askTicks > limit : quote.bidTicks < limit) return null;\n",
  },
  {
    what: 'the paper venue fills a part of an entry that is to be filled whole',
    file: 'venue/paper/exchange.ts',
    find: "if (order.timeInForce === 'FOK' && execution) {",
    put: "if (order.timeInForce === 'FOK' && execution && order.clientId === '') {",
  },
  {
    what: 'the paper venue lets an entry rest that may not',
    file: 'venue/paper/exchange.ts',
    find: "    const rests = resting && order.timeInForce === 'GTC';\n",
    put: "    const rests = resting || order.type === 'limit';\n",
  },
  {
    what: 'the paper venue takes stops that the market has passed',
    file: 'venue/paper/admission.ts',
    find: '  if (wouldTrigger(order, quote(instrument.symbol))) return',
    put: "  if (wouldTrigger(order, quote(instrument.symbol)) && order.clientId === '') return",
  },
  {
    what: 'the paper venue takes a fee in cash that it should take in coins',
    file: 'venue/paper/fees.ts',
    find: "  return rules.feesIn === 'coin' && basis.side === 'buy'\n",
    put: "  return rules.feesIn === 'coin' && basis.lots < 0\n",
  },
  {
    what: 'the paper venue sells coins that are not there',
    file: 'venue/paper/admission.ts',
    find: '  return order.quantityLots > free ? INSUFFICIENT : null;',
    put: '  return order.quantityLots > free && free < 0 ? INSUFFICIENT : null;',
  },
  {
    what: 'the paper venue sells coins that another order locks',
    file: 'venue/paper/admission.ts',
    find: "    if (open.side === 'sell') free -=",
    put: "    if (open.side === 'sell' && open.quantityLots < 0) free -=",
  },
  {
    what: 'the paper venue takes orders below its minimum',
    file: 'venue/paper/admission.ts',
    find: "  return isWorthTrading(order.quantityLots, reserveTicks, instrument) ? null : filter('NOTIONAL');",
    put: '  return null;',
  },
  {
    what: 'the paper venue buys without money',
    file: 'venue/paper/admission.ts',
    find: '    return needed <= free ? null : INSUFFICIENT;',
    put: '    return needed <= free + 1e18 ? null : INSUFFICIENT;',
  },
  {
    what: 'the paper venue lends for contracts',
    file: 'venue/paper/admission.ts',
    find: '  return opened <= freeMargin(book, prices) ?',
    put: '  return opened <= 1e18 + freeMargin(book, prices) ?',
  },
  {
    what: 'the paper venue takes any quantity at the market',
    file: 'venue/paper/admission.ts',
    find: "  if (order.type !== 'limit' && order.quantityLots > largestAtMarket(instrument))",
    put: '  if (order.quantityLots > 1e12 + largestAtMarket(instrument))',
  },
  {
    what: 'the paper venue takes fewer lots than its smallest order',
    file: 'venue/paper/admission.ts',
    find: '  return isWithin(lots, Math.max(1, minQuantityLots), maxQuantityLots);',
    put: '  return isWithin(lots, Math.min(1, minQuantityLots), maxQuantityLots);',
  },
  {
    what: 'the paper venue takes more stops than the exchange',
    file: 'venue/paper/admission.ts',
    find: 'restingStops(book, instrument) >= maxStops)',
    put: 'restingStops(book, instrument) > maxStops)',
  },
];
