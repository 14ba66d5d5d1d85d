/** An account in dollars that trades GBP/JPY: yen become dollars by the price of USD/JPY. Worked out by hand. */

import { describe, expect, it } from 'vitest';
import {
  buildInstrument,
  type InstrumentSource,
  withConversions,
} from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import type { OrderIntent } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { StrategySize } from '../../src/engine/strategies/size-entry.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { oneEntry } from './support/one-entry.js';

/** A tick of one lot of 1,000 pounds is 10 yen. */
const PAIR = {
  kind: 'fx',
  ...{ tickSize: '0.01', pip: '0.01', lotSize: '0.01', multiplier: '100000', minNotional: '0' },
  ...{ makerFeePpm: 0, takerFeePpm: 0 },
} as const;
const pairsWith = (changes: Partial<InstrumentSource> = {}) =>
  withConversions(
    [
      buildInstrument(0, { symbol: 'GBP/JPY', ...PAIR, ...changes }),
      buildInstrument(1, { symbol: 'USD/JPY', ...PAIR }),
    ],
    'USD',
  );
const [POUND, DOLLAR] = [0, 1];

function deskWith(
  size: StrategySize = { lots: 100 },
  maxPositionSizePct = 3000,
  journal: readonly EngineRecord[] = [],
  instruments = pairsWith(),
): DeskUnderTest {
  const wish = { side: 'buy', limitTicks: 19_000, protectTicks: 18_900 } as const;
  const changes = {
    instruments,
    strategies: [{ ...oneEntry(wish), symbols: ['GBP/JPY'], size }],
    risk: {
      ...{ maxPositionSizePct, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90 },
      ...{ maxDrawdownPct: 90, staleDataSeconds: 60 },
    },
    ...{ capabilities: FUTURES, startingCash: parseMoney('10000') },
  };
  return new DeskUnderTest(changes, 2, journal);
}

/** The middle of the quote is one tick above its bid. */
const dollarAt = (desk: DeskUnderTest, yen: number) => desk.quote(DOLLAR, yen * 100 - 1);

/** One lot of 100,000 pounds bought at 190.00, with the dollar at 150. */
function holding(instruments = pairsWith()): DeskUnderTest {
  const desk = deskWith({ lots: 100 }, 3000, [], instruments).active();
  dollarAt(desk, 150);
  desk.bar(POUND, 19_000);
  filled(desk, 'entry', 19_000, 1 / 150);
  const [stop] = desk.live('protective', POUND);
  desk.accept(stop as OrderIntent);
  return desk;
}

function filled(desk: DeskUnderTest, purpose: OrderIntent['purpose'], ticks: number, rate?: number): void {
  const [order] = desk.live(purpose, POUND);
  if (order === undefined) throw new Error(`no ${purpose}`);
  desk.accept(order);
  desk.happen({
    kind: 'fill',
    fill: { ...desk.makeFill(order, ticks), ...(rate === undefined ? {} : { rate }) },
  });
}

const dollars = (money: number): number => money / 1e8;

