/** Breaks of what a desk may do: limits of loss and size, halts, decisions of people, permission for real money. */
import type { Mutant } from './mutant.js';

export const LIMIT_MUTANTS: readonly Mutant[] = [
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
    what: 'a loss of the day does not halt',
    file: 'engine/flow/equity.ts',
    find: '  if (core.market.equity > core.limits.watchedFloor) return;',
    put: '  if (core.market.equity > core.limits.watchedFloor - 10_000_000_000) return;',
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
    what: 'entries leave past the breaker of the venue',
    file: 'engine/risk/entry-checks.ts',
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
    file: 'engine/risk/entry-checks.ts',
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
    what: 'the desk goes on after a start as it was',
    file: 'engine/flow/begin.ts',
    find: "    cause: 'startup',\n",
    put: "    cause: 'shutdown',\n",
  },
  {
    what: 'entries stay in the market after a stop',
    file: 'engine/flow/advance.ts',
    find: '  if (!mayEnter(core)) cancelEntries',
    put: '  if (core.wallMs < 0) cancelEntries',
  },
  {
    what: 'a go-live that was taken back stays in force',
    file: 'engine/commands/go-live.ts',
    find: "    commit(core, { type: 'golive.voided', by, reason, marketMs: core.marketMs });\n",
    put: '    void commit;\n',
  },
  {
    what: 'a go-live outlives its journal',
    file: 'engine/flow/begin.ts',
    find: '  if (!otherFile && goLive.incarnation === core.config.incarnation) return;',
    put: '  if (!otherFile) return;',
  },
  {
    what: 'a go-live that was decided for another journal counts',
    file: 'engine/commands/go-live.ts',
    find: '  if (grant.incarnation !== config.incarnation)',
    put: "  if (grant.incarnation === '')",
  },
  {
    what: 'a go-live that was decided for another desk file counts',
    file: 'engine/commands/go-live.ts',
    find: '  if (grant.fileConfigHash !== base.configHash || grant.configHash !== config.configHash)',
    put: "  if (grant.fileConfigHash === '' || grant.configHash !== config.configHash)",
  },
  {
    what: 'a go-live allows more than the desk file',
    file: 'engine/commands/go-live.ts',
    find: '  return tooLarge ?',
    put: '  return tooLarge && core.wallMs < 0 ?',
  },
  {
    what: 'a venue that is gone halts nobody',
    file: 'engine/timing.ts',
    find: 'VENUE_DOWN_MAX_MS = 10_000',
    put: 'VENUE_DOWN_MAX_MS = 1e9',
  },
];
