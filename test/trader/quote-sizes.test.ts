import { expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/event.js';
import { DeskTrader, type DeskTraderParts } from '../../src/trader/desk-trader.js';
import { loadDesk } from '../../src/venue/load-desk.js';

it('shows the engine the sizes of a quote, by which a quote that stands still is told', () => {
  const taken: EngineEvent[] = [];
  const parts = {
    home: '',
    feed: { source: { kind: 'live' } },
    loaded: loadDesk('desks/crypto-bot'),
    instruments: [],
    journal: { incarnation: 'one', onDurable: () => undefined },
    venue: { port: {}, paper: null },
    clock: { wallMs: () => 5, monotonicMs: () => 6 },
    runner: { take: (event: EngineEvent) => taken.push(event) },
  };
  const trader = new DeskTrader(parts as unknown as DeskTraderParts);
  const prices = { bidTicks: 1, askTicks: 2, bidLots: 3, askLots: 4 };
  void trader.onMarket({ kind: 'quote', instrument: 0, marketMs: 7, ...prices });
  expect(taken).toEqual([
    { kind: 'quote', instrument: 0, ...prices, marketMs: 7, wallMs: 5, monotonicMs: 6 },
  ]);
});
