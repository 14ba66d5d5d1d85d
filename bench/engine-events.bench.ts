/** Events a second through the core alone: one JSON line each, `{name, value, unit}`. */
import type { EngineConfig } from '../src/engine/config.js';
import { createEngine } from '../src/engine/engine.js';
import type { QuoteEvent } from '../src/engine/event.js';
import { coins, crossStrategy, engineConfigWith } from '../test/support/engine-config.js';
import { atLength, print } from './print.js';

const QUOTES = atLength(20_000_000, 100_000);
const RUNS = atLength(3, 1);

function config(count: number): EngineConfig {
  const instruments = coins(Array.from({ length: count }, (_, id) => `C${id}`));
  return engineConfigWith({ instruments, strategies: crossStrategy(instruments) });
}

/** Every instrument holds a position, so that each quote marks one; one event object is reused, as a feed would. */
function quotesPerSecond(count: number): number {
  const engine = createEngine(config(count));
  engine.begin({ wallMs: 0, marketMs: 0, monotonicMs: 0 });
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
      monotonicMs: 0,
    });
  }
  const quote: { -readonly [K in keyof QuoteEvent]: QuoteEvent[K] } = {
    kind: 'quote',
    instrument: 0,
    bidTicks: 0,
    askTicks: 0,
    wallMs: 0,
    marketMs: 0,
    monotonicMs: 0,
  };
  const startedNs = process.hrtime.bigint();
  for (let sent = 0; sent < QUOTES; sent += 1) {
    quote.instrument = sent % count;
    quote.bidTicks = 9_990 + (sent & 15);
    quote.askTicks = quote.bidTicks + 1;
    quote.wallMs = sent >> 10;
    quote.marketMs = quote.wallMs;
    quote.monotonicMs = quote.wallMs;
    engine.process(quote);
  }
  return QUOTES / (Number(process.hrtime.bigint() - startedNs) / 1e9);
}

for (const count of [1, 10, 100]) {
  const best = Math.max(...Array.from({ length: RUNS }, () => quotesPerSecond(count)));
  const name = `core, quotes a second, ${count} instrument${count === 1 ? '' : 's'}`;
  print(name, best, 'quotes/s');
}
