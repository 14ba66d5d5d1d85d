/** Breaks of what protects a position and of what closes it. */
import type { Mutant } from './mutant.js';

export const STOP_MUTANTS: readonly Mutant[] = [
  {
    what: 'the old stop is not restored where the new one is refused',
    file: 'engine/flow/change-stop.ts',
    find: '  if (formerStop !== null) formerStop.due = true;\n',
    put: '  void formerStop;\n',
  },
  {
    what: 'the stop of a trade that is over is restored for the next one',
    file: 'engine/flow/protect.ts',
    find: '  progress.formerStop = null;\n',
    put: '',
  },
  {
    what: 'a time without a stop is not measured',
    file: 'engine/flow/stop-gap.ts',
    find: 'const ms = Math.ceil(core.monotonicMs - gap.sinceMs);',
    put: 'const ms = Math.ceil(gap.sinceMs - core.monotonicMs);',
  },
  {
    what: 'exits are not carried out',
    file: 'engine/flow/advance.ts',
    find: "    flatten(core, holding, 'exit', exiting.why);\n",
    put: '',
  },
  {
    what: 'a position whose stop the market has passed is kept',
    file: 'engine/orders/order-events.ts',
    find: 'if (event.wouldTrigger === true) onWouldTrigger(core, entry);',
    put: 'void onWouldTrigger;',
  },
  {
    what: 'coins are sold while a stop still locks them',
    file: 'engine/flow/flatten.ts',
    find: '  if (stopsFor(core, position).length === 0) leave(core, position, closing);',
    put: '  leave(core, position, closing);',
  },
  {
    what: 'the stop of a position that no entry explains is twice as far away',
    file: 'engine/flow/wanted-stop.ts',
    find: '? average - distance : average + distance',
    put: '? average - 2 * distance : average + 2 * distance',
  },
  {
    what: 'the stop is not where its entry wanted it',
    file: 'engine/flow/wanted-stop.ts',
    find: 'stopTicks: position.trade?.protectTicks ?? derivedStopTicks(core, position),',
    put: 'stopTicks: derivedStopTicks(core, position),',
  },
  {
    what: 'a stop for another quantity is left as it is',
    file: 'engine/flow/wanted-stop.ts',
    find: 'remainingLots(stop) === wanted.lots',
    put: 'remainingLots(stop) > 0',
  },
  {
    what: 'a halted desk lets strategies leave their positions',
    file: 'engine/halts.ts',
    find: "return core.begun && (core.state.mode === 'ACTIVE' || core.state.mode === 'REDUCING');",
    put: 'return core.begun;',
  },
  {
    what: 'a close-all has no deadline after a restart',
    file: 'engine/flow/begin.ts',
    find: '  if (isClosing(core)) startClosingClock(core);\n',
    put: '  void startClosingClock;\n',
  },
  {
    what: 'flat is proven by our own book',
    file: 'engine/flow/prove-flat.ts',
    find: '  if (open || resting || !nothingIsTradable(core) || !nothingUnresolved(core)) {',
    put: '  if (open && resting && !nothingIsTradable(core)) {',
  },
  {
    what: 'a stop that does nothing is trusted',
    file: 'engine/flow/secure.ts',
    find: '    if (forMs < core.config.stopOverrunMs ||',
    put: '    if (forMs < 1e9 ||',
    from: 301, // a market that stays beyond such a stop is rare: one seed in five hundred
  },
  {
    what: 'a desk is armed while a position has no stop',
    file: 'engine/commands/arm.ts',
    find: '  if (bare.length > 0) {',
    put: '  if (bare.length > 99) {',
  },
  {
    what: 'an entry is approved that could not be protected',
    file: 'limits/gate-rules.ts',
    find: '  if (lots >= minQuantityLots && value >= minNotional) return null;',
    put: '  if (lots >= 0 && value >= 0) return null;',
  },
  {
    what: 'dust keeps flat from being proven',
    file: 'engine/flow/dust.ts',
    find: '  return lots !== 0 && !isTooSmall(instrumentAt(core, at), lots, knownTicks(core, at));',
    put: '  return lots !== 0;',
  },
  {
    what: 'fewer lots than the venue takes are tried to be sold while no price is known',
    file: 'domain/order-bounds.ts',
    find: '  if (held === 0 || held < minQuantityLots) return held !== 0;',
    put: '  if (held === 0 || (priceTicks !== null && held < minQuantityLots)) return held !== 0;',
    from: 2201, // a close-all that a restart finds, of so little, before the first price
  },
  {
    what: 'an entry is judged by its own price instead of that of its stop',
    file: 'limits/gate-rules.ts',
    find: "leastAtStop(instrument, intent.side === 'buy', intent.protectTicks)",
    put: 'intent.limitTicks ?? 0',
  },
  {
    what: 'a stop is exchanged where it could be made smaller',
    file: 'engine/flow/change-stop.ts',
    find: '  if (onlySmaller && amends && ',
    put: '  if (onlySmaller && !amends && ',
  },
  {
    what: 'a stop is taken off for another where the venue exchanges them',
    file: 'engine/flow/change-stop.ts',
    find: '  if (replaces && watch?.replaceRefused',
    put: "  if (replaces && clientId === '' && watch?.replaceRefused",
  },
  {
    what: 'a stop is sent to be exchanged again where the venue takes no other beside it',
    file: 'engine/flow/change-stop.ts',
    find: '  if (replaces && watch?.replaceRefused !== true) place(',
    put: '  if (replaces) place(',
  },
  {
    what: 'a position whose stop is refused for ever is kept',
    file: 'engine/flow/secure.ts',
    find: "  secureTrade(\n    core,\n    at,\n    ownerOf(holding),\n    'refused',",
    put: "  if (stopRefusals > 1e9) secureTrade(\n    core,\n    at,\n    ownerOf(holding),\n    'refused',",
  },
  {
    what: 'a missing stop halts nobody',
    file: 'engine/flow/on-tick.ts',
    find: "  raiseFault(core, 'protection-missing', ",
    put: "  if (seconds > 1e9) raiseFault(core, 'protection-missing', ",
  },
  {
    what: 'a later fill takes the stop of the whole trade farther from the market',
    file: 'engine/trades/trade-exits.ts',
    find: '  if (keepsStop === true) trade.keepsStop = true;\n',
    put: '  void keepsStop;\n',
  },
];
