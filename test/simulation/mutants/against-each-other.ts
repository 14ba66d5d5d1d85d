/** Breaks of what keeps trades against each other apart, on an account that nets. */
import type { Mutant } from './mutant.js';

export const AGAINST_EACH_OTHER_MUTANTS: readonly Mutant[] = [
  {
    what: 'an exit of one strategy closes the trade of the other one, on an account that nets',
    file: 'engine/apply-parts.ts',
    find: "    purpose === 'close'\n      ? inTurn",
    put: "    purpose !== 'entry'\n      ? inTurn",
  },
  {
    what: 'the trade that the net covers has no stop',
    file: 'engine/flow/protect.ts',
    find: '  const wanted = wantedStop(core, position);\n',
    put: '  if (Math.sign(core.state.positions[at]!.quantityLots) === -Math.sign(position.quantityLots)) return;\n  const wanted = wantedStop(core, position);\n',
  },
  {
    what: 'a crossing closes the long trade alone',
    file: 'engine/apply-parts.ts',
    find: "for (const side of ['sell', 'buy'] as const)",
    put: "for (const side of ['sell'] as const)",
  },
  {
    what: 'trades are crossed while their stops may still fire',
    file: 'engine/flow/cross.ts',
    find: 'left === 0 ? stops.length === 0 :',
    put: 'left === 0 ? stops.length < 9 :',
  },
  {
    what: 'what cancels out is crossed at the bid',
    file: 'engine/flow/cross.ts',
    find: 'Math.floor(((market.bidTicks[at] as number) + (market.askTicks[at] as number)) / 2)',
    put: '(market.bidTicks[at] as number)',
  },
  {
    what: 'a close-all closes the net and leaves the trades that cancel out',
    file: 'engine/flow/flatten.ts',
    find: '      crossOpposite(core, at, closing.why);\n',
    put: '',
  },
  {
    what: 'what is crossed leaves as an order, too',
    file: 'engine/flow/cross.ts',
    find: '    long.lots -= quantityLots;\n',
    put: "    core.effects.push({ kind: 'submit', order: { ...[...core.state.orders.values()].at(-1)!.intent, clientId: 'fcrossed' + core.monotonicMs } as never });\n    long.lots -= quantityLots;\n",
  },
  {
    what: 'a net that is turned round has cost nothing',
    file: 'engine/apply-holding.ts',
    find: 'position.cost += (opening === 0 ? 0n :',
    put: 'position.cost += (opening === 0 || isOpposite ? 0n :',
  },
  {
    what: 'a desk that comes back knows nothing of what was crossed',
    file: 'engine/engine.ts',
    find: '      applyRecord(core.state, record);\n',
    put: "      if (record.type !== 'trades.crossed') applyRecord(core.state, record);\n",
    throws: 'the end of a trade that no record closed is refused as it is read',
  },
];
