/** Breaks of what the hours of a market mean. */
import type { Mutant } from './mutant.js';

export const HOUR_MUTANTS: readonly Mutant[] = [
  {
    what: 'entries go on until the close',
    file: 'engine/flow/session.ts',
    find: 'Math.max(noEntriesBeforeCloseMs, flatBeforeCloseMs)',
    put: 'Math.min(noEntriesBeforeCloseMs, flatBeforeCloseMs, 0)',
  },
  {
    what: 'entries rest into the close',
    file: 'engine/flow/advance.ts',
    find: '    cancelEntryOrders(core, at, noEntry);',
    put: '  void noEntry;',
  },
  {
    what: 'positions are held over the close',
    file: 'engine/flow/session.ts',
    find: '  if (untilMs - core.marketMs > flatBeforeCloseMs) return;',
    put: '  if (untilMs - core.marketMs > 0) return;',
  },
  {
    what: 'a trade outlives the session that it was to end with',
    file: 'engine/flow/exits.ts',
    find: 'if (beforeCloseMs === undefined || !closesWithin(core, at, beforeCloseMs)) return null;',
    put: 'if (beforeCloseMs === undefined || !closesWithin(core, at, 0)) return null;',
    from: 501,
  },
  {
    what: 'nobody is told of what is held over the close',
    file: 'engine/flow/session.ts',
    find: 'if (progress.openSinceMs !== null) tellHeldOver(core, at);',
    put: 'if (core.journalFault !== null) tellHeldOver(core, at);',
  },
  {
    what: 'a closed market is a stale feed',
    file: 'engine/flow/stale-data.ts',
    find: 'if (!isPriceDue(core, id)) continue;',
    put: 'if (!isPriceDue(core, id) && id < 0) continue;',
  },
  {
    what: 'a strategy leaves in a closed market',
    file: 'engine/flow/advance.ts',
    find: 'if (exiting !== null && mayReduce(core) && isOpen) {',
    put: 'if (exiting !== null && mayReduce(core)) {',
  },
  {
    what: 'a quote of before the close becomes the price in it',
    file: 'engine/flow/quote.ts',
    find: '    if (!isMarketOpen(core, at)) {',
    put: '    if (core.begun && !core.begun) {',
  },
];
