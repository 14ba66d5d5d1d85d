import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { riskSchema } from '../../src/desk/trading-schema.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import { RISK_SPECS } from '../../src/engine/settings/setting-specs.js';
import { ReturnMeter } from '../../src/engine/strategies/market-meters.js';
import { LIMITS, type OptionalKey } from '../../src/limits/registry.js';
import { DeskUnderTest } from './support/desk.js';
import { deskConfig } from './support/desk-config.js';

const RISK = deskConfig().risk;
const OPTIONAL = LIMITS.filter(({ setting }) => setting.leftOut === 'off');

type Numbers = Partial<Record<OptionalKey, number>>;

const deskWith = (risk: Numbers): DeskUnderTest => new DeskUnderTest({ risk: { ...RISK, ...risk } });
const denials = (desk: DeskUnderTest): string[] => desk.recorded('order.denied').map(({ limit }) => limit);
const reading = (desk: DeskUnderTest, name: string) =>
  desk.engine.view.risk.find(({ limit }) => limit === name);

/** BTC is held, ETH wants in; 40 minutes of market before, in which both move alike or the other way. */
function second(risk: Numbers, ether: 'alike' | 'against' | 'unseen' = 'alike'): DeskUnderTest {
  const desk = deskWith(risk).active();
  const wave = (minute: number): number => [0, 4, -3, 5, -6, 2][minute % 6] as number;
  for (let minute = 0; minute < 40 && ether !== 'unseen'; minute += 1) {
    const openMs = desk.marketMs;
    const bar = { kind: 'bar', openMs, spanMs: 60_000, volumeLots: 1, warmup: true } as const;
    for (const [instrument, move] of [
      wave(minute),
      ether === 'alike' ? wave(minute) : -wave(minute),
    ].entries()) {
      const close = 10_000 + move;
      desk.happen({
        ...bar,
        instrument,
        openTicks: close,
        highTicks: close,
        lowTicks: close,
        closeTicks: close,
      });
    }
    desk.wait(60_000);
    desk.quote(0, 10_000);
    desk.quote(1, 10_000);
  }
  try {
    desk.hold(0);
    desk.enter(1);
  } catch (error) {
    // Refused: what for stands in the record.
    if (!String(error).includes('no entry was made')) throw error;
  }
  return desk;
}

/** Armed; then the same prices of BTC for nine seconds, with the sizes that are given for each. */
function standing(risk: Numbers, lotsAt: (second: number) => number): DeskUnderTest {
  const desk = deskWith(risk).active();
  for (let second = 0; second < 10; second += 1) {
    const lots = lotsAt(second);
    const prices = { bidTicks: 10_050, askTicks: 10_052, bidLots: lots, askLots: 3 };
    desk.happen({ kind: 'quote', instrument: 0, ...prices });
    desk.quote(1, 10_000 + second);
    desk.happen({ kind: 'tick' });
    if (second < 9) desk.wait(1_000);
  }
  return desk;
}

/** Bars that make the averages of BTC cross, without a quote. */
function crossBars(desk: DeskUnderTest): void {
  for (const close of [10_000, 9_990, 9_980, 9_970, 9_960, 10_100]) {
    desk.marketMs += 60_000;
    const prices = { openTicks: close, highTicks: close + 20, lowTicks: close - 20, closeTicks: close };
    const span = { openMs: desk.marketMs - 60_000, spanMs: 60_000, volumeLots: 1 };
    desk.happen({ kind: 'bar', instrument: 0, ...span, ...prices, warmup: false });
  }
}

