import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateBudget, RateBudgetQueue, SHARES, URGENCIES } from '../../src/venue/rate-budget.js';

describe('a rate budget', () => {
  it('keeps what is urgent free when everything else has used up its share', () => {
    const budget = new RateBudget({ limit: 100, windowMs: 60_000 });
    for (const urgency of ['background', 'read', 'order', 'urgent'] as const) {
      while (budget.take(1, urgency, 1000) === 0);
      expect(budget.state(1000).used).toBe(100 * SHARES[urgency]);
    }
    expect(budget.take(1, 'urgent', 1000)).toBe(59_000);
  });

  it('is full again in the next window', () => {
    const budget = new RateBudget({ limit: 10, windowMs: 1000 });
    budget.take(10, 'urgent', 100);
    expect(budget.take(1, 'urgent', 999)).toBe(1);
    expect(budget.take(1, 'urgent', 1000)).toBe(0);
  });

  it('believes the venue where it has counted more', () => {
    const budget = new RateBudget({ limit: 100, windowMs: 60_000 });
    budget.take(5, 'read', 0);
    budget.observe(99, 10);
    budget.observe(3, 10);
    expect(budget.state(10).used).toBe(99);
    expect(budget.take(1, 'read', 10)).toBeGreaterThan(0);
  });

  it('lets only what is urgent try in a window of which the venue says that it is used up', () => {
    const budget = new RateBudget({ limit: 10, windowMs: 1000 });
    budget.exhaust(100);
    expect(budget.take(1, 'order', 200)).toBe(800);
    expect(budget.take(1, 'urgent', 200)).toBe(0);
    expect(budget.take(1, 'order', 1000)).toBe(0);
  });

  it('never lets more through in a window than the venue allows', () => {
    const requests = fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 50 }),
        urgency: fc.constantFrom(...URGENCIES),
        afterMs: fc.nat(500),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(requests, (list) => {
        const budget = new RateBudget({ limit: 100, windowMs: 1000 });
        const perWindow = new Map<number, number>();
        let nowMs = 0;
        for (const { weight, urgency, afterMs } of list) {
          nowMs += afterMs;
          if (budget.take(weight, urgency, nowMs) > 0) continue;
          const window = Math.floor(nowMs / 1000);
          perWindow.set(window, (perWindow.get(window) ?? 0) + weight);
        }
        for (const used of perWindow.values()) expect(used).toBeLessThanOrEqual(100);
      }),
    );
  });
});

