/** Breaks of what is done about signals from outside. */
import type { Mutant } from './mutant.js';

export const SIGNAL_MUTANTS: readonly Mutant[] = [
  {
    what: 'a signal is taken after its expiry',
    file: 'engine/commands/signal.ts',
    find: '  if (signal.expiresMs <= marketMs)\n',
    put: '  if (signal.expiresMs <= 0)\n',
  },
];
