import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { MarketEvent, MarketFeed } from '../../src/contracts/market-feed.js';
import { alwaysOpen, SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import type { MarketPositionStore } from '../../src/market/replay-feed.js';
import { SIMULATION_START_MS } from '../../src/market/simulated/price-walk.js';
import { openSimulatedFeed } from '../../src/market/simulated/simulated-feed.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { memoryPosition } from './memory-position.js';

/** Wall time in the test's hand. */
class Wall {
  ms = 1_000_000;
  readonly now = (): number => this.ms;
}

function open(
  wall: Wall,
  position: MarketPositionStore,
  more: { seed?: number; speed?: number | null; calendars?: readonly SessionCalendar[] } = {},
) {
  const feed = openSimulatedFeed({
    instruments: cryptoInstruments,
    spreadTicks: [2, 2],
    seed: 7,
    speed: 60,
    ...more,
    position,
    steadyMs: wall.now,
  });
  return { feed, events: [] as MarketEvent[] };
}

/** Market time of everything delivered, once the feed has caught up with the wall clock. */
async function until(feed: MarketFeed, marketMs: number): Promise<void> {
  while (feed.nowMs() < marketMs) await sleep(5);
}

const timeOf = (event: MarketEvent): number => ('marketMs' in event ? event.marketMs : Number.NaN);

function expectInOrder(events: readonly MarketEvent[]): void {
  const times = events.map(timeOf);
  expect(times).toEqual([...times].sort((a, b) => a - b));
}

describe('a simulated feed', () => {
  it('has as many past minutes as are asked for of the hours in which the market was open', async () => {
    // It begins on a Monday at midnight: the newest minute of these hours is that of the Friday before.
    const hours = [{ open: 9 * 60, close: 16 * 60 }];
    const week = { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours };
    const calendar = new SessionCalendar({ zone: 'UTC', week, exception: () => null }, () => 0);
    const { feed } = open(new Wall(), memoryPosition(), { calendars: [calendar, alwaysOpen()] });
    const [past, whole] = await Promise.all([feed.history(0, 500), feed.history(1, 500)]);
    const day = (date: string) => Date.parse(`${date}T00:00:00Z`);
    expect(past).toHaveLength(500);
    expect(past.at(-1)?.openMs).toBe(day('2025-01-03') + 16 * 3_600_000 - 60_000);
    // 420 of that Friday, and the last 80 of the Thursday.
    expect(past[0]?.openMs).toBe(day('2025-01-02') + 16 * 3_600_000 - 80 * 60_000);
    expect(whole.at(-1)?.openMs).toBe(SIMULATION_START_MS - 120_000);
    expect(await feed.history(0, 1_000_000)).toHaveLength(20 * 420);
  });

  it('lets market time pass at its speed, from the start of trading', async () => {
    const wall = new Wall();
    const { feed, events } = open(wall, memoryPosition());
    feed.start((event) => void events.push(event));
    wall.ms += 2000;
    await until(feed, SIMULATION_START_MS + 119_000);
    await feed.stop();
    expect(feed.nowMs()).toBeLessThanOrEqual(SIMULATION_START_MS + 120_000);
    expect(events.filter(({ kind }) => kind === 'quote').length).toBeGreaterThanOrEqual(44);
    expectInOrder(events);
  });

  it('goes on where a full disk takes its position no more, and ends in order', async () => {
    const wall = new Wall();
    const position = memoryPosition();
    const full = {
      ...position,
      save: () => {
        throw new Error('ENOSPC: no space left on device');
      },
    };
    const { feed, events } = open(wall, full);
    feed.start((event) => void events.push(event));
    wall.ms += 2000;
    await until(feed, SIMULATION_START_MS + 119_000);
    await feed.stop();
    expect(events.filter(({ kind }) => kind === 'ended' || kind === 'health')).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'quote').length).toBeGreaterThanOrEqual(44);
  });

  it('delivers the very bars that history tells afterwards', async () => {
    const wall = new Wall();
    const { feed, events } = open(wall, memoryPosition());
    feed.start((event) => void events.push(event));
    wall.ms += 10_100;
    await until(feed, SIMULATION_START_MS + 600_000);
    const told = await feed.history(1, 11);
    await feed.stop();
    const seen = events.flatMap((event) =>
      event.kind === 'bar' && event.bar.instrument === 1 ? [event.bar] : [],
    );
    // The first is the minute that ended as trading began.
    expect(seen).toHaveLength(11);
    expect(told).toEqual(seen);
  });

  it('stands still between stop and the next start, and repeats and leaves out nothing', async () => {
    const wall = new Wall();
    const position = memoryPosition();
    const first = open(wall, position);
    first.feed.start((event) => void first.events.push(event));
    wall.ms += 1500;
    await until(first.feed, SIMULATION_START_MS + 80_000);
    await first.feed.stop();
    wall.ms += 86_400_000;
    const second = open(wall, position);
    second.feed.start((event) => void second.events.push(event));
    wall.ms += 1500;
    await until(second.feed, SIMULATION_START_MS + 170_000);
    await second.feed.stop();

    const whole = open(wall, memoryPosition());
    whole.feed.start((event) => void whole.events.push(event));
    wall.ms += 3000;
    await until(whole.feed, SIMULATION_START_MS + 175_000);
    await whole.feed.stop();
    const joined = [...first.events, ...second.events];
    expect(joined.length).toBeGreaterThan(60);
    expect(joined).toEqual(whole.events.slice(0, joined.length));
  });

  it('begins at its start again for another seed', async () => {
    const wall = new Wall();
    const position = memoryPosition();
    const { identity } = open(wall, position).feed.source;
    position.save(identity, SIMULATION_START_MS + 5_000_000);
    expect(open(wall, position).feed.nowMs()).toBe(SIMULATION_START_MS + 5_000_000);
    const other = open(wall, position, { seed: 8 }).feed;
    expect(other.source.identity).not.toBe(identity);
    expect(other.nowMs()).toBe(SIMULATION_START_MS - 1);
  });

  it('brings every missed quote in order after the process stood still for a minute', async () => {
    const wall = new Wall();
    const { feed, events } = open(wall, memoryPosition());
    feed.start((event) => void events.push(event));
    wall.ms += 60_000;
    await until(feed, SIMULATION_START_MS + 3_590_000);
    await feed.stop();
    expectInOrder(events);
    const quotesOfBtc = events.filter((event) => event.kind === 'quote' && event.instrument === 0);
    expect(quotesOfBtc.length).toBeGreaterThanOrEqual(59 * 12);
  });

  it('brings only the extremes of each minute after more than five minutes, and every bar', async () => {
    const wall = new Wall();
    const { feed, events } = open(wall, memoryPosition());
    feed.start((event) => void events.push(event));
    wall.ms += 600_000;
    await until(feed, SIMULATION_START_MS + 600 * 60_000 - 61_000);
    await feed.stop();
    expectInOrder(events);
    const quotes = events.filter((event) => event.kind === 'quote' && event.instrument === 0);
    const bars = events.filter((event) => event.kind === 'bar' && event.bar.instrument === 0);
    expect(bars.length).toBeGreaterThanOrEqual(598);
    expect(quotes.length).toBeLessThan(bars.length * 4.2);
  });

  it('keeps market time where it is when the wall clock is set back', async () => {
    const wall = new Wall();
    const { feed } = open(wall, memoryPosition());
    feed.start(() => {});
    wall.ms += 1000;
    await until(feed, SIMULATION_START_MS + 59_000);
    const before = feed.nowMs();
    wall.ms -= 3_600_000;
    await sleep(30);
    expect(feed.nowMs()).toBeGreaterThanOrEqual(before);
    wall.ms += 1000;
    await until(feed, before + 50_000);
    await feed.stop();
  });

  it('gives the event loop its turn while it goes as fast as it can', async () => {
    const { feed } = open(new Wall(), memoryPosition(), { speed: null });
    feed.start(() => {});
    // The simulated market never ends: a feed that kept the loop to itself would let no turn come.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await feed.stop();
    expect(feed.nowMs()).toBeGreaterThan(SIMULATION_START_MS + 3_600_000);
  });

  it('waits for a listener that answers with a promise', async () => {
    const wall = new Wall();
    const { feed } = open(wall, memoryPosition());
    let release = (): void => {};
    let delivered = 0;
    feed.start(() => {
      delivered += 1;
      return delivered === 1 ? new Promise<void>((resolve) => (release = resolve)) : undefined;
    });
    wall.ms += 10_000;
    await sleep(60);
    expect(delivered).toBe(1);
    release();
    await until(feed, SIMULATION_START_MS + 590_000);
    await feed.stop();
    expect(delivered).toBeGreaterThan(200);
  });
});