describe('each limit of the registry', () => {
  it.each(LIMITS.map((limit) => [limit.setting.key, limit] as const))('%s is declared once', (key, limit) => {
    const { min, max, whole, tighter, leftOut } = limit.setting;
    const given = (value: number) => riskSchema.safeParse({ ...RISK, [key]: value }).success;
    expect(given(min) && given(max)).toBe(true);
    expect(given(max + 1) || given(0)).toBe(false);
    const without = riskSchema.safeParse({ ...RISK, [key]: undefined });
    expect(without.success).toBe(leftOut !== 'refused');
    expect(without.data?.[key]).toBe(typeof leftOut === 'number' ? leftOut : undefined);
    expect(RISK_SPECS).toContainEqual(
      expect.objectContaining({ key: `risk.${key}`, min, max, whole, tighter }),
    );
    const documented = readFileSync(new URL('../../docs/LIMITS.md', import.meta.url), 'utf8');
    expect(documented).toContain(`| ${limit.title} | \`risk.${key}\` |`);
    expect(reading(deskWith({ [key]: max }).active(), limit.name)).toMatchObject({ title: limit.title });
  });

  it('refuses by a name that docs/LIMITS.md explains', () => {
    const folder = new URL('../../src/limits/', import.meta.url);
    const sources = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const names = sources.flatMap((text) => [...text.matchAll(/(?:limit: |DENIED = )'([a-z-]+)'/g)]);
    expect(names.length).toBeGreaterThan(20);
    const documented = readFileSync(new URL('../../docs/LIMITS.md', import.meta.url), 'utf8');
    for (const [, name] of names) expect(documented).toContain(`\`${name}\``);
  });

  it('that the desk file leaves out is off: no reading, no setting, no refusal', () => {
    const desk = second({});
    expect(denials(desk)).toEqual([]);
    expect(desk.lots(0)).toBeGreaterThan(0);
    expect(desk.live('entry', 1)).toHaveLength(1);
    for (const { name, setting } of OPTIONAL) {
      expect(reading(desk, name)).toBeUndefined();
      const asked = desk.command({
        name: 'reload',
        baseVersion: 0,
        values: { [`risk.${setting.key}`]: setting.min },
        approvedBy: ['anna'],
      });
      expect(asked).toMatchObject({ ok: false, code: 'bad-setting' });
    }
  });

  it('can be tightened while the desk runs, and is loosened by approval only', () => {
    const desk = deskWith({ maxEntriesPerMinute: 5 }).active();
    const set = (value: number, approvedBy: readonly string[] = []) =>
      desk.command({
        name: 'reload',
        baseVersion: desk.engine.view.settings.version,
        values: { 'risk.maxEntriesPerMinute': value },
        approvedBy,
      });
    expect(set(3)).toMatchObject({ ok: true });
    expect(reading(desk, 'order-rate')?.value).toBe('3');
    expect(set(4)).toMatchObject({ ok: false, code: 'approval-needed' });
    expect(set(4, ['anna'])).toMatchObject({ ok: true });
    expect(reading(desk, 'order-rate')?.value).toBe('4');
  });

  it('never lets more through where its number is tighter', () => {
    const numbers = fc.record({
      key: fc.constantFrom(...OPTIONAL.map(({ setting }) => setting.key as OptionalKey)),
      one: fc.integer({ min: 1, max: 25 }),
      other: fc.integer({ min: 1, max: 25 }),
      ether: fc.constantFrom('alike' as const, 'against' as const),
    });
    let refused = 0;
    fc.assert(
      fc.property(numbers, ({ key, one, other, ether }) => {
        const entered = (value: number) => {
          return second({ [key]: value }, ether).recorded('order.intended').length;
        };
        const isLower = OPTIONAL.find(({ setting }) => setting.key === key)?.setting.tighter === 'lower';
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const tight = entered(isLower ? low : high);
        if (tight < 3) refused += 1;
        expect(tight).toBeLessThanOrEqual(entered(isLower ? high : low));
      }),
      { numRuns: 60 },
    );
    expect(refused).toBeGreaterThan(10);
  });
});

