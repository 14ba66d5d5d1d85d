/** Breaks of what a desk takes for the price and for the time: old prices, quotes that are none, clocks. */
import type { Mutant } from './mutant.js';

export const PRICE_MUTANTS: readonly Mutant[] = [
  {
    what: 'stale prices never halt',
    file: 'engine/flow/on-tick.ts',
    find: '  if (stale.length === 0) return;',
    put: '  if (stale.length >= 0) return;',
  },
  {
    what: 'entries leave on stale prices',
    file: 'limits/stale-data.ts',
    find: 'quoteAgeMs <= staleMsOf({ staleDataSeconds: seconds })) return null;',
    put: 'quoteAgeMs <= 1e9) return null;',
  },
  {
    what: 'a clock that was set is not noticed',
    file: 'trader/running/clock.ts',
    find: '    if (Math.abs(apart) > CLOCK_GAP_MAX_MS) return Math.round(apart);\n',
    put: '    void apart;\n',
  },
  {
    what: 'deadlines run on a clock that can be set',
    file: 'trader/running/runner.ts',
    find: 'monotonicMs: clock.monotonicMs() };',
    put: 'monotonicMs: clock.wallMs() };',
  },
  {
    what: 'a jump of the clock is not noticed',
    file: 'engine/flow/on-fault.ts',
    find: '      onClockJump(core, event.gapMs);\n',
    put: '      void onClockJump;\n',
  },
  {
    what: 'an implausible quote is a price',
    file: 'engine/quote-guard.ts',
    find: '    if (because === null) {\n',
    put: "    if (because !== '') {\n",
  },
  {
    what: 'the newest quote is not used',
    file: 'engine/market-book.ts',
    find: '    this.bidTicks[at] = bidTicks;\n',
    put: '    if (this.bidTicks[at] === 0) this.bidTicks[at] = bidTicks;\n',
  },
  {
    what: 'what was read before a jump of the clock still counts',
    file: 'engine/flow/on-fault.ts',
    find: "  core.sync.state = 'pending';\n",
    put: '',
  },
  {
    what: 'a quote with the spread of no market is a price',
    file: 'engine/quote-guard.ts',
    find: 'if (this.#isWide(quote) && !wasWide)',
    put: 'if (spreadPctOf(quote) < 0 && !wasWide)',
  },
  {
    what: 'one fresh price makes all of them fresh',
    file: 'engine/flow/stale-data.ts',
    find: '    if (feedIsSilent || held)',
    put: '    if (feedIsSilent || (held && id < 0))',
  },
  {
    what: 'an instrument without a position halts the desk by its silence',
    file: 'engine/flow/stale-data.ts',
    find: '    if (feedIsSilent || held)',
    put: '    if (feedIsSilent || held || age !== null)',
  },
  {
    what: 'a desk is armed on stale prices',
    file: 'engine/commands/arm.ts',
    find: '  const stale = staleSymbols(core);',
    put: '  const stale = staleSymbols(core).slice(99);',
  },
  {
    what: 'a quote that was held back before a sleep is believed after it',
    file: 'engine/flow/on-fault.ts',
    find: '  core.guard.forgetDoubts();\n',
    put: '',
  },
  {
    what: 'two quotes that agree are believed, whatever they say',
    file: 'engine/quote-guard.ts',
    find: 'now.count >= this.rules.agreeing',
    put: 'now.count >= 2',
  },
  {
    what: 'of a burst only the first instrument’s quote counts',
    file: 'engine/market-book.ts',
    find: '    if (!this.isPrice(at, bidTicks, askTicks)) return false;\n',
    put: '    if (!this.isPrice(at, bidTicks, askTicks)) return false;\n    if (monotonicMs === this.freshestMonotonicMs && this.quotedMonotonicMs[at] !== monotonicMs) return false;\n',
  },
];
