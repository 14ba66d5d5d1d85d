/** Events a second through the core alone: one JSON line each, `{name, value, unit}`. */
import { stdout } from 'node:process';
import { buildInstrument } from '../src/domain/build-instrument.js';
import { parseMoney } from '../src/domain/money.js';
import type { EngineConfig } from '../src/engine/config.js';
import { createEngine } from '../src/engine/engine.js';
import type { QuoteEvent } from '../src/engine/event.js';

const QUOTES = 20_000_000;
const RUNS = 3;
const DAY_MS = 86_400_000;

function config(count: number): EngineConfig {
  const instruments = Array.from({ length: count }, (_, id) =>
    buildInstrument(id, {
      symbol: `C${id}/USDT`,
      kind: 'spot',
      tickSize: '0.01',
      lotSize: '0.001',
      minNotional: '1',
      makerFeePpm: 1000,
      takerFeePpm: 1000,
    }),
  );
  return {
    desk: 'bench',
    configHash: 'bench',
    incarnation: 'bench0',
    instruments,
    strategies: [
      {
        name: 'cross',
        kind: 'emaCross',
        symbols: instruments.map(({ symbol }) => symbol),
        enabled: true,
        parameters: {},
      },
    ],
    risk: {
      maxPositionSizePct: 3,
      maxConcurrentPositions: count,
      stopLossPct: 5,
      dailyLossLimitPct: 90,
      maxDrawdownPct: 90,
    },
    tracker: { maxConsecutiveLosses: 1000, reEnableCheckMs: 86_400_000 },
    resume: {
      startup: 'auto',
      fault: 'auto',
      venue: 'auto',
      dailyLoss: 'next-day',
      drawdown: 'person',
      person: 'person',
      kill: 'two-people',
    },
    closeAll: { deadlineMs: 30_000, answerTimeoutMs: 2_000 },
    staleMs: 10_000,
    heartbeatLost: { process: 'stop', operations: 'stop', supervisor: 'stop' },
    dayStartMs: (marketMs) => Math.floor(marketMs / DAY_MS) * DAY_MS,
    capabilities: {
      name: 'bench',
      simulated: true,
      shorting: false,
      stopLocksBalance: true,
      reduceOnly: false,
      protectiveStops: 'venue',
      deadManSwitch: false,
    },
    startingCash: parseMoney('10000'),
    simulated: true,
    drawHaltId: () => '0'.repeat(32),
  };
}

/** Every instrument holds a position, so that each quote marks one; one event object is reused, as a feed would. */
function quotesPerSecond(count: number): number {
  const engine = createEngine(config(count));
  engine.begin({ wallMs: 0, marketMs: 0 });
  for (let instrument = 0; instrument < count; instrument += 1) {
    engine.process({
      kind: 'fill',
      fill: {
        tradeId: `t${instrument}`,
        clientId: 'bench',
        instrument,
        side: 'buy',
        quantityLots: 10,
        priceTicks: 10_000,
        fee: 0,
        liquidity: 'maker',
        marketMs: 0,
        simulated: true,
      },
      wallMs: 0,
      marketMs: 0,
    });
  }
  const quote: { -readonly [K in keyof QuoteEvent]: QuoteEvent[K] } = {
    kind: 'quote',
    instrument: 0,
    bidTicks: 0,
    askTicks: 0,
    wallMs: 0,
    marketMs: 0,
  };
  const startedNs = process.hrtime.bigint();
  for (let sent = 0; sent < QUOTES; sent += 1) {
    quote.instrument = sent % count;
    quote.bidTicks = 9_990 + (sent & 15);
    quote.askTicks = quote.bidTicks + 1;
    quote.wallMs = sent >> 10;
    quote.marketMs = quote.wallMs;
    engine.process(quote);
  }
  return QUOTES / (Number(process.hrtime.bigint() - startedNs) / 1e9);
}

for (const count of [1, 10, 100]) {
  const best = Math.max(...Array.from({ length: RUNS }, () => quotesPerSecond(count)));
  const name = `core, quotes a second, ${count} instrument${count === 1 ? '' : 's'}`;
  stdout.write(`${JSON.stringify({ name, value: Math.round(best), unit: 'quotes/s' })}\n`);
}
