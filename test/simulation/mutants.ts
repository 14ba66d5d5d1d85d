/** Builds that are broken on purpose: each must be caught by the simulation within the seeds that it is given. */

import { ACCOUNT_MUTANTS } from './mutants-account.js';

export interface Mutant {
  /** What goes wrong, as the end of "a build in which …". */
  readonly what: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly put: string;
}

const CORE_MUTANTS: readonly Mutant[] = [
  {
    what: 'the old stop is not restored where the new one is refused',
    file: 'engine/flow/change-stop.ts',
    find: '  if (formerStop !== null) formerStop.due = true;\n',
    put: '  void formerStop;\n',
  },
  {
    what: 'a time without a stop is not measured',
    file: 'engine/flow/stop-gap.ts',
    find: 'const ms = Math.ceil(core.monotonicMs - gap.sinceMs);',
    put: 'const ms = Math.ceil(gap.sinceMs - core.monotonicMs);',
  },
  {
    what: 'the host sends an order before it is durable',
    file: 'trader/running/runner.ts',
    find: '    this.#unsent.add(clientId);\n',
    put: '    if (this.#running) return this.#link.submit(order);\n',
  },
  {
    what: 'an order that waits for the disk is not withdrawn',
    file: 'trader/running/runner.ts',
    find: 'if (this.#unsent.delete(effect.clientId))',
    put: "if (effect.clientId === '')",
  },
  {
    what: 'a drawdown never halts',
    file: 'engine/flow/equity.ts',
    find: '  if (core.market.equity > core.limits.watchedFloor) return;',
    put: '  if (core.market.equity > core.limits.dailyFloor) return;',
  },
  {
    what: 'the day begins again each minute',
    file: 'engine/flow/equity.ts',
    find: 'if (core.state.day === null || startMs > core.state.day.startMs) beginDay',
    put: 'if (core.state.day === null || startMs > 0) beginDay',
  },
  {
    what: 'a result is realised with the wrong sign',
    file: 'engine/apply-execution.ts',
    find: 'position.tripResult += proceeds - costOut;',
    put: 'position.tripResult -= proceeds - costOut;',
  },
  {
    what: 'a linear contract costs no fees',
    file: 'engine/apply-execution.ts',
    find: "const paid = instrument.kind === 'spot' ? notional : -gained;",
    put: "const paid = instrument.kind === 'spot' ? notional : -gained - execution.fee;",
  },
  {
    what: 'a partial close takes the whole cost',
    file: 'engine/apply-execution.ts',
    find: 'const costOut = mulDivUnits(position.cost, leaving, held);',
    put: 'const costOut = held > 0n ? position.cost : 0n;',
  },
  {
    what: 'stale prices never halt',
    file: 'engine/flow/on-tick.ts',
    find: '  if (stale.length === 0) return;',
    put: '  if (stale.length >= 0) return;',
  },
  {
    what: 'entries leave on stale prices',
    file: 'engine/risk/stale-data.ts',
    find: 'quoteAgeMs <= staleMs) return null;',
    put: 'quoteAgeMs <= 1e9) return null;',
  },
  {
    what: 'settings are loosened without approval',
    file: 'engine/commands/reload.ts',
    find: 'if (loosening.length > 0 && command.approvedBy.length === 0) {',
    put: 'if (loosening.length > 1000) {',
  },
  {
    what: 'real money needs no go-live',
    file: 'engine/halts/go-live-missing.ts',
    find: 'return config.goLiveRequired === true && state.goLive === null;',
    put: "return config.desk === '' && state.goLive === null;",
  },
  {
    what: 'loosened settings leave a go-live in force',
    file: 'engine/commands/reload.ts',
    find: '  if (loosening.length > 0 && core.state.goLive !== null)\n',
    put: "  if (event.by === '' && core.state.goLive !== null)\n",
  },
  {
    what: 'a lost heartbeat is ignored',
    file: 'engine/flow/on-fault.ts',
    find: '      onHeartbeatLost(core, event.which);\n',
    put: '      void onHeartbeatLost;\n',
  },
  {
    what: 'entries never age',
    file: 'engine/strategies/on-bar.ts',
    find: '    watch.barsLeft -= 1;\n',
    put: '    watch.barsLeft -= 0;\n',
  },
  {
    what: 'exits are not carried out',
    file: 'engine/flow/advance.ts',
    find: "    flatten(core, at, 'exit');\n",
    put: '',
  },
  {
    what: 'a stop of the paper venue goes off early',
    file: 'venue/paper/matching.ts',
    find: 'return buy ? quote.askTicks >= stopTicks : quote.bidTicks <= stopTicks;',
    put: 'return buy ? quote.askTicks >= stopTicks - 30 : quote.bidTicks <= stopTicks + 30;',
  },
  {
    what: 'a position whose stop the market has passed is kept',
    file: 'engine/orders/order-events.ts',
    find: 'if (event.wouldTrigger === true) onWouldTrigger(core, entry);',
    put: 'void onWouldTrigger;',
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
    what: 'coins are sold while a stop still locks them',
    file: 'engine/flow/flatten.ts',
    find: '  if (liveStops(core, at).length === 0) sendClosing(core, position, purpose);',
    put: '  sendClosing(core, position, purpose);',
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
    find: 'stopTicks: position.protectTicks ?? derivedStopTicks(core, position),',
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
    find: ' && isEnabled(core, slot)) enter(',
    put: ') enter(',
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
  },
  {
    what: 'flat is proven by our own book',
    file: 'engine/flow/prove-flat.ts',
    find: '  if (open || resting || !nothingIsTradable(core) || !nothingUnresolved(core)) {',
    put: '  if (open && resting && !nothingIsTradable(core)) {',
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

export const MUTANTS: readonly Mutant[] = [...CORE_MUTANTS, ...ACCOUNT_MUTANTS];
