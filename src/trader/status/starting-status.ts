/**
 * What is said at a start: the status before the engine can report its own, and what is kept over a
 * restart.
 */
import type { TraderStatus } from '../../contracts/trader-status.js';
import type { LoadedDesk } from '../../desk/load.js';

interface StartingFacts {
  readonly loaded: LoadedDesk;
  readonly incarnation: string;
  /** Sequence of the newest record, so followers don't conclude that the journal was set back. */
  readonly sequence: number;
  readonly startedWallMs: number;
  readonly nowMs: number;
  /** What the trader is doing, as the end of a sentence. */
  readonly doing: string;
}

export function startingStatus({
  loaded,
  incarnation,
  sequence,
  startedWallMs,
  nowMs,
  doing,
}: StartingFacts): TraderStatus {
  const { desk, configHash } = loaded;
  const reason = `the trader is starting: ${doing}`;
  return {
    desk: desk.desk,
    starting: true,
    mode: 'HALTED',
    reason,
    halts: [],
    haltId: null,
    configHash,
    incarnation,
    sequence,
    pid: process.pid,
    startedWallMs,
    trading: desk.mode,
    account: { name: 'not chosen yet', resting: [] },
    marketData: {
      kind: 'simulated',
      identity: '',
      label: 'not chosen yet',
      simulated: true,
      speed: null,
      seed: null,
      venue: null,
      files: [],
      marketMs: nowMs,
      state: 'waiting',
      lastQuoteAgeMs: null,
      lastPrices: [],
      heldBack: [],
    },
    currency: desk.paper.currency,
    equity: '0.00',
    cash: '0.00',
    dayStartEquity: '0.00',
    lossesCountFrom: '0.00',
    returnCountsFrom: '0.00',
    dayPnl: '0.00',
    drawdownPct: '0.00',
    peakEquity: '0.00',
    coins: [],
    dust: [],
    books: {
      balances: [],
      capitalMoved: '0.00',
      feesElsewhere: '0.00',
      cashUnexplained: null,
      unvaluedFees: [],
    },
    positions: [],
    stopGaps: [],
    orders: [],
    openPositions: 0,
    openOrders: 0,
    entriesWorking: 0,
    fills: 0,
    venueBreaker: { state: 'closed', sinceWallMs: null, detail: '' },
    sizePct: 100,
    goLive: { required: desk.mode === 'live', granted: null },
    closeAll: 'idle',
    reconciliation: { state: 'pending', atWallMs: null, differences: [] },
    notTrading: [{ subject: 'desk', reason, waitsFor: 'the start to be finished' }],
    strategies: [],
    risk: [],
    settings: { version: 0, changed: {}, fileConfigHash: configHash },
    activity: [],
    rssBytes: process.memoryUsage.rss(),
  };
}
