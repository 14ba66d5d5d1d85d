/** Breaks of what keeps the trades of two strategies on one instrument apart. */
import type { Mutant } from './mutant.js';

export const SIDE_BY_SIDE_MUTANTS: readonly Mutant[] = [
  {
    what: 'an exit of one strategy takes off the stops of the other one, too',
    file: 'engine/flow/flatten.ts',
    find: '  for (const stop of stopsFor(core, position)) cancelOrder(',
    put: `  const isFirst = stopsFor(core, position).some(({ state }) => state !== 'cancelling');
  const stops = isFirst ? stopsFor(core, positionAt(core, position.instrument)) : [];
  for (const stop of stops) cancelOrder(`,
  },
  {
    what: 'an exit of one strategy sells the whole position',
    file: 'engine/flow/advance.ts',
    find: "    flatten(core, holding, 'exit', exiting.why);\n",
    put: "    flatten(core, positionAt(core, at), 'exit', exiting.why);\n",
  },
  {
    what: 'what is sold is taken from the oldest trade, whoever sold it',
    file: 'engine/apply-parts.ts',
    find: 'ownerOf(part) === owner ? 0 : ',
    put: 'owner.length === 0 ? 0 : ',
  },
  {
    what: 'the second trade on an instrument has no stop',
    file: 'engine/flow/advance.ts',
    find: '  for (const holding of holdingsOf(position)) stepTrade(core, holding, isOpen);',
    put: '  for (const holding of holdingsOf(position).slice(0, 1)) stepTrade(core, holding, isOpen);',
  },
  {
    what: 'what is bought joins the trade that is open, whoever bought it',
    file: 'engine/apply-parts.ts',
    find: 'parts.find((part) => part.trade !== null && ownerOf(part) === owner) ??',
    put: 'parts.find((part) => part.trade !== null) ??',
  },
  {
    what: 'an entry is approved whose stop the venue would have no room for',
    file: 'limits/gate-rules.ts',
    find: '  if (needed <= maxStops) return null;',
    put: '  if (needed <= maxStops + 1) return null;',
  },
];
