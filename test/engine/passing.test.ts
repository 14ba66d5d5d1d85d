/** What keeps a tick or a quote from being passed over, one by one; `test/twin/passing.test.ts` has them on the events of the simulation. */
import { describe, expect, it } from 'vitest';
import type { QuoteEvent } from '../../src/engine/event.js';
import { DeskUnderTest } from './support/desk.js';

const desk = (): DeskUnderTest => new DeskUnderTest({}, 1).active();

/** After some time, with a quote at the end of it, so that no price is old. */
function passesTick(of: DeskUnderTest, waitMs = 1_000): boolean {
  of.wait(waitMs);
  return of.engine.passesTick(of.stamp());
}

const quoteOf = (of: DeskUnderTest, bidTicks: number): QuoteEvent => ({
  ...{ kind: 'quote', instrument: 0, bidTicks, askTicks: bidTicks + 2 },
  ...of.stamp(),
});

const passesQuote = (of: DeskUnderTest, bidTicks: number): boolean =>
  of.engine.passesQuote(quoteOf(of, bidTicks), false);

describe('a tick is passed over', () => {
  it('by a desk that holds nothing and waits for nothing, and the time is its own', () => {
    const idle = desk();
    expect(passesTick(idle)).toBe(true);
    expect(idle.engine.view.marketMs).toBe(idle.marketMs);
  });

  it('by a desk whose position rests behind its stop', () => {
    const holding = desk();
    holding.hold(0);
    holding.snapshot();
    expect(passesTick(holding)).toBe(true);
  });

  it('not while the market is beyond that stop', () => {
    const holding = desk();
    const { stop } = holding.hold(0);
    holding.snapshot();
    holding.quote(0, (stop.stopTicks ?? 0) - 1);
    expect(passesTick(holding)).toBe(false);
  });

  it('not once the account is to be read again', () => {
    const idle = desk();
    for (let second = 0; second < 59; second += 1) {
      idle.quote(0, 10_000);
      expect(passesTick(idle)).toBe(true);
    }
    idle.quote(0, 10_000);
    expect(passesTick(idle)).toBe(false);
  });

  it('not once a price is old', () => {
    const idle = desk();
    idle.pass(20_000);
    idle.quote(0, 10_000);
    expect(passesTick(idle, idle.config.risk.staleDataSeconds * 1000 - 1)).toBe(true);
    expect(passesTick(idle, 2)).toBe(false);
  });

  it('not while an order is on its way', () => {
    const entering = desk();
    entering.enter(0);
    expect(passesTick(entering)).toBe(false);
  });
});

describe('a quote is passed over', () => {
  it('that only marks what is held', () => {
    const holding = desk();
    const { entry } = holding.hold(0);
    holding.snapshot();
    const before = holding.engine.view.equity;
    const bidTicks = (entry.limitTicks ?? 0) - 10;
    expect(passesQuote(holding, bidTicks)).toBe(true);
    const told = desk();
    told.hold(0);
    told.snapshot();
    told.quote(0, bidTicks);
    expect(holding.engine.view.equity).toBe(told.engine.view.equity);
    expect(holding.engine.view.equity).not.toBe(before);
  });

  it('not that is far from the last one', () => {
    expect(passesQuote(desk(), 6_000)).toBe(false);
  });

  it('not that brings equity to a limit on losses', () => {
    const holding = new DeskUnderTest(
      { quotes: { awaySpreads: 1e9, awayPct: 90, spreadPct: 90, agreeing: 1, standsMs: 0 } },
      1,
    ).active();
    const { entry } = holding.hold(0);
    holding.snapshot();
    const { equity } = holding.engine.view;
    const { risk } = holding.config;
    const lots = holding.lots(0);
    const { moneyPerTickLot = 1 } = holding.config.instruments[0] ?? {};
    const lossTicks = Math.ceil((equity * risk.dailyLossLimitPct) / 100 / (lots * moneyPerTickLot));
    const bidTicks = (entry.limitTicks ?? 0) - lossTicks;
    expect(bidTicks).toBeGreaterThan(0);
    expect(passesQuote(holding, bidTicks + 200)).toBe(true);
    expect(passesQuote(holding, bidTicks - 1)).toBe(false);
  });
});