describe('exposure', () => {
  it('of all positions and entries together is bounded', () => {
    expect(denials(second({ maxGrossExposurePct: 19 }))).toEqual(['gross-exposure']);
    const desk = second({ maxGrossExposurePct: 21 });
    expect(denials(desk)).toEqual([]);
    expect(reading(desk, 'gross-exposure')).toMatchObject({
      value: '21 % of equity',
      now: expect.stringMatching(/^(19|20)\./),
    });
  });

  it('of longs less shorts is bounded', () => {
    expect(denials(second({ maxNetExposurePct: 19 }))).toEqual(['net-exposure']);
    const desk = second({ maxNetExposurePct: 21 });
    expect(denials(desk)).toEqual([]);
    expect(reading(desk, 'net-exposure')).toMatchObject({
      value: '21 % of equity',
      now: expect.stringMatching(/^(19|20)\.\d\d % long$/),
    });
    expect(reading(deskWith({ maxNetExposurePct: 21 }).active(), 'net-exposure')?.now).toBe('0.00 %');
  });

  it('is known where dust has no price', () => {
    const before = deskWith({ maxGrossExposurePct: 21 }).active();
    const lot = { instrument: 0, quantityLots: 1, priceTicks: 10_000 };
    const adopted = { type: 'position.adopted', ...lot, marketMs: before.marketMs } as const;
    const records = [...before.records, adopted];
    const desk = new DeskUnderTest({ risk: { ...RISK, maxGrossExposurePct: 21 } }, 2, records).begin();
    desk.quote(1, 10_000);
    expect(reading(desk, 'gross-exposure')?.now).toMatch(/^0\.0\d %$/);
  });

  it('of one strategy is bounded', () => {
    expect(denials(second({ maxStrategyExposurePct: 19 }))).toEqual(['strategy-exposure']);
    const both = second({ maxStrategyExposurePct: 21 });
    expect(denials(both)).toEqual([]);
    expect(reading(both, 'strategy-exposure')).toMatchObject({
      value: '21 % of equity',
      now: expect.stringMatching(/^(19|20)\./),
    });
    // What another one has is not its own.
    const desk = deskWith({ maxStrategyExposurePct: 19 }).active();
    desk.snapshot({ positions: [90, 0] });
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [90, 0] });
    expect(denials(desk)).toEqual([]);
  });

  it('to what moves together is bounded; what goes the other way takes off, and what nobody has seen counts whole', () => {
    const limits = { maxCorrelatedExposurePct: 15 };
    expect(denials(second(limits, 'alike'))).toEqual(['correlated-exposure']);
    expect(denials(second(limits, 'against'))).toEqual([]);
    expect(denials(second(limits, 'unseen'))).toEqual(['correlated-exposure']);
    expect(denials(second({ maxCorrelatedExposurePct: 21 }, 'unseen'))).toEqual([]);
  });
});

