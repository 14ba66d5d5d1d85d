import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideAgain, type PastDaySetting } from '../../src/backtest/past-day/decide-again.js';
import { hypotheticalDay } from '../../src/backtest/past-day/hypothetical-day.js';
import { recordedDays } from '../../src/backtest/past-day/read-days.js';
import { formatMoney } from '../../src/domain/money.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import type { TradedStrategy } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { LimitEntry, Strategy, StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { splitBar } from '../../src/trader/warm-up.js';
import { bidBelow } from '../../src/venue/bar-path.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { deskConfig } from '../engine/support/desk-config.js';
import { waiting } from '../engine/support/waiting.js';
import { coins, crossStrategy, FUTURES, SPOT } from '../support/engine-config.js';
import { BEGIN_MS, HOUR_MS, loaded } from '../validation/support/validations.js';
import { configOf, DATE, dayOf, journalWith, type TradedDay, tradedDay, UTC } from './support/past-days.js';

let folder: string;
let traded: TradedDay;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-past-day-'));
  traded = await tradedDay(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const again = (changes: Partial<PastDaySetting> = {}) => {
  const { journal } = { ...traded, ...changes };
  const config = configOf();
  return decideAgain({
    ...{ journal, day: dayOf(journal), config, changed: null, bars: traded.bars, spreadTicks: [1, 1] },
    ...changes,
  });
};

type Bar = PastDaySetting['bars'][number];

/** A minute at one price. */
const minuteAt = (openMs: number, closeTicks: number, instrument = 0): Bar => ({
  ...{ instrument, openMs, spanMs: 60_000, volumeLots: 1 },
  ...{ openTicks: closeTicks, highTicks: closeTicks, lowTicks: closeTicks, closeTicks },
});

/** Whatever the desk entered is filled, and its stops rest. */
function fillEntries(desk: DeskUnderTest): void {
  for (const entry of desk.live('entry', 0)) {
    desk.accept(entry);
    desk.fill(entry, 10_000);
    for (const stop of desk.live('protective', 0)) desk.accept(stop);
  }
}

/** The journal that a trader would have of this desk. */
function journalOf(
  name: string,
  { config: { incarnation }, records }: DeskUnderTest,
  { kept = records, change = (record) => record }: JournalKept = {},
): Promise<string> {
  const entries = kept.map((record, at) => ({
    ...{ sequence: at + 1, wallMs: 0, incarnation, chain: '', record },
  }));
  return journalWith(join(folder, name), entries, change);
}

interface JournalKept {
  readonly kept?: readonly EngineRecord[];
  readonly change?: (record: EngineRecord) => EngineRecord;
}

const entries = (): Extract<EngineRecord, { type: 'order.intended' }>[] =>
  traded.entries.flatMap(({ record }) =>
    record.type === 'order.intended' && record.order.purpose === 'entry' ? [record] : [],
  );

const TARGET = { ticks: 10_100, closedPpm: 1_000_000 };

describe('a past day, run again', () => {
  it('comes to the state that it ended with, and decides at each bar what was decided then', () => {
    const engine = createEngine(configOf());
    for (const { record } of traded.entries) engine.apply(record);
    const { state, records, checked, decisions, result } = again();
    expect(state.after).toBe(engine.stateHash());
    expect(state.before).not.toBe(state.after);
    expect(records).toBe(traded.entries.length);
    const closed = traded.entries.flatMap(({ record }) => (record.type === 'trade.closed' ? [record] : []));
    expect(closed.length).toBeGreaterThan(2);
    expect(checked.closedTrades).toBe(closed.length);
    expect(checked.cash).toBeGreaterThan(100);
    expect(result.trades).toBe(closed.length);
    expect(Number(result.result)).toBeCloseTo(
      closed.reduce((sum, { result: one }) => sum + Number(one), 0),
      6,
    );
    expect(decisions).toMatchObject({ differ: 0, first: null, notJudged: [], without: null });
    expect(decisions.same).toBeGreaterThanOrEqual(entries().length);
    // All but those on which its averages warmed up.
    expect(decisions.bars).toBe(600 - 14);
  });

  it.each([
    ['target that is reached', { targets: [TARGET] }, 'target 1 of 1 is reached'],
    ['time that is up', { maxBars: 10 }, '10 bars have passed'],
    ['session that ends', { beforeCloseMs: 50 * 60_000 }, 'the session ends Mon 13:00 UTC'],
  ])(
    'takes no %s for a decision, where several strategies hold the instrument',
    async (what, exits, because) => {
      const strategies = [waiting('a', 10_001, 10_011, { exits }), waiting('b', 10_002, 10_012)];
      const hours = withOwnHours(ALWAYS_OPEN, { hours: { mon: ['10:00-13:00'] } });
      const sessions = [{ calendar: new SessionCalendar(hours, () => 0) }];
      const desk = new DeskUnderTest({ strategies, sessions }, 1).active();
      const bars: Bar[] = [];
      for (const closeTicks of [10_000, 10_001, 10_002, 10_003]) {
        bars.push(minuteAt(desk.marketMs, closeTicks));
        desk.bar(0, closeTicks);
        fillEntries(desk);
      }
      desk.wait(20 * 60_000);
      desk.quote(0, 10_100);
      desk.pass(0);
      expect(desk.recorded('note').at(-1)?.text).toContain(because);
      // A bar is due at the minute of that exit.
      bars.push(minuteAt(desk.marketMs - (desk.marketMs % 60_000) - 60_000, 10_003));
      desk.pass(60_000);
      const journal = await journalOf(what, desk);
      const { decisions } = again({ journal, day: dayOf(journal), config: desk.config, bars });
      expect(decisions).toMatchObject({ same: 2, differ: 0, first: null, notJudged: [] });
    },
  );

  it('comes to the same state where exits were crossed inside, and takes a crossing for no decision', async () => {
    const instruments = coins(['BTC'], { kind: 'linear', sideBySide: true, minNotional: '0' });
    const short = { side: 'sell', limitTicks: 10_000, protectTicks: 10_300 } as const;
    const strategies = [
      waiting('a', 10_001, 10_011, { size: { lots: 20 } }),
      waiting('b', 10_002, 10_012, { ...short, size: { lots: 10 } }),
    ];
    const desk = new DeskUnderTest({ instruments, capabilities: FUTURES, strategies }, 1).active();
    const bars: Bar[] = [];
    for (const closeTicks of [10_000, 10_001, 10_002, 10_003, 10_011, 10_012, 10_013]) {
      bars.push(minuteAt(desk.marketMs, closeTicks));
      desk.bar(0, closeTicks);
      fillEntries(desk);
      // Both are on their way out.
      if (closeTicks === 10_012)
        for (const { clientId } of desk.live('protective', 0))
          desk.happen({ kind: 'order.cancelled', clientId });
    }
    const [exit] = desk.live('exit', 0);
    desk.accept(exit!);
    desk.fill(exit!, 10_013);
    desk.pass(60_000);
    expect(desk.recorded('trades.crossed')).toHaveLength(1);
    expect(desk.recorded('trade.closed')).toHaveLength(2);
    const whole = await journalOf('crossed', desk);
    const setting = { config: desk.config, bars };
    const { state, checked, result, decisions } = again({ journal: whole, day: dayOf(whole), ...setting });
    expect(state.after).toBe(desk.engine.stateHash());
    expect(checked.closedTrades).toBe(2);
    const results = desk.recorded('trade.closed').map(({ result: one }) => Number(one));
    expect(Number(result.result)).toBeCloseTo(results[0]! + results[1]!, 8);
    // Two entries, two exits.
    expect(decisions).toMatchObject({ same: 4, differ: 0, first: null });
    const other = await journalOf('crossed-otherwise', desk, {
      change: (record) =>
        record.type === 'trades.crossed' ? { ...record, priceTicks: record.priceTicks + 1 } : record,
    });
    expect(() => again({ journal: other, day: dayOf(other), ...setting })).toThrow(/\(trade\.closed, /);
  });

  it('goes on over a split with what strategies were shown again, in new shares', async () => {
    const instruments = coins(['AAPL'], { kind: 'stock', lotSize: '1', minNotional: '0' });
    const parameters = { fastBars: 2, slowBars: 5, atrBars: 2, entryRestBars: 2 };
    const desk = new DeskUnderTest(
      { instruments, strategies: crossStrategy(instruments, parameters), capabilities: SPOT },
      1,
    ).active();
    const bars: Bar[] = [];
    const show = (closeTicks: number): void => {
      const range = { highTicks: closeTicks + 20, lowTicks: closeTicks - 20 };
      const prices = { openTicks: closeTicks, ...range, closeTicks };
      const time = { instrument: 0, openMs: desk.marketMs, spanMs: 60_000, volumeLots: 4 };
      bars.push({ ...time, ...prices });
      desk.bar(0, closeTicks);
    };
    for (const closeTicks of [10_000, 10_040, 10_000, 10_040, 10_000, 9_960]) show(closeTicks);
    desk.command({ name: 'stop' });
    const action = { kind: 'split', symbol: 'AAPL/USDT', numerator: 4, denominator: 1 } as const;
    expect(desk.command({ name: 'corporateAction', action })).toMatchObject({ ok: true });
    // As the trader shows them again.
    for (const bar of bars.map((one) => splitBar(one, action)))
      desk.happen({ kind: 'bar', ...bar, warmup: true });
    desk.quote(0, 2_490);
    desk.snapshot();
    expect(desk.arm('person')).toMatchObject({ ok: true });
    for (const closeTicks of [2_490, 2_480, 2_530]) show(closeTicks);
    expect(desk.recorded('order.intended')).toHaveLength(1);
    desk.pass(60_000);
    const journal = await journalOf('split', desk);
    const { decisions } = again({ journal, day: dayOf(journal), config: desk.config, bars });
    expect(decisions).toMatchObject({ same: 1, differ: 0, first: null });
  });

  it('shows the first decision that differs: when, on what, what then and what now, and its order', () => {
    // The same hash: the file is the one of then, and a build reads it otherwise.
    const { decisions } = again({ config: configOf({ slowBars: 40 }) });
    const [first] = entries();
    expect(decisions.differ).toBeGreaterThan(0);
    expect(decisions.first).toMatchObject({ symbol: 'BTC/USDT' });
    const { marketMs, was, now, orders } = decisions.first!;
    expect(marketMs).toBeLessThanOrEqual(first!.marketMs);
    expect([was, now]).toContain('nothing');
    expect(orders).toEqual(was === 'nothing' ? [] : [first!.order.clientId]);
  });

  it('judges no decision by a desk file that is another one by now', () => {
    const { decisions } = again({ config: configOf({}, 'another') });
    expect(decisions).toMatchObject({ bars: 0, same: 0, differ: 0 });
    expect(decisions.notJudged).toEqual([
      { why: 'the desk file or its settings were others then', count: expect.any(Number) },
    ]);
  });

  it('says of decisions whose bars are not stored that they are not judged', () => {
    const { decisions } = again({ bars: [] });
    const exits = traded.entries.filter(
      ({ record }) => record.type === 'note' && record.text.endsWith(': closing the position'),
    ).length;
    expect(exits).toBeGreaterThan(2);
    expect(decisions).toMatchObject({ bars: 0, same: 0, differ: 0 });
    expect(decisions.without).toBe('the bar that it was made at is not stored');
    // Of a day without decisions that has only the bars of its warm-up.
    const last = traded.entries.findIndex(({ record }) => record.type === 'order.intended');
    const early = again({ bars: [], day: { ...dayOf(traded.journal), last } }).decisions;
    expect(early).toMatchObject({ bars: 0, notJudged: [] });
    expect(early.without).toMatch(/^none that is stored ended while the desk ran on it/);
    expect(decisions.notJudged).toEqual([
      { why: 'the bar that it was made at is not stored', count: entries().length + exits },
    ]);
  });

  it('judges prices by the quotes that are stored with its bars, and counts them where none is', () => {
    // Where no quote is stored, one a tick wide stands in: those of the day were two ticks wide.
    const without = again({ spreadTicks: [1, 1] }).decisions;
    expect(without).toMatchObject({ differ: 0, first: null });
    expect(without.otherPrices).toBeGreaterThan(0);
    const seen = (up: number): PastDaySetting['bars'] =>
      traded.bars.map((bar) => {
        const bidTicks = bidBelow(bar.closeTicks, 2) + up;
        return { ...bar, quote: { bidTicks, askTicks: bidTicks + 2 } };
      });
    const stored = again({ bars: seen(0) }).decisions;
    expect(stored).toMatchObject({ differ: 0, first: null, otherPrices: 0 });
    expect(stored.same).toBe(without.same);
    const others = again({ bars: seen(5) }).decisions;
    expect(others.differ).toBeGreaterThan(0);
    expect(others.first).toMatchObject({ symbol: 'BTC/USDT', byQuote: false });
  });

  it('puts its bars to another strategy up to the first decision that is another one', () => {
    const same = again({ changed: configOf() }).changed!;
    expect(same).toMatchObject({ differ: 0, first: null });
    expect(same.same).toBeGreaterThanOrEqual(entries().length);
    const other = again({ changed: configOf({ slowBars: 40 }) });
    expect(other.decisions.differ).toBe(0);
    expect(other.changed).toMatchObject({ differ: 1, first: { symbol: 'BTC/USDT' } });
    // An entry at another price is another decision, by the same quote.
    const price = again({ changed: configOf({ entryOffsetTicks: 9 }) }).changed!;
    expect(price.first?.marketMs).toBe(entries()[0]!.marketMs);
    expect(price.first?.now).not.toBe(price.first?.was);
  });

  it('names the record that does not follow from those before it', async () => {
    const forged = async (name: string, change: (record: EngineRecord) => EngineRecord) =>
      journalWith(join(folder, name), traded.entries, change);
    const fee = await forged('fee', (record) =>
      record.type === 'fill' ? { ...record, fill: { ...record.fill, fee: record.fill.fee + 1 } } : record,
    );
    expect(() => again({ journal: fee })).toThrow(
      /entry \d+ of the journal \((equity|trade\.closed), 2026-03-02/,
    );
    const cash = await forged('cash', (record) =>
      record.type === 'equity' ? { ...record, cash: 1 } : record,
    );
    expect(() => again({ journal: cash })).toThrow(/\(equity, 2026-03-02 \d\d:\d\d UTC\).*cash 1, now/);
  });

  it('ends with the equity that the next day began with, or was recorded last where none has begun', async () => {
    const desk = new DeskUnderTest({}, 1).active();
    desk.hold(0);
    desk.quote(0, 9_990);
    const atMinutes = (minutes: number, bidTicks: number): number => {
      desk.wait(minutes * 60_000);
      desk.quote(0, bidTicks);
      return desk.engine.view.equity;
    };
    const hour = atMinutes(60, 9_980);
    atMinutes(30, 9_970);
    const whileItRuns = desk.records.length;
    const closing = atMinutes(24 * 60, 9_975);
    const resultOf = async (name: string, many: number) => {
      const journal = await journalOf(name, desk, { kept: desk.records.slice(0, many) });
      return again({ journal, day: recordedDays(journal, UTC)[0]!, config: desk.config, bars: [] }).result;
    };
    const running = (await resultOf('running', whileItRuns)).equity;
    const over = (await resultOf('over', desk.records.length)).equity;
    expect([running?.to, over?.to]).toEqual([hour, closing].map((units) => formatMoney(units)));
    expect(over?.from).toBe(running?.from);
  });

  describe('after its last record', () => {
    /** What follows the day in its journal. */
    const NEXT = {
      'goes on': (desk: DeskUnderTest) => {
        desk.quote(0, 10_000);
        return desk.records;
      },
      'is a later start': (desk: DeskUnderTest) => {
        const later = new DeskUnderTest({}, 2, desk.records);
        later.wait(desk.marketMs - later.marketMs);
        return later.begin().records;
      },
      'is nothing': ({ records }: DeskUnderTest) => records,
    };
    /** Three bars at noon, and two late at night, at which the strategy would enter now: the last is the next day's. */
    const dayBefore = async (next: keyof typeof NEXT) => {
      const desk = new DeskUnderTest({ strategies: [waiting('a', 1, 2)] }).active();
      const bars: Bar[] = [];
      for (const closeTicks of [10_000, 10_001, 10_000]) {
        bars.push(minuteAt(desk.marketMs, closeTicks), minuteAt(desk.marketMs, closeTicks, 1));
        desk.bar(0, closeTicks);
      }
      // The sample of the equity that each hour has.
      desk.wait(60 * 60_000);
      desk.quote(0, 10_000);
      const midnightMs = Date.UTC(2026, 0, 6);
      for (const fromMs of [midnightMs - 30 * 60_000, midnightMs - 60_000])
        bars.push(minuteAt(fromMs, 10_011), minuteAt(fromMs, 10_011, 1));
      desk.wait(midnightMs + 5_000 - desk.marketMs);
      const journal = await journalOf(next.replaceAll(' ', '-'), desk, { kept: NEXT[next](desk) });
      const day = recordedDays(journal, UTC)[0]!;
      const decides = deskConfig({ strategies: [waiting('a', 10_011, 2)] });
      return { day, again: again({ journal, day, config: decides, bars }) };
    };

    it('is judged to its end where its run goes on in the next day', async () => {
      const { day, again: judged } = await dayBefore('goes on');
      expect(day.toMs).toBe(Date.UTC(2026, 0, 6) - 1);
      // The bar that ends at midnight is the next day's, and nobody trades the other instrument.
      expect(judged.decisions).toMatchObject({ bars: 4, differ: 1, first: { was: 'nothing' } });
      expect(judged.barsLeft).toBe(0);
    });

    it.each(['is a later start', 'is nothing'] as const)(
      'is left, with the number of its bars, where what follows %s',
      async (next) => {
        const { day, again: judged } = await dayBefore(next);
        expect(day.toMs).toBe(Date.UTC(2026, 0, 5, 13, 3));
        expect(judged.decisions).toMatchObject({ bars: 3, differ: 0 });
        expect(judged.barsLeft).toBe(1);
      },
    );
  });

  describe('with a strategy that fails', () => {
    const FAILED = 'it fell over (strategies/a.ts:12)';
    const fails = (more: Partial<Strategy> = {}): TradedStrategy => {
      const strategy = waiting('a', 1, 2, {}, { 10001: (context) => context.fail(FAILED) });
      const create: StrategyDefinition['create'] = (...given) => ({
        ...strategy.own!.create(...given),
        ...more,
      });
      return { ...strategy, own: { ...strategy.own!, create } };
    };
    /** Three minutes of a desk that ran with it, and the same minutes with what is given now. */
    const judged = async (name: string, then: TradedStrategy, setting: Partial<PastDaySetting>) => {
      const desk = new DeskUnderTest({ strategies: [then] }, 1).active();
      const bars: Bar[] = [];
      for (const closeTicks of [10_000, 10_001, 10_000]) {
        bars.push(minuteAt(desk.marketMs, closeTicks));
        desk.bar(0, closeTicks);
      }
      desk.wait(60 * 60_000);
      desk.quote(0, 10_000);
      const journal = await journalOf(name, desk);
      return again({ journal, day: dayOf(journal), config: desk.config, bars, ...setting });
    };
    const failed = {
      strategy: 'a',
      symbol: 'BTC/USDT',
      marketMs: Date.UTC(2026, 0, 5, 12, 2),
      reason: FAILED,
    };

    it('names it, with when and why, where it did not fail then', async () => {
      const config = deskConfig({ strategies: [fails()] }, 1);
      const { decisions } = await judged('fails', waiting('a', 1, 2), { config });
      expect(decisions).toMatchObject({ differ: 0, failures: [failed] });
    });

    it('finds nothing in it where it failed so then, and was switched off', async () => {
      const { decisions } = await judged('failed-then', fails(), {});
      expect(decisions).toMatchObject({ bars: 3, differ: 0, failures: [] });
    });

    it('names it as not judged where it lacks what a journal does not have', async () => {
      const config = deskConfig({ strategies: [fails({ onQuote: () => undefined })] }, 1);
      const { decisions } = await judged('lacks-quotes', waiting('a', 1, 2), { config });
      expect(decisions).toMatchObject({ failures: [] });
      expect(decisions.notJudged).toEqual([
        {
          why: `a failed (${FAILED}), and decides between bars, too: quotes are not recorded`,
          count: 1,
        },
      ]);
    });

    it('goes no further with another strategy', async () => {
      const changed = deskConfig({ strategies: [fails()] }, 1);
      const { decisions, changed: wouldDecide } = await judged('other', waiting('a', 1, 2), { changed });
      expect(decisions.failures).toEqual([]);
      expect(wouldDecide).toMatchObject({ bars: 1, first: null, failures: [failed] });
    });
  });

  describe('of several strategies', () => {
    const QUOTED = 10_500;
    const LACKS = 'quick decides between bars, too: quotes are not recorded';
    /** Also enters by a quote, so it lacks what a journal does not have. */
    const quick = (enterAt: number): TradedStrategy => {
      const strategy = waiting('quick', enterAt, 10_013);
      const onQuote: Strategy['onQuote'] = (context) => {
        if (context.lastQuote?.bidTicks === QUOTED) context.enter(LIMIT);
      };
      const create: StrategyDefinition['create'] = (...given) => ({
        ...strategy.own!.create(...given),
        onQuote,
      });
      return { ...strategy, own: { ...strategy.own!, create } };
    };
    const LIMIT: LimitEntry = {
      side: 'buy',
      limitTicks: 10_000,
      protectTicks: 9_800,
      restBars: 3,
      because: 'asked to',
      size: { lots: 400 },
    };
    const ofEther = (strategy: TradedStrategy): TradedStrategy => ({ ...strategy, symbols: ['ETH/USDT'] });
    /** A bar that comes a moment after its end, as from a venue. */
    const show = (desk: DeskUnderTest, closeTicks: number): Bar => {
      const bar = minuteAt(desk.marketMs - (desk.marketMs % 60_000), closeTicks);
      desk.wait(bar.openMs + 60_400 - desk.marketMs);
      desk.quote(0, closeTicks);
      desk.happen({ kind: 'bar', ...bar, warmup: false });
      return bar;
    };

    it('leaves out the one that lacks what a journal does not have, and judges the others as they were', async () => {
      // Sold where something is held: nothing was when that bar came, but within its minute.
      const busy = waiting('busy', 10_002, 10_012, {}, { 10003: (context) => context.exit('held already') });
      const desk = new DeskUnderTest({ strategies: [quick(10_001), busy] }, 1).active();
      const bars = [10_000, 10_001, 10_002].map((closeTicks) => show(desk, closeTicks));
      bars.push(show(desk, 10_003));
      desk.wait(20_000);
      fillEntries(desk);
      desk.quote(0, QUOTED);
      desk.wait(60_000);
      for (const closeTicks of [10_011, 10_012, 10_013]) bars.push(show(desk, closeTicks));
      desk.pass(60_000);
      const journal = await journalOf('lacks', desk);
      const { decisions } = again({ journal, day: dayOf(journal), config: desk.config, bars });
      expect(decisions).toMatchObject({ bars: 7, same: 2, differ: 0, first: null });
      expect(decisions.notJudged).toEqual([{ why: LACKS, count: 3 }]);
    });

    it('judges no other in the minute in which it acted on a position that both share, unless that decided, too', async () => {
      const busy = waiting(
        'busy',
        0,
        10_012,
        {},
        { 10001: (context) => context.entryResting || context.enter(LIMIT) },
      );
      const config = { capabilities: FUTURES, strategies: [quick(10_001), busy] };
      const desk = new DeskUnderTest(config, 1).active();
      const bars = [10_000, 10_001, 10_002].map((closeTicks) => show(desk, closeTicks));
      desk.pass(60_000);
      const journal = await journalOf('shares', desk);
      const { decisions } = again({ journal, day: dayOf(journal), config: desk.config, bars });
      expect(decisions).toMatchObject({ bars: 2, differ: 0, first: null });
      expect(decisions.notJudged).toEqual([
        { why: LACKS, count: 1 },
        {
          why: expect.stringMatching(
            /^quick acted in the same minute on the position that busy shares with it/,
          ),
          count: 1,
        },
      ]);
    });

    it('compares one of them with what it decided itself, at the bars of what it trades', async () => {
      const strategies = [waiting('other', 10_001, 10_011), ofEther(waiting('busy', 10_002, 10_012))];
      const desk = new DeskUnderTest({ strategies }).active();
      const bars: Bar[] = [];
      for (const closeTicks of [10_000, 10_001, 10_002, 10_003]) {
        bars.push(minuteAt(desk.marketMs, closeTicks), minuteAt(desk.marketMs, closeTicks, 1));
        desk.bar(0, closeTicks);
        desk.marketMs -= 60_000;
        desk.bar(1, closeTicks);
      }
      desk.pass(60_000);
      const journal = await journalOf('one-of-several', desk);
      const judgedBy = (busy: TradedStrategy, only?: string) => {
        const changed = deskConfig({ strategies: [strategies[0]!, ofEther(busy)] });
        const setting = { journal, day: dayOf(journal), config: desk.config, bars, changed, only };
        return again(setting).changed;
      };
      const same = judgedBy(waiting('busy', 10_002, 10_012), 'busy');
      expect(same).toMatchObject({ bars: 4, same: 1, differ: 0, first: null, notJudged: [] });
      const later = judgedBy(waiting('busy', 10_003, 10_012), 'busy');
      expect(later).toMatchObject({
        first: { symbol: 'ETH/USDT', was: expect.stringContaining('(busy)'), now: 'nothing' },
      });
      expect(judgedBy(waiting('busy', 10_002, 10_012))).toMatchObject({ bars: 8, same: 2, differ: 0 });
    });
  });

  it('is traded by a backtest of its bars, with the equity that it began with', async () => {
    const { desk, configHash } = loaded;
    const [fromMs, toMs] = [BEGIN_MS, BEGIN_MS + 10 * HOUR_MS];
    const signal = new AbortController().signal;
    const day = await hypotheticalDay(
      { desk, configHash, set: [] },
      { bars: traded.bars, fromMs, toMs, equity: '12345.00', signal },
    );
    expect(day).toMatchObject({ equity: { from: '12345.00000000' }, trades: expect.any(Number) });
    expect('trades' in day && day.trades).toBeGreaterThan(2);
  });
});

describe('the days of a journal', () => {
  it('are those of the desk’s clock, each from its first record to its last', () => {
    const days = recordedDays(traded.journal, { timezone: 'Asia/Tokyo', dayBoundary: '12:00' });
    // The journal begins at nine in the morning there.
    expect(days.map(({ date }) => date)).toEqual(['2026-03-01', DATE]);
    expect(days[1]?.first).toBe((days[0]?.last ?? 0) + 1);
    expect(days[1]?.last).toBe(traded.entries.length);
  });

  it('are read beside a trader that is writing: what is torn at the end is left, and nothing is touched', () => {
    const journal = join(folder, 'torn');
    cpSync(traded.journal, journal, { recursive: true });
    const segment = join(journal, readdirSync(journal).find((name) => name.endsWith('.journal'))!);
    appendFileSync(segment, readFileSync(segment).subarray(64, 90));
    const before = [readdirSync(journal), readFileSync(segment)];
    expect(recordedDays(journal, UTC)).toEqual(recordedDays(traded.journal, UTC));
    expect([readdirSync(journal), readFileSync(segment)]).toEqual(before);
  });

  it('name a segment that is damaged, also the last one', () => {
    const journal = join(folder, 'damaged');
    cpSync(traded.journal, journal, { recursive: true });
    const name = readdirSync(journal).find((one) => one.endsWith('.journal'))!;
    const bytes = readFileSync(join(journal, name));
    const at = Math.floor(bytes.length / 2);
    bytes[at] = bytes[at]! ^ 0x5a;
    writeFileSync(join(journal, name), bytes);
    expect(() => recordedDays(journal, UTC)).toThrow(`segment ${name}`);
  });
});
