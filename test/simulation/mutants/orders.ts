/** Breaks of an order's way to the venue and back: host, journal, lookups, fills. */
import type { Mutant } from './mutant.js';

export const ORDER_MUTANTS: readonly Mutant[] = [
  {
    what: 'the host sends an order before it is durable',
    file: 'trader/running/runner.ts',
    find: '    this.#unsent.add(clientId);\n',
    put: '    if (this.#running) return this.#link.submit(order);\n',
  },
  {
    what: 'an entry that may not rest is sent as one that may',
    file: 'engine/strategies/enter.ts',
    find: '  return {\n    timeInForce,\n',
    put: "  return {\n    timeInForce: timeInForce === 'IOC' ? 'GTC' : timeInForce,\n",
  },
  {
    what: 'a post-only entry is sent at a price that would take',
    file: 'limits/rules.ts',
    find: '  if (!wouldTake(intent, { bidTicks, askTicks })) return null;\n',
    put: '  if (!wouldTake(intent, { bidTicks, askTicks }) || bidTicks > 0) return null;\n',
  },
  {
    what: 'an order that waits for the disk is not withdrawn',
    file: 'trader/running/runner.ts',
    find: 'if (this.#unsent.delete(effect.clientId))',
    put: "if (effect.clientId === '')",
  },
  {
    what: 'fills that are missing are given up before a reading of the venue',
    file: 'engine/orders/order-events.ts',
    find: 'if (watch.missingAtReading !== null && readings > watch.missingAtReading) watch.missingFillRounds += 1;',
    put: 'watch.missingFillRounds += 1;',
  },
  {
    what: 'a cancel without an answer is not sent again',
    file: 'engine/flow/on-tick.ts',
    find: "  if (entry.state === 'cancelling') {\n    sendCancel(core, entry);\n",
    put: "  if (entry.state === 'cancelling') {\n    void sendCancel;\n",
  },
  {
    what: 'nobody looks why a cancel was refused',
    file: 'engine/orders/order-events.ts',
    find: '  watch.cancelRefused = true;\n  sendLookup(core, entry);\n',
    put: '  watch.cancelRefused = true;\n',
  },
  {
    what: 'a refused cancel counts as cancelled',
    file: 'engine/orders/order-table.ts',
    find: "    cancelRefused: 'unknown',",
    put: "    cancelRefused: 'cancelled',",
  },
  {
    what: 'an order is taken for absent at the first look',
    file: 'engine/orders/lookup-order.ts',
    find: '    watch.lookupAtMs = core.monotonicMs + grace;\n  } else if',
    put: '    concludeAbsent(core, entry, watch);\n  } else if',
  },
  {
    what: "the venue's position is believed at the first reading",
    file: 'engine/sync/reconcile-positions.ts',
    find: '  const before = suspected.get(at);\n',
    put: '  const before = { lots: venues, atMs: 0 };\n',
  },
  {
    what: 'a fill that comes twice counts twice',
    file: 'engine/orders/on-fill.ts',
    find: 'if (seen.has(reported.tradeId) || reported.marketMs < core.state.fillHorizonMs) return false;',
    put: 'seen.delete(reported.tradeId);',
    throws: 'the record itself takes no fill a second time',
  },
  {
    what: 'a desk is armed on a disk that takes nothing',
    file: 'engine/commands/arm.ts',
    find: '  if (core.journalFault !== null) {',
    put: "  if (core.journalFault === '') {",
  },
  {
    what: 'a stop is taken off for a sale that can not be recorded',
    file: 'engine/flow/advance.ts',
    find: 'if (core.journalFault !== null && positionAt(core, at).quantityLots !== 0) {',
    put: "if (core.journalFault === '' && positionAt(core, at).quantityLots !== 0) {",
  },
  {
    what: 'an order is sent before its intent is on disk',
    file: 'trader/journal/journal.ts',
    find: 'if (sequence <= this.#durableSequence) return Promise.resolve();',
    put: 'if (sequence <= this.#lastSequence) return Promise.resolve();',
  },
  {
    what: 'a failed sync is believed',
    file: 'trader/journal/journal.ts',
    find: 'await this.#file.datasync();',
    put: 'await this.#file.datasync().catch(() => undefined);',
  },
  {
    what: 'a failing disk halts nobody',
    file: 'trader/journal/journal.ts',
    find: '    for (const listener of this.#faultListeners) listener(fault);',
    put: '    void this.#faultListeners;',
  },
  {
    what: 'a desk is armed before it has reconciled',
    file: 'engine/commands/arm.ts',
    find: "  if (core.sync.state !== 'clean') {",
    put: "  if (core.sync.state === 'failed') {",
  },
  {
    what: 'each wish for a reading is a question to the venue',
    file: 'engine/flow/settle.ts',
    find: 'if (core.sync.wanted && core.sync.outstanding === null)',
    put: 'if (core.sync.wanted)',
  },
  {
    what: 'the answer to an older question counts',
    file: 'engine/sync/reconcile.ts',
    find: 'asked === null || asked.requestId !== snapshot.requestId',
    put: 'asked === null',
  },
  {
    what: 'an order that may be on its way is absent as soon as a closing one',
    file: 'engine/timing.ts',
    find: 'ABSENT_GRACE_MS = 3_000',
    put: 'ABSENT_GRACE_MS = 250',
  },
];