describe('entries', () => {
  it('that are worth more than one may be are refused, and said with both amounts', () => {
    const desk = second({ maxOrderNotional: 10 });
    expect(desk.recorded('order.denied')[0]).toMatchObject({
      limit: 'order-size',
      reason: expect.stringMatching(/^the order would be worth [\d.]+ \w+, at most 10\.00 are allowed$/),
    });
    expect(desk.lots(0)).toBe(0);
    expect(denials(second({ maxOrderNotional: 5_000 }))).toEqual([]);
  });

  it('leave so many in a minute of market time, also over a restart', () => {
    const desk = deskWith({ maxEntriesPerMinute: 1 }).active();
    desk.enter(0);
    expect(reading(desk, 'order-rate')).toMatchObject({ value: '1', now: '1' });
    const again = new DeskUnderTest({ risk: { ...RISK, maxEntriesPerMinute: 1 } }, 2, desk.records);
    again.marketMs = desk.marketMs;
    again.begin();
    expect(reading(again, 'order-rate')).toMatchObject({ now: '1' });
    desk.wait(60_000);
    desk.quote(0, 10_000);
    expect(reading(desk, 'order-rate')).toMatchObject({ now: '0' });
  });

  it('are refused on a quote that keeps arriving unchanged, and people are told once', () => {
    const desk = standing({ frozenQuoteSeconds: 5 }, () => 7);
    expect(reading(desk, 'frozen-quotes')).toMatchObject({ value: '5 s', now: '9.0 s' });
    const symbol = desk.config.instruments[0]?.symbol;
    const reason = 'its quote has kept arriving unchanged for 9 s, 5 s are allowed';
    expect(desk.recorded('note').filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({
        symbol,
        text: expect.stringMatching(/^BTC\S*: its quote has kept arriving/),
      }),
    ]);
    expect(desk.engine.whyNotTrading()).toContainEqual({
      subject: symbol,
      reason,
      waitsFor: 'a quote that differs',
    });
    crossBars(desk);
    expect(denials(desk)).toEqual(['frozen-quotes']);
    desk.quote(0, 9_999);
    expect(reading(desk, 'frozen-quotes')?.now).toBe('0.0 s');
    expect(JSON.stringify(desk.engine.whyNotTrading())).not.toContain('unchanged');
  });

  it('leave where a size of the quote changes, or the desk file allows it to stand for longer', () => {
    for (const desk of [
      standing({ frozenQuoteSeconds: 5 }, (second) => second),
      standing({ frozenQuoteSeconds: 9 }, () => 7),
      standing({}, () => 7),
    ]) {
      crossBars(desk);
      expect(desk.live('entry', 0)).toHaveLength(1);
      expect(desk.recorded('note').filter(({ level }) => level === 'warn')).toEqual([]);
    }
  });

  it('may rest on the quote of before the open for as long as one may stand: nothing moves a closed market', () => {
    const hours = new SessionCalendar(
      withOwnHours(ALWAYS_OPEN, { hours: { mon: ['12:01-20:00'] } }),
      () => 0,
    );
    const risk = { ...RISK, frozenQuoteSeconds: 5 };
    const desk = new DeskUnderTest({ risk, sessions: [{ calendar: hours }] }, 1).active();
    const repeat = (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        desk.quote(0, 10_000);
        desk.pass(1_000);
      }
      desk.quote(0, 10_000);
      return reading(desk, 'frozen-quotes')?.now;
    };
    desk.pass(0);
    expect(repeat(30)).toBe('no price yet');
    expect(repeat(33)).toBe('3.0 s');
    expect(JSON.stringify(desk.engine.whyNotTrading())).not.toContain('unchanged');
    expect(repeat(3)).toBe('6.0 s');
    expect(JSON.stringify(desk.engine.whyNotTrading())).toContain('unchanged');
  });

  it('are not sent again alike within a time, also over a restart; another price or instrument is another entry', () => {
    const risk = { ...RISK, repeatedEntrySeconds: 600 };
    const first = new DeskUnderTest({ risk }).active();
    const entry = first.enter(0);
    first.accept(entry);
    first.expire(entry.clientId);
    const again = (lastClose: number, at = 0, laterMs = 0) => {
      const desk = new DeskUnderTest({ risk }, 2, first.records);
      desk.marketMs = first.marketMs + laterMs;
      desk.active();
      for (const close of [10_000, 9_990, 9_980, 9_970, 9_960, lastClose]) desk.bar(at, close);
      return desk.live('entry', at).length === 0 ? denials(desk) : 'sent';
    };
    expect(again(10_100)).toEqual(['repeated-entry']);
    expect(again(10_101)).toBe('sent');
    expect(again(10_100, 1)).toBe('sent');
    expect(again(10_100, 0, 240_000)).toBe('sent');
    expect(again(10_100, 0, 239_999)).toEqual(['repeated-entry']);
  });

  it('are refused where the market moves too much, or where nobody has seen it for long enough', () => {
    expect(denials(second({ maxVolatilityPct: 5 }))).toEqual([]);
    const calm = second({ maxVolatilityPct: 0.01 });
    expect(new Set(denials(calm))).toEqual(new Set(['volatility']));
    expect(calm.lots(0)).toBe(0);
  });

  it('are refused for the rest of the day after so many losses in a row', () => {
    const desk = deskWith({ maxLossesInARow: 1 }).active();
    const { stop } = desk.hold(0);
    desk.fill(stop, stop.stopTicks ?? 0);
    expect(reading(desk, 'loss-streak')).toMatchObject({ value: '1', now: '1' });
    const restarted = new DeskUnderTest({ risk: { ...RISK, maxLossesInARow: 1 } }, 2, desk.records).begin();
    expect(reading(restarted, 'loss-streak')).toMatchObject({ now: '1' });
    expect(() => desk.enter(1)).toThrow('no entry was made');
    expect(denials(desk)).toEqual(['loss-streak']);
    desk.wait(86_400_000);
    desk.quote(0, 10_000);
    desk.quote(1, 10_000);
    expect(reading(desk, 'loss-streak')).toMatchObject({ now: '0' });
    desk.enter(1);
  });

  it('stay refused where the same day begins anew, as after a loss halt that was lifted', () => {
    const desk = deskWith({ maxLossesInARow: 1 }).active();
    const { stop } = desk.hold(0);
    desk.fill(stop, stop.stopTicks ?? 0);
    const day = desk.recorded('day').at(-1);
    if (day === undefined) throw new Error('no day began');
    const streakAfter = (dayStartMs: number) => {
      const records = [...desk.records, { ...day, dayStartMs }];
      const restarted = new DeskUnderTest({ risk: { ...RISK, maxLossesInARow: 1 } }, 2, records);
      return reading(restarted, 'loss-streak')?.now;
    };
    expect(streakAfter(day.dayStartMs)).toBe('1');
    expect(streakAfter(day.dayStartMs - 86_400_000)).toBe('1');
    expect(streakAfter(day.dayStartMs + 86_400_000)).toBe('0');
  });

  it('that a limit holds back are told with its reason', () => {
    const reasons = (desk: DeskUnderTest) =>
      desk.engine.whyNotTrading().map(({ subject, reason }) => `${subject}: ${reason}`);
    const lost = deskWith({ maxLossesInARow: 1 }).active();
    const { stop } = lost.hold(0);
    expect(reasons(lost).join()).not.toContain('in a row');
    lost.fill(stop, stop.stopTicks ?? 0);
    expect(reasons(lost)).toContain('desk: losses in a row today: 1; the day ends at 1');
    const room = (maxGrossExposurePct: number) => reasons(second({ maxGrossExposurePct })).join();
    expect(room(19)).toMatch(/desk: positions and entries are worth \S+ % of 19 % of equity: no room/);
    expect(room(40)).not.toContain('no room');
    const volatile = (desk: DeskUnderTest) => reasons(desk).filter((text) => text.includes('volatility'));
    expect(volatile(deskWith({ maxVolatilityPct: 5 }).active())).toHaveLength(2);
    expect(volatile(second({ maxVolatilityPct: 5 }))).toEqual([]);
    expect(volatile(second({ maxVolatilityPct: 0.01 }))).toEqual([
      expect.stringMatching(/^BTC\S*: its volatility in a minute is/),
      expect.stringMatching(/^ETH\S*: its volatility in a minute is/),
    ]);
  });
});

