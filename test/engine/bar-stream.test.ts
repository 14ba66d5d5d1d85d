/** Longer bars, built from minutes: when one is shown, what it is made of, and that none knows a minute of the future. */
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/civil-date.js';
import type { FinishedBar } from '../../src/domain/quote-columns.js';
import { alwaysOpen, SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { tradingHours } from '../../src/domain/sessions/trading-hours.js';
import { zoneOffset } from '../../src/domain/zone-offset.js';
import { BarStream } from '../../src/engine/strategies/bar-stream.js';

const M = MINUTE_MS;
const DAY = Date.UTC(2026, 0, 5);

const minuteAt = (openMs: number, close: number, spanMs = M, volumeLots = 1): FinishedBar => ({
  ...{ openMs, spanMs, openTicks: close - 1, highTicks: close + 5, lowTicks: close - 5, closeTicks: close },
  volumeLots,
});
/** `20:30 15m`: when it began, as minutes of the day, and its span. */
const said = (bars: readonly FinishedBar[]): readonly string[] =>
  bars.map(({ openMs, spanMs }) => `${(openMs - DAY) / M} ${spanMs / M}m`);

describe('longer bars', () => {
  it('end with their last minute and are shown after it, the shorter first', () => {
    const stream = new BarStream([M, 15 * M, HOUR_MS], alwaysOpen());
    const shown: string[][] = [];
    for (let at = 0; at < 60; at += 1) shown.push([...said(stream.take(minuteAt(DAY + at * M, 100 + at)))]);
    expect(shown[13]).toEqual(['13 1m']);
    expect(shown[14]).toEqual(['14 1m', '0 15m']);
    expect(shown[59]).toEqual(['59 1m', '45 15m', '0 60m']);
  });

  it('are made of exactly the minutes within them', () => {
    const stream = new BarStream([15 * M], alwaysOpen());
    const closes = [7, 30, 12, 3, 9, 11, 25, 8, 6, 40, 2, 5, 4, 1, 19].map((each) => 100 + each);
    const shown = closes.flatMap((close, at) => stream.take(minuteAt(DAY + at * M, close)));
    expect(shown).toEqual([
      {
        ...{ openMs: DAY, spanMs: 15 * M, late: false },
        ...{ openTicks: 106, highTicks: 145, lowTicks: 96, closeTicks: 119, volumeLots: 15 },
      },
    ]);
  });

  it('have the volume of the minutes that came, and none that is known where one of these has none', () => {
    const stream = new BarStream([5 * M], alwaysOpen());
    // The third minute of the first bar is missing.
    const volumes = [400, 0, null, 70, 5, 8, 8, Number.NaN, 8, 8, 1, 2, 3, 4, 5];
    const shown = volumes.flatMap((volume, at) =>
      volume === null ? [] : stream.take(minuteAt(DAY + at * M, 100, M, volume)),
    );
    expect(shown.map(({ volumeLots }) => volumeLots)).toEqual([475, Number.NaN, 15]);
  });

  it('leave out one whose first minutes came before the first that was seen', () => {
    const stream = new BarStream([15 * M], alwaysOpen());
    const shown: FinishedBar[] = [];
    for (let at = 7; at < 45; at += 1) shown.push(...stream.take(minuteAt(DAY + at * M, 100)));
    expect(said(shown)).toEqual(['15 15m', '30 15m']);
  });

  it('whose last minutes are missing are shown before the next minute, and are late where a newer one has ended', () => {
    const stream = new BarStream([M, 15 * M], alwaysOpen());
    for (let at = 0; at < 13; at += 1) stream.take(minuteAt(DAY + at * M, 100));
    const next = stream.take(minuteAt(DAY + 16 * M, 100));
    expect(said(next)).toEqual(['0 15m', '16 1m']);
    expect(next.map(({ late }) => late)).toEqual([false, false]);
    const muchLater = stream.take(minuteAt(DAY + 44 * M, 100));
    expect(said(muchLater)).toEqual(['15 15m', '44 1m', '30 15m']);
    expect(muchLater.map(({ late }) => late)).toEqual([true, false, false]);
  });

  it('are the same bars when minutes are shown a second time', () => {
    const stream = new BarStream([15 * M], alwaysOpen());
    for (let at = 0; at < 15; at += 1) stream.take(minuteAt(DAY + at * M, 100));
    expect(stream.take(minuteAt(DAY + 14 * M, 500))).toEqual([]);
    for (let at = 15; at < 29; at += 1) stream.take(minuteAt(DAY + at * M, 100));
    expect(stream.take(minuteAt(DAY + 29 * M, 100))).toMatchObject([{ highTicks: 105 }]);
  });

  it('of a day begin at midnight UTC', () => {
    const stream = new BarStream([DAY_MS], alwaysOpen());
    const shown: FinishedBar[] = [];
    for (let at = -30; at < 2 * 1440; at += 1) shown.push(...stream.take(minuteAt(DAY + at * M, 100)));
    expect(said(shown)).toEqual(['0 1440m', '1440 1440m']);
  });

  it('begin with the session where the market has hours, and none goes on past its end', () => {
    const hours = tradingHours({ calendar: 'us-stocks' });
    const calendar = new SessionCalendar(hours, zoneOffset(hours.zone));
    const stream = new BarStream([HOUR_MS, DAY_MS], calendar);
    const shown: FinishedBar[] = [];
    // New York is five hours behind: 14:30 to 21:00.
    for (let at = 870; at < 1260; at += 1) shown.push(...stream.take(minuteAt(DAY + at * M, 100)));
    expect(said(shown)).toEqual([
      ...[870, 930, 990, 1050, 1110, 1170, 1230].map((from) => `${from} 60m`),
      '870 1440m',
    ]);
  });

  it('are built from longer bars where those divide them, and said not to be had where they do not', () => {
    const five = new BarStream([5 * M, 15 * M], alwaysOpen());
    const shown = [0, 5, 10].flatMap((at) => five.take(minuteAt(DAY + at * M, 100, 5 * M)));
    expect(said(shown)).toEqual(['0 5m', '5 5m', '10 5m', '0 15m']);
    const minutes = new BarStream([M, 15 * M], alwaysOpen());
    minutes.take(minuteAt(DAY, 100, 5 * M));
    expect(minutes.unfit).toBe('it asks for bars of 1m, and prices come in bars of 5m');
  });

  it('know nothing of the minutes after them: other minutes from any moment on leave what was shown before', () => {
    const spans = [M, 5 * M, 15 * M, HOUR_MS];
    const closeAt = (at: number): number => 100 + ((at * 7919) % 61);
    const shownWith = (otherFrom: number): readonly string[][] => {
      const stream = new BarStream(spans, alwaysOpen());
      return Array.from({ length: 130 }, (_, at) => {
        const close = at >= otherFrom ? 5000 + at : closeAt(at);
        return stream.take(minuteAt(DAY + at * M, close)).map((bar) => JSON.stringify(bar));
      });
    };
    const plain = shownWith(Number.POSITIVE_INFINITY);
    for (let from = 0; from < 130; from += 1) {
      const other = shownWith(from);
      expect(other.slice(0, from)).toEqual(plain.slice(0, from));
      expect(other[from]).not.toEqual(plain[from]);
    }
    // Nothing is shown before it has ended.
    plain.forEach((bars, at) => {
      for (const text of bars) {
        const { openMs, spanMs } = JSON.parse(text) as FinishedBar;
        expect(openMs + spanMs).toBeLessThanOrEqual(DAY + (at + 1) * M);
      }
    });
  });
});
