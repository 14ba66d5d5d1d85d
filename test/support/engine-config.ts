/** An engine's configuration for tests and benches: each says only what it is about. */

import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import type { VenueCapabilities } from '../../src/domain/order-bounds.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { QuoteRules } from '../../src/engine/quote-guard.js';

/** No quote is implausible: for markets that are made to jump. */
const EVERY_QUOTE: QuoteRules = {
  awaySpreads: Number.POSITIVE_INFINITY,
  awayPct: Number.POSITIVE_INFINITY,
  spreadPct: Number.POSITIVE_INFINITY,
  agreeing: 1,
  standsMs: 0,
};

export const DAY_MS = 86_400_000;

export const FUTURES: VenueCapabilities = {
  name: 'futures',
  simulated: true,
  shorting: true,
  stopLocksBalance: false,
  reduceOnly: true,
  amends: false,
  replaces: false,
  linksOrders: false,
};

export const SPOT: VenueCapabilities = {
  ...FUTURES,
  name: 'spot',
  shorting: false,
  stopLocksBalance: true,
  reduceOnly: false,
};

/** As the crypto desk has it. */
export const RESUME: EngineConfig['resume'] = {
  startup: 'auto',
  fault: 'auto',
  venue: 'auto',
  dailyLoss: 'next-day',
  drawdown: 'person',
  person: 'person',
  kill: 'two-people',
};

/** One strategy that crosses averages on every instrument. */
export function crossStrategy(
  instruments: readonly Instrument[],
  parameters: Readonly<Record<string, number>> = {},
): EngineConfig['strategies'] {
  const symbols = instruments.map(({ symbol }) => symbol);
  return [{ name: 'cross', kind: 'emaCross', symbols, enabled: true, parameters }];
}

export function coins(
  names: readonly string[],
  more: Partial<Parameters<typeof buildInstrument>[1]> = {},
): Instrument[] {
  const usual = { tickSize: '0.01', lotSize: '0.001', minNotional: '5' } as const;
  const fees = { makerFeePpm: 1000, takerFeePpm: 1000 };
  return names.map((name, id) =>
    buildInstrument(id, { symbol: `${name}/USDT`, kind: 'spot', ...usual, ...fees, ...more }),
  );
}

export function engineConfigWith(
  changes: Pick<EngineConfig, 'instruments'> & Partial<EngineConfig>,
): EngineConfig {
  let halts = 0;
  return {
    desk: 'desk',
    configHash: 'hash',
    incarnation: 'abc123',
    strategies: [],
    risk: {
      maxPositionSizePct: 10,
      maxConcurrentPositions: changes.instruments.length,
      stopLossPct: 5,
      dailyLossLimitPct: 90,
      maxDrawdownPct: 90,
      staleDataSeconds: 10,
    },
    tracker: { maxConsecutiveLosses: 3, reEnableCheckMs: 4 * 3_600_000 },
    resume: RESUME,
    closeAll: { deadlineMs: 30_000, answerTimeoutMs: 2_000 },
    quotes: EVERY_QUOTE,
    stopOverrunMs: 10_000,
    heartbeatLost: { operations: 'stop', supervisor: 'closeAll' },
    dayStartMs: (marketMs) => Math.floor(marketMs / DAY_MS) * DAY_MS,
    capabilities: SPOT,
    startingCash: parseMoney('10000'),
    simulated: true,
    drawHaltId: () => {
      halts += 1;
      return halts.toString(16).padStart(32, '0');
    },
    ...changes,
  };
}