it('returns are forgotten over a pause, and do not last for ever', () => {
  const meter = new ReturnMeter();
  let minute = 0;
  const see = (minutes: number, every = 1) => {
    for (let seen = 0; seen < minutes; seen += 1) {
      meter.update(minute * 60_000, 10_000 + (minute % 2));
      minute += every;
    }
  };
  see(40);
  expect(meter.volatilityPct).not.toBeNull();
  minute += 31;
  see(30);
  expect(meter.volatilityPct).toBeNull();
  see(1);
  expect(meter.volatilityPct).not.toBeNull();
  // Bars that come every ten minutes have no return of a minute.
  see(13, 10);
  expect(meter.volatilityPct).toBeNull();
});

it('returns count by the minute: none over a gap, none twice', () => {
  const [one, other] = [new ReturnMeter(), new ReturnMeter()];
  for (let minute = 0; minute < 31; minute += 1) {
    one.update(minute * 60_000, minute % 2 === 0 ? 10_000 : 10_100);
    one.update(minute * 60_000, 20_000);
    other.update(minute * 60_000, minute % 2 === 0 ? 500 : 495);
  }
  expect(one.volatilityPct).toBeCloseTo(0.995, 3);
  expect(one.correlationWith(other)).toBeCloseTo(-1, 3);
  const gaps = new ReturnMeter();
  for (let minute = 0; minute < 90; minute += 2) gaps.update(minute * 60_000, 10_000 + minute);
  expect(gaps.volatilityPct).toBeNull();
  expect(one.correlationWith(gaps)).toBeNull();
});
