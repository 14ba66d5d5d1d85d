import { describe, expect, it } from 'vitest';
import type { MarketFeed } from '../../src/contracts/market-feed.js';
import type { QuoteRules } from '../../src/engine/quote-guard.js';
import { staleMsOf } from '../../src/limits/stale-data.js';
import { MarketWatch } from '../../src/trader/status/market-watch.js';
import { DeskUnderTest } from './support/desk.js';

const quotes: QuoteRules = { awaySpreads: 20, awayPct: 3, spreadPct: 2, agreeing: 3, standsMs: 2000 };

/** Long in the first instrument, with its stop, at a bid of 10,000. */
function holding(): DeskUnderTest {
  const desk = new DeskUnderTest({ quotes }).active();
  desk.hold(0);
  desk.quote(0, 10_000);
  return desk;
}

const said = (desk: DeskUnderTest): string[] =>
  desk.records.flatMap((record) =>
    record.type === 'note' && record.text.includes('implausible') ? [record.text] : [],
  );
const bid = (desk: DeskUnderTest): number => desk.engine.view.quotes[0]?.bidTicks ?? 0;

describe('a quote that can hardly be a price', () => {
  it.each([
    ['far too high', 30_000],
    ['far too low', 3000],
  ])('%s sets no peak, no equity and no loss, and is recorded', (_, ticks) => {
    const desk = holding();
    const { equity, peak } = desk.engine.view;
    desk.quote(0, ticks);
    expect(desk.engine.view).toMatchObject({ equity, peak, mode: 'ACTIVE' });
    expect(bid(desk)).toBe(10_000);
    desk.quote(0, 10_001);
    desk.pass(5000);
    expect(desk.engine.view.peak).toBeLessThan(peak * 1.01);
    expect(desk.engine.view.mode).toBe('ACTIVE');
    expect(said(desk)).toHaveLength(1);
    expect(said(desk)[0]).toMatch(/% away from the last one.*stops at the venue are not touched/);
  });

  it('is said once in ten seconds, and the next line says how many there were', () => {
    const desk = holding();
    for (const ticks of [30_000, 31_000]) {
      desk.quote(0, ticks);
      desk.quote(0, 10_000);
      desk.pass(6_000);
      desk.quote(0, 10_000);
    }
    desk.quote(0, 32_000);
    expect(said(desk)).toHaveLength(2);
    expect(said(desk)[0]).not.toContain('since the last such line');
    expect(said(desk)[1]).toContain(', one of 2 since the last such line. It is used for nothing');
  });

  it('with a spread above 2 % is one, too', () => {
    const desk = holding();
    const { equity } = desk.engine.view;
    desk.happen({ kind: 'quote', instrument: 0, bidTicks: 9800, askTicks: 10_100 });
    expect(desk.engine.view.equity).toBe(equity);
    expect(said(desk)[0]).toMatch(/its spread is 3\.0 %/);
  });

  it('is shown as held back with its reason, and the last price stays the one that is believed', () => {
    const desk = holding();
    const feed = { source: { label: 'of this test' }, nowMs: () => 0 } as unknown as MarketFeed;
    const watch = new MarketWatch(feed, desk.config.instruments);
    const status = () => watch.status(desk.monotonicMs, desk.engine.view);
    expect(status().heldBack).toEqual([]);
    desk.quote(0, 30_000);
    desk.pass(500);
    expect(status().lastPrices[0]).toEqual({ symbol: 'BTC/USDT', bid: '100.00', ask: '100.02' });
    expect(status().heldBack).toEqual([
      {
        ...{ symbol: 'BTC/USDT', bid: '300.00', ask: '300.02', quotes: 1, forMs: 500 },
        because: expect.stringContaining('away from the last one'),
      },
    ]);
    desk.quote(0, 10_001);
    expect(status()).toMatchObject({ heldBack: [], lastPrices: [{ bid: '100.01' }, {}] });
  });

  it('is believed once three agree', () => {
    const desk = holding();
    desk.quote(0, 11_000);
    desk.quote(0, 11_002);
    expect(bid(desk)).toBe(10_000);
    desk.quote(0, 11_001);
    expect(bid(desk)).toBe(11_001);
    desk.quote(0, 11_100);
    expect(bid(desk)).toBe(11_100);
    expect(said(desk)).toHaveLength(1);
  });

  it('counts only with those that agree with it', () => {
    const desk = holding();
    for (const ticks of [11_000, 5000, 20_000, 11_000, 5000]) desk.quote(0, ticks);
    expect(bid(desk)).toBe(10_000);
    expect(said(desk)).toHaveLength(1);
  });

  it('is confirmed by none whose spread is that of no market, though its middle agrees', () => {
    const desk = holding();
    desk.quote(0, 11_000);
    desk.quote(0, 11_001);
    desk.happen({ kind: 'quote', instrument: 0, bidTicks: 8_800, askTicks: 13_202 });
    expect(bid(desk)).toBe(10_000);
  });

  it('is believed once it has stood for two seconds', () => {
    const desk = holding();
    desk.quote(0, 11_000);
    expect(desk.engine.nextWakeMs()).toBeLessThanOrEqual(desk.monotonicMs + 2000);
    desk.pass(1999);
    expect(bid(desk)).toBe(10_000);
    desk.pass(1);
    expect(desk.engine.nextWakeMs()).toBeLessThanOrEqual(desk.monotonicMs + 100);
    desk.pass(99);
    expect(bid(desk)).toBe(10_000);
    desk.pass(1);
    expect(bid(desk)).toBe(11_000);
  });

  it('is not believed at the first tick after a standstill: what contradicts it waits behind that tick', () => {
    const desk = holding();
    const { equity } = desk.engine.view;
    desk.quote(0, 6000);
    desk.pass(4900);
    expect(desk.engine.view).toMatchObject({ equity, mode: 'ACTIVE' });
    desk.quote(0, 10_000);
    desk.pass(100);
    expect(desk.engine.view).toMatchObject({ equity, mode: 'ACTIVE' });
    expect(bid(desk)).toBe(10_000);
  });

  it('is as old as the market last said it, once it is believed', () => {
    const desk = holding();
    desk.quote(0, 10_400);
    desk.wait(500);
    desk.quote(0, 10_401);
    desk.pass(1500);
    desk.quote(1, 10_000);
    desk.pass(100);
    expect(desk.engine.view.quotes).toMatchObject([{ bidTicks: 10_401, ageMs: 1600 }, { ageMs: 100 }]);
    desk.pass(staleMsOf(desk.config.risk) - 1600);
    expect(desk.engine.view.mode).toBe('ACTIVE');
    expect(desk.engine.view.lastQuoteAgeMs).toBe(staleMsOf(desk.config.risk) - 1500);
    desk.pass(1);
    expect(desk.engine.view.mode).not.toBe('ACTIVE');
  });

  it('is not believed for having stood while the process slept: nobody listened', () => {
    const desk = holding();
    const { peak } = desk.engine.view;
    desk.quote(0, 20_000);
    desk.wait(20_000);
    desk.happen({ kind: 'clock.jump', gapMs: 20_000 });
    desk.pass(0);
    expect(desk.engine.view.peak).toBe(peak);
    expect(bid(desk)).toBe(10_000);
    desk.quote(0, 10_010);
    expect(bid(desk)).toBe(10_010);
  });

  it('is told from the bars before where nothing was quoted yet', () => {
    const desk = new DeskUnderTest({ quotes }).begin();
    const span = { spanMs: 60_000, openTicks: 10_000, highTicks: 10_010, lowTicks: 9990, closeTicks: 10_000 };
    desk.happen({
      ...{ kind: 'bar', instrument: 0, openMs: desk.marketMs - 60_000, ...span, volumeLots: 1, warmup: true },
    });
    desk.quote(0, 30_000);
    expect(desk.engine.view.quotes).toEqual([]);
    desk.quote(0, 10_020);
    expect(bid(desk)).toBe(10_020);
  });

  it('is what the market is like where the last believed one was as wide', () => {
    const desk = holding();
    const wide = (bidTicks: number) =>
      desk.happen({ kind: 'quote', instrument: 0, bidTicks, askTicks: bidTicks + 300 });
    for (const ticks of [9900, 9901, 9902, 9903, 9904]) wide(ticks);
    expect(bid(desk)).toBe(9904);
  });
});
