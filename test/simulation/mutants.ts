/** Builds that are broken on purpose: each must be caught by the simulation within the seeds that it is given. */

export interface Mutant {
  /** What goes wrong, as the end of "a build in which …". */
  readonly what: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly put: string;
}

export const MUTANTS: readonly Mutant[] = [
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
    what: 'coins are sold while a stop still locks them',
    file: 'engine/flow/flatten.ts',
    find: '  if (liveStops(core, at).length === 0) sendClosing(core, position, purpose);',
    put: '  sendClosing(core, position, purpose);',
  },
  {
    what: 'the stop of a position that no entry explains is twice as far away',
    file: 'engine/flow/protect.ts',
    find: '? average - distance : average + distance',
    put: '? average - 2 * distance : average + 2 * distance',
  },
  {
    what: 'the stop is not where its entry wanted it',
    file: 'engine/flow/protect.ts',
    find: 'stopTicks: position.protectTicks ?? derivedStopTicks(core, position),',
    put: 'stopTicks: derivedStopTicks(core, position),',
  },
  {
    what: 'a stop for another quantity is left as it is',
    file: 'engine/flow/protect.ts',
    find: 'remainingLots(stop) === wanted.lots',
    put: 'remainingLots(stop) > 0',
  },
  {
    what: 'a halted desk lets strategies leave their positions',
    file: 'engine/halts/mode.ts',
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
    what: 'entries leave past the breaker of the venue',
    file: 'engine/risk/venue-breaker.ts',
    find: "venueBreaker === 'closed'",
    put: "venueBreaker !== 'never'",
  },
  {
    what: 'the tracker allows one loss more',
    file: 'engine/strategies/tracker.ts',
    find: 'lossesInARow < maxConsecutiveLosses ||',
    put: 'lossesInARow <= maxConsecutiveLosses ||',
  },
  {
    what: 'a strategy that is off opens positions',
    file: 'engine/strategies/on-bar.ts',
    find: 'if (trading && isEnabled(core, slot))',
    put: 'if (trading)',
  },
  {
    what: 'anybody may raise the position size',
    file: 'engine/commands/resize.ts',
    find: 'if (sizeFactorPpm > now && !authorised)',
    put: 'if (sizeFactorPpm > now && authorised === null)',
  },
  {
    what: 'a smaller position size changes nothing',
    file: 'engine/risk/size-factor.ts',
    find: 'return mulDiv(mulDiv(equity, ppmOfPercent(maxPositionSizePct), MILLION), sizeFactorPpm, MILLION);',
    put: 'return mulDiv(equity, ppmOfPercent(maxPositionSizePct), sizeFactorPpm > 0 ? MILLION : MILLION);',
  },
  {
    what: 'any number of positions may be open',
    file: 'engine/risk/open-positions.ts',
    find: 'otherOpenPositions < risk.maxConcurrentPositions',
    put: 'otherOpenPositions < Number.POSITIVE_INFINITY',
  },
  {
    what: 'a decision about an older halt arms the desk',
    file: 'engine/commands/arm.ts',
    find: 'if (command.haltId !== newest.haltId)',
    put: "if (command.haltId === '')",
  },
  {
    what: 'a loss of the day does not halt',
    file: 'engine/flow/equity.ts',
    find: '  if (core.market.equity > core.limits.watchedFloor) return;',
    put: '  if (core.market.equity > core.limits.watchedFloor - 10_000_000_000) return;',
  },
  {
    what: 'the desk goes on after a start as it was',
    file: 'engine/flow/begin.ts',
    find: "    cause: 'startup',\n",
    put: "    cause: 'shutdown',\n",
  },
  {
    what: 'a jump of the clock is not noticed',
    file: 'engine/flow/on-fault.ts',
    find: '      onClockJump(core, event.gapMs);\n',
    put: '      void onClockJump;\n',
  },
  {
    what: 'an order is taken for absent at the first look',
    file: 'engine/orders/lookup-order.ts',
    find: '    watch.lookupAtMs = core.wallMs + grace;\n  } else if',
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
    find: 'if (seen.has(fill.tradeId) || fill.marketMs < core.state.fillHorizonMs) return false;',
    put: 'seen.delete(fill.tradeId);',
  },
  {
    what: 'flat is proven by our own book',
    file: 'engine/flow/prove-flat.ts',
    find: '  if (open || resting || !everyPositionIsZero(core) || !nothingUnresolved(core)) {',
    put: '  if (open && resting && !everyPositionIsZero(core)) {',
  },
  {
    what: 'entries stay in the market after a stop',
    file: 'engine/flow/advance.ts',
    find: '  if (!mayEnter(core)) cancelEntries',
    put: '  if (core.wallMs < 0) cancelEntries',
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
];
