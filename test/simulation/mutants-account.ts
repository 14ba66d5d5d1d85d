/** Breaks of what a desk does with an account at an exchange: fees in coins, money that moves, coins of others, prices. */
import type { Mutant } from './mutants.js';

export const ACCOUNT_MUTANTS: readonly Mutant[] = [
  {
    what: 'a fee in coins is ignored',
    file: 'engine/apply-record.ts',
    find: "return { fee, paidFrom: 'coins', coins: amount };",
    put: "return { fee, paidFrom: 'coins', coins: 0n };",
  },
  {
    what: 'a fee in coins is rounded up to a lot',
    file: 'engine/apply-execution.ts',
    find: '  holdCoins(position, steps, held - coins);\n',
    put: '  holdCoins(position, steps, held - (coins / steps.perLot + 1n) * steps.perLot);\n',
  },
  {
    what: 'a fee from a stock is paid in cash too',
    file: 'engine/apply-record.ts',
    find: "  move(state, asset, -amount);\n  return { fee, paidFrom: 'elsewhere', coins: 0n };",
    put: "  move(state, asset, -amount);\n  return { fee, paidFrom: 'cash', coins: 0n };",
  },
  {
    what: 'a stock for fees never becomes less',
    file: 'engine/apply-record.ts',
    find: '  move(state, asset, -amount);\n',
    put: '',
  },
  {
    what: 'a position is adopted at the price 1',
    file: 'engine/sync/reconcile-positions.ts',
    find: '    priceTicks: adoptionPrice(core, at),\n',
    put: '    priceTicks: 1,\n',
  },
  {
    what: 'a difference in cash is hidden',
    file: 'engine/sync/reconcile-cash.ts',
    find: '  if (difference === 0n) return agreed(core);\n',
    put: '  if (difference !== null) return agreed(core);\n',
  },
  {
    what: 'a difference in cash that nobody explained is booked by itself',
    file: 'engine/sync/reconcile-cash.ts',
    find: '  if (explained === null) return unexplained(core, snapshot, difference);\n',
    put: "  void unexplained;\n  if (explained === null) return byItself(core, difference, 'found');\n",
  },
  {
    what: 'a deposit counts as profit',
    file: 'domain/cash.ts',
    find: "new Set(['deposit', 'withdrawal', 'correction'])",
    put: "new Set(['withdrawal', 'correction'])",
  },
  {
    what: 'a withdrawal counts as a loss',
    file: 'domain/cash.ts',
    find: "new Set(['deposit', 'withdrawal', 'correction'])",
    put: "new Set(['deposit', 'correction'])",
  },
  {
    what: 'money that came in does not raise the peak',
    file: 'engine/apply-cash.ts',
    find: '  if (state.peak > 0) state.peak = Math.max(0, state.peak + moved);\n',
    put: '',
  },
  {
    what: 'a journal begins at zero',
    file: 'engine/apply-config.ts',
    find: '  state.fillHorizonMs = beginsMs;\n  state.fillsThroughMs = beginsMs;\n',
    put: '  state.fillHorizonMs = beginsMs * 0;\n  state.fillsThroughMs = beginsMs * 0;\n',
  },
  {
    what: "nobody's coins are adopted",
    file: 'engine/sync/reconcile-positions.ts',
    find: "  if (core.config.coinsNeedOwner !== true || kind !== 'spot') {",
    put: "  if (core.config.coinsNeedOwner !== true || kind !== 'linear') {",
  },
  {
    what: "coins that are nobody's keep nobody from arming",
    file: 'engine/commands/arm.ts',
    find: '  if (unclaimed.length > 0) {',
    put: '  if (unclaimed.length > 99) {',
  },
  {
    what: 'coins that a person gave the desk are profit',
    file: 'engine/apply-coins.ts',
    find: '  state.peak += record.value;\n  if (state.day !== null) state.day = {',
    put: '  if (state.day !== null && record.value < 0) state.day = {',
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
    what: 'a stop that does nothing is trusted',
    file: 'engine/flow/secure.ts',
    find: '    if (forMs < core.config.stopOverrunMs ||',
    put: '    if (forMs < 1e9 ||',
  },
  {
    what: 'a desk is armed while a position has no stop',
    file: 'engine/commands/arm.ts',
    find: '  if (bare.length > 0) {',
    put: '  if (bare.length > 99) {',
  },
  {
    what: 'an entry is approved that could not be protected',
    file: 'engine/risk/protectable.ts',
    find: '  if (lots >= minQuantityLots && value >= minNotional) return null;',
    put: '  if (lots >= 0 && value >= 0) return null;',
  },
  {
    what: 'dust keeps flat from being proven',
    file: 'engine/flow/dust.ts',
    find: '  return !(core.market.hasQuote(at) && isTooSmall(core, at, lots, core.market.bidTicks[at] as number));',
    put: '  return lots !== 0;',
  },
  {
    what: 'a fee that has no value stops no entry',
    file: 'engine/risk/fee-value.ts',
    find: "  return { limit: 'fee-value', reason: openFees };",
    put: '  return null;',
  },
];
