/** Breaks of what closes a trade beside its stop, and of the stop that follows the market. */
import type { Mutant } from './mutant.js';

export const EXIT_MUTANTS: readonly Mutant[] = [
  {
    what: 'a target closes the whole trade',
    file: 'engine/flow/exits.ts',
    find: 'return whole - Number((BigInt(whole)',
    put: 'return 0 * Number((BigInt(whole)',
  },
  {
    what: 'a trailing stop loosens',
    file: 'engine/trades/trade-exits.ts',
    find: "return side === 'long' ? stopTicks > thanTicks : stopTicks < thanTicks;",
    put: 'return stopTicks !== thanTicks;',
  },
  {
    what: 'a later fill of an entry moves its stop back',
    file: 'engine/trades/trade-exits.ts',
    find: 'before !== null && stays && isNearer(trade.side, before, protectTicks) ? before : protectTicks;',
    put: 'protectTicks;',
  },
  {
    what: 'after a partial exit the stop keeps the old size',
    file: 'engine/flow/wanted-stop.ts',
    find: 'remainingLots(stop) === wanted.lots',
    put: 'remainingLots(stop) >= wanted.lots',
  },
  {
    what: 'a part is sold while its stop still locks it',
    file: 'engine/flow/flatten.ts',
    find: 'shrinksBeforeSale(core, position) !== null &&',
    put: 'shrinksBeforeSale(core, position) === 0 &&',
  },
  {
    what: 'a target is reached before the market is there',
    file: 'engine/flow/exits.ts',
    find: 'isAt(side, priceTicks, targets[reached]!.ticks)',
    put: "isAt(side, priceTicks, targets[reached]!.ticks + (side === 'long' ? -9 : 9))",
  },
  {
    what: 'targets are looked at by a halted desk alone',
    file: 'engine/flow/exits.ts',
    find: 'if (mayReduce(core) && restingTargets(core, at).length === 0) noteTargets(',
    put: 'if (!mayReduce(core) && restingTargets(core, at).length === 0) noteTargets(',
  },
  {
    what: 'a part that a strategy closes is the whole',
    file: 'engine/flow/exits.ts',
    find: 'return lots >= held || isRestTooSmall(core, at, trade, held - lots) ? 0 : held - lots;',
    put: 'return 0;',
  },
  {
    what: 'a strategy moves its stop to where the market is already',
    file: 'engine/strategies/adjust-exits.ts',
    find: 'if (!isNearer(side, priceTicks, stopTicks)) return',
    put: 'if (isNearer(side, priceTicks, stopTicks) === null) return',
  },
];