describe('the queue of requests', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.setSystemTime(60_000);
  });
  afterEach(() => vi.useRealTimers());

  function open(limit: number, waitingMax = 3) {
    const queue = new RateBudgetQueue({
      weight: new RateBudget({ limit, windowMs: 1000 }),
      orders: new RateBudget({ limit: 5, windowMs: 1000 }),
      nowMs: () => Date.now(),
      waitingMax,
    });
    const done: string[] = [];
    const enter = (name: string, urgency: (typeof URGENCIES)[number], weight = 1, countsAsOrder = false) =>
      queue
        .enter({ weight, urgency, countsAsOrder, sinceMs: Date.now() })
        .then((how) => done.push(`${name}:${how}`));
    return { queue, done, enter };
  }

  it('sends at once what has room', async () => {
    const { done, enter } = open(10);
    void enter('a', 'read');
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toEqual(['a:go']);
  });

  it('sends no reading that nobody waits for any more, and every cancel however long it waited', async () => {
    const { done, enter } = open(10, 100);
    for (let count = 0; count < 10; count += 1) void enter('first', 'urgent');
    for (let count = 0; count < 40; count += 1) void enter('read', 'read');
    for (let count = 0; count < 60; count += 1) void enter('order', 'urgent');
    await vi.advanceTimersByTimeAsync(8000);
    expect(done.filter((one) => one === 'read:weightLimit')).toHaveLength(40);
    expect(done.filter((one) => one === 'order:go')).toHaveLength(60);
  });

  it('lets a cancel through at once while a full queue of other requests waits', async () => {
    const { done, enter, queue } = open(10);
    for (let count = 0; count < 7; count += 1) void enter('read', 'read');
    for (let count = 0; count < 3; count += 1) void enter('wait', 'read');
    void enter('too many', 'read');
    void enter('cancel', 'urgent');
    await vi.advanceTimersByTimeAsync(0);
    expect(done.filter((one) => one === 'read:go')).toHaveLength(7);
    expect(done).toContain('too many:full');
    expect(done).toContain('cancel:go');
    expect(queue.waiting).toBe(3);
  });

  it('serves the most urgent first when the next window opens, then the oldest', async () => {
    const { done, enter } = open(4);
    void enter('fill', 'urgent', 4);
    for (const [name, urgency] of [
      ['b1', 'background'],
      ['r1', 'read'],
      ['u1', 'urgent'],
      ['r2', 'read'],
      ['u2', 'urgent'],
    ] as const) {
      void enter(name, urgency);
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toEqual(['fill:go']);
    await vi.advanceTimersByTimeAsync(3000);
    expect(done).toEqual(['fill:go', 'u1:go', 'u2:go', 'r1:go', 'r2:go', 'b1:go']);
  });

  it('refuses an order that would have to wait for long, since its sender takes silence for an unknown fate', async () => {
    const queue = new RateBudgetQueue({
      weight: new RateBudget({ limit: 100, windowMs: 1000 }),
      orders: new RateBudget({ limit: 1, windowMs: 10_000 }),
      nowMs: () => Date.now(),
      waitingMax: 3,
    });
    const order = { weight: 1, urgency: 'urgent', countsAsOrder: true, sinceMs: Date.now() } as const;
    expect(await queue.enter(order)).toBe('go');
    expect(await queue.enter(order)).toBe('orderLimit');
    expect(queue.waiting).toBe(0);
  });

  it('names the limit that leaves an order no room: that of requests here', async () => {
    const { done, enter } = open(1);
    void enter('cancel', 'urgent');
    void enter('order', 'order', 1, true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toEqual(['cancel:go', 'order:weightLimit']);
  });

  it('lets cancels and readings through while orders wait for the limit of orders alone', async () => {
    const { done, enter } = open(1000);
    for (let count = 0; count < 5; count += 1) void enter('order', 'urgent', 1, true);
    void enter('stop', 'urgent', 1, true);
    void enter('entry', 'order', 1, true);
    void enter('cancel', 'urgent');
    void enter('reading', 'read');
    await vi.advanceTimersByTimeAsync(0);
    expect(done.slice(5)).toEqual(['cancel:go', 'reading:go']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(done.slice(7)).toEqual(['stop:go', 'entry:go']);
  });

  it('sends no order later than a second after it was wished for: those that find no room by then are refused', async () => {
    const { done, enter } = open(1000, 100);
    for (let count = 0; count < 15; count += 1) void enter(`o${count}`, 'urgent', 1, true);
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(1000);
    expect(done.filter((one) => one.endsWith(':go'))).toHaveLength(10);
    expect(done.filter((one) => one.endsWith(':orderLimit'))).toHaveLength(5);
  });

  it('counts orders apart from weight', async () => {
    const { done, enter } = open(1000);
    for (let count = 0; count < 6; count += 1) void enter(`o${count}`, 'urgent', 1, true);
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toHaveLength(5);
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toHaveLength(6);
  });

  it('sends nothing while the venue wants silence, and says so to whoever waits', async () => {
    const { done, enter, queue } = open(1);
    void enter('a', 'urgent');
    void enter('b', 'read');
    queue.pauseUntil(62_000);
    void enter('c', 'urgent');
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toEqual(['a:go', 'b:paused', 'c:paused']);
    await vi.advanceTimersByTimeAsync(2000);
    void enter('d', 'urgent');
    await vi.advanceTimersByTimeAsync(0);
    expect(done.at(-1)).toBe('d:go');
  });
});