describe('equity', () => {
  it('has the open result at the price that converts, and follows both', () => {
    const desk = holding();
    desk.quote(POUND, 19_050);
    // 50 ticks × 100 × 10 = 50,000 yen, at 150.
    expect(dollars(desk.engine.view.equity)).toBeCloseTo(10_333.33333333, 8);
    dollarAt(desk, 160);
    expect(dollars(desk.engine.view.equity)).toBe(10_312.5);
    expect(dollars(desk.engine.view.positions[0]?.unrealised ?? 0)).toBe(312.5);
    // 19,000,000 yen at 160.
    expect(dollars(desk.engine.view.positions[0]?.cost ?? 0)).toBe(118_750);
  });

  it('has what was closed at the rate of that moment, and never again at another', () => {
    const desk = holding();
    dollarAt(desk, 160);
    filled(desk, 'protective', 19_050, 1 / 160);
    dollarAt(desk, 100);
    expect(dollars(desk.engine.view.equity)).toBe(10_312.5);
    expect(dollars(desk.engine.view.cash)).toBe(10_312.5);
    const [trade] = desk.recorded('trade.closed');
    // At its stop it would have lost 100,000 yen, which were 666.66666667 dollars as it was opened.
    expect(trade).toMatchObject({ result: '312.50000000', risk: '666.66666667' });
    expect(trade?.r).toBeCloseTo(0.46875, 8);
    const again = deskWith({ lots: 100 }, 3000, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
  });
});

describe('an entry', () => {
  const entered = (desk: DeskUnderTest): number | undefined => {
    dollarAt(desk, 150);
    desk.bar(POUND, 19_000);
    return desk.live('entry', POUND)[0]?.quantityLots;
  };

  it('is sized by what its stop loses in dollars', () => {
    // 1.05 % of 10,000 ÷ (100 ticks × 10 yen ÷ 150 = 6.66666667) = 15.75.
    expect(entered(deskWith({ riskPct: 1.05 }).active())).toBe(15);
    // 100 % of 10,000 ÷ (190,000 yen ÷ 150 = 1,266.67 for 1,000 pounds) = 7.89.
    expect(entered(deskWith({ equityPct: 100 }).active())).toBe(7);
  });

  it('is within the largest position in dollars', () => {
    // One lot is worth 19,000,000 yen: 126,666.67 dollars.
    expect(entered(deskWith({ lots: 100 }, 1267).active())).toBe(100);
    const desk = deskWith({ lots: 100 }, 1266).active();
    expect(entered(desk)).toBe(99);
  });

  it('is refused before there is a price that converts, and once that is stale', () => {
    const desk = deskWith().active();
    desk.wait(61_000);
    desk.bar(POUND, 19_000);
    const [denied] = desk.recorded('order.denied');
    expect(denied).toMatchObject({
      limit: 'size',
      reason: 'what JPY is worth in USD is not known: USD/JPY has a price of 61 s ago',
    });
    expect(desk.live('entry', POUND)).toEqual([]);
  });
});

describe('a position whose worth nobody can convert', () => {
  it('halts the desk by the price that it takes, and arms only with that', () => {
    const desk = holding();
    for (let second = 0; second < 61; second += 1) {
      desk.wait(1_000);
      desk.quote(POUND, 19_000);
    }
    desk.pass(1_000);
    expect(desk.engine.view.reason).toContain('USD/JPY');
    expect(desk.engine.view.mode).not.toBe('ACTIVE');
    expect(desk.arm()).toMatchObject({ ok: false });
  });

  it('has no result, and lets nothing be armed, before there is a price that converts', () => {
    const desk = deskWith({ lots: 100 }, 3000, holding().records).begin();
    desk.quote(POUND, 19_050);
    desk.snapshot();
    expect(dollars(desk.engine.view.equity)).toBe(10_000);
    expect(desk.arm()).toMatchObject({ ok: false });
    expect(desk.recorded('equity').map(({ equity }) => dollars(equity))).not.toContain(10_333.33333333);
    dollarAt(desk, 150);
    expect(dollars(desk.engine.view.equity)).toBeCloseTo(10_333.33333333, 8);
  });
});

it('the maintenance margin that people are told of is in dollars', () => {
  // 1,480,000 yen a lot, at 150.
  const desk = holding(pairsWith({ margin: { initial: '1490000', maintenance: '1480000' } }));
  const alarmsAt = (ticks: number): readonly string[] => {
    desk.wait(60_000);
    desk.quote(POUND, ticks);
    dollarAt(desk, 150);
    return desk.recorded('note').flatMap(({ level, text }) => (level === 'alarm' ? [text] : []));
  };
  expect(alarmsAt(18_981)).toEqual([]);
  expect(alarmsAt(18_979)).toEqual([
    expect.stringContaining('equity 9860.00 is below the maintenance margin of 9866.67'),
  ]);
});

it('what is left of a position too small to sell is named before there is a price that converts it', () => {
  // All of it is worth 19,000,000 yen, and what is left 5,700,000.
  const pairs = pairsWith({ minNotional: '15000000' });
  const before = holding(pairs);
  before.command({ name: 'closeAll' });
  for (const { clientId } of before.live('protective', POUND))
    before.happen({ kind: 'order.cancelled', clientId });
  const [close] = before.live('close', POUND);
  if (close === undefined) throw new Error('no close');
  before.accept(close);
  const sold = { ...before.makeFill(close, 19_000, 70), rate: 1 / 150 };
  before.happen({ kind: 'fill', fill: sold });
  before.expire(close.clientId);
  const desk = deskWith({ lots: 100 }, 3000, before.records, pairs).begin();
  desk.quote(POUND, 19_000);
  for (const { clientId } of desk.live('close', POUND)) desk.expire(clientId);
  for (let second = 0; second < 5; second += 1) {
    desk.pass(1_000);
    desk.snapshot();
  }
  expect(desk.engine.view.closeAll).toBe('flat');
  expect(desk.recorded('note').map(({ text }) => text)).toContainEqual(
    expect.stringContaining('GBP/JPY: 0.30 lots are left, less than the smallest order.'),
  );
  dollarAt(desk, 150);
  expect(desk.engine.view.dust).toMatchObject([{ quantity: '0.30', value: parseMoney('38000') }]);
});

it('a fill without its rate is no fill that can be', () => {
  const desk = deskWith().active();
  dollarAt(desk, 150);
  desk.bar(POUND, 19_000);
  filled(desk, 'entry', 19_000);
  expect(desk.lots(POUND)).toBe(0);
  expect(desk.engine.view.reason).toContain('a fill that can');
});
