import { report } from 'fermata/pack';
import { z } from 'zod';
import { isOver, type SetupState, TRANSITIONS } from '../strategies/lib/setup.js';

/** The strategy's own state text: `setup 1a2b3c4d CONSOLIDATION: ...`. */
const SETUP = /^setup [0-9a-f]{8} ([A-Z_]+): /;

const isActive = (state: string): boolean => {
  const found = SETUP.exec(state)?.[1];
  return found !== undefined && found in TRANSITIONS && !isOver(found as SetupState);
};

export default report({
  title: 'How many setups are active, and which',
  parameters: z.object({}),
  run: ({ trader }) => {
    if (trader === null) throw new Error('the trader does not answer');
    const active = trader.strategies.filter(({ state }) => isActive(state));
    const said = active.map(({ symbol, state }) => `${symbol}: ${state}`);
    return `${active.length} active ${active.length === 1 ? 'setup' : 'setups'}${said.length === 0 ? '' : `; ${said.join('; ')}`}`;
  },
});
