/** What keeps a tick or a quote from being passed over, one by one; `test/twin/passing.test.ts` has them on the events of the simulation. */
import { describe, expect, it } from 'vitest';
import { QuoteColumns } from '../../src/domain/quote-columns.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import { coins, crossStrategy } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

const desk = (): DeskUnderTest => new DeskUnderTest({}, 1).active();

/** After some time, with a quote at the end of it, so that no price is old. */
function passesTick(of: DeskUnderTest, waitMs = 1_000): boolean {
  of.wait(waitMs);
  return of.engine.passesTick(of.stamp());
}

function passesQuote(of: DeskUnderTest, bidTicks: number): boolean {
  const quotes = new QuoteColumns(1);
  const { marketMs, monotonicMs } = of.stamp();
  quotes.add(0, marketMs, bidTicks, bidTicks + 2, 0, 0);
  quotes.wallMs[0] = monotonicMs;
  return of.engine.passesQuotes(quotes) === 1;
}

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

  it('not just after it has come back from there: what was counted is forgotten at a tick', () => {
    const holding = desk();
    const { stop } = holding.hold(0);
    holding.snapshot();
    holding.quote(0, (stop.stopTicks ?? 0) - 1);
    holding.pass(1_000);
    holding.quote(0, (stop.stopTicks ?? 0) + 50);
    expect(passesTick(holding)).toBe(false);
    holding.pass(0);
    expect(passesTick(holding)).toBe(true);
  });

  it('not while what is held is nearly too little to be sold', () => {
    const held = (times: number): boolean => {
      const instruments = coins(['BTC'], { minNotional: String(1_000 / times) });
      const holding = new DeskUnderTest({ instruments }, 1).active();
      holding.hold(0);
      holding.snapshot();
      return passesTick(holding);
    };
    // A tenth of 10,000 is held.
    expect(held(2)).toBe(false);
    expect(held(10)).toBe(true);
  });

  it('not at the end of a session, nor at the first tick of the next one', () => {
    const hours = withOwnHours(ALWAYS_OPEN, { hours: { mon: ['10:00-12:30', '12:40-13:00'] } });
    const sessions = [{ calendar: new SessionCalendar(hours, () => 0) }];
    const idle = new DeskUnderTest({ sessions }, 1).active();
    /** The account has just been read, so that only the session is due. */
    const to = (utc: string) => {
      idle.wait(Date.parse(`2026-01-05T${utc}Z`) - idle.marketMs);
      idle.quote(0, 10_000);
      idle.pass(0);
      idle.snapshot();
    };
    to('12:29:58');
    expect(passesTick(idle)).toBe(true);
    expect(passesTick(idle)).toBe(false);
    idle.pass(0);
    expect(passesTick(idle)).toBe(true);
    to('12:39:58');
    expect(passesTick(idle)).toBe(true);
    expect(passesTick(idle)).toBe(false);
    idle.pass(0);
    idle.quote(0, 10_000);
    expect(passesTick(idle)).toBe(true);
  });

  it('not while a quote is held back, or the account was read otherwise than it is known', () => {
    const quotes = { awaySpreads: 20, awayPct: 3, spreadPct: 2, agreeing: 3, standsMs: 60_000 };
    const doubting = new DeskUnderTest({ quotes }, 1).active();
    doubting.quote(0, 20_000);
    expect(passesTick(doubting)).toBe(false);
    const other = desk();
    other.pass(60_000);
    other.snapshot({ positions: [5_000] });
    other.quote(0, 10_000);
    expect(passesTick(other, 0)).toBe(false);
  });

  it('not while a fee has no value: a price may have come meanwhile', () => {
    const instruments = coins(['BTC', 'BNB']);
    const strategies = crossStrategy(instruments.slice(0, 1), { fastBars: 2, slowBars: 3, atrBars: 2 });
    const paying = new DeskUnderTest({ instruments, strategies, feeAssets: { BNB: 1 } }).active();
    paying.wait(20_000);
    paying.quote(0, 10_000);
    const entry = paying.enter(0);
    paying.accept(entry);
    const fill = paying.makeFill(entry, entry.limitTicks ?? 0, entry.quantityLots);
    paying.happen({ kind: 'fill', fill: { ...fill, feeIn: { asset: 'BNB', amount: '0.002' } } });
    paying.accept(paying.live('protective', 0)[0]!);
    paying.snapshot();
    paying.quote(1, 50_000);
    expect(passesTick(paying)).toBe(false);
    paying.pass(0);
    expect(paying.engine.view.unvaluedFees).toEqual([]);
    expect(passesTick(paying)).toBe(true);
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

  it('not while something else that is held has no price', () => {
    const before = new DeskUnderTest().active();
    before.hold(0);
    before.hold(1);
    const again = new DeskUnderTest({}, 2, JSON.parse(JSON.stringify(before.records))).begin();
    again.snapshot();
    again.quote(0, 10_100);
    expect(passesQuote(again, 10_100)).toBe(false);
    again.quote(1, 10_100);
    expect(passesQuote(again, 10_100)).toBe(true);
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
