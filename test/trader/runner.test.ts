import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Effect } from '../../src/engine/effect.js';
import { type JournalFile, openJournalFile } from '../../src/trader/journal/journal.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { systemTimers, type Timers } from '../../src/trader/running/clock.js';
import { Runner } from '../../src/trader/running/runner.js';
import { VenueCalls } from '../../src/trader/running/venue-calls.js';
import { note } from '../journal/records.js';
import { approved } from '../support/approved-order.js';
import { engineDouble } from './engine-double.js';
import { shortFolder } from './stub-handlers.js';
import { venueDouble } from './venue-double.js';

async function setUp() {
  const disk = { hold: null as Promise<void> | null };
  const openFile = async (path: string): Promise<JournalFile> => {
    const file = await openJournalFile(path);
    return { ...file, datasync: async () => void (await (disk.hold ?? file.datasync())) };
  };
  const { journal } = await openJournal({ directory: join(shortFolder(), 'journal'), openFile });
  const time = { wallMs: 1_000_000, monotonicMs: 0 };
  const engine = engineDouble();
  const venue = venueDouble();
  const broken: Error[] = [];
  /** What the runner's timers were asked for, in milliseconds. */
  const delays: number[] = [];
  const timers: Timers = {
    after: (delayMs, work) => {
      delays.push(delayMs);
      return systemTimers.after(delayMs, work);
    },
  };
  const runner = new Runner({
    engine,
    journal,
    link: new VenueCalls(venue, systemTimers),
    timers,
    pace: 'running',
    clock: { wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs },
    marketNowMs: () => 42,
    onRecord: () => undefined,
    onBroken: (error) => broken.push(error),
  });
  runner.begin();
  onTestFinished(async () => {
    runner.stop();
    await journal.close();
  });
  const pass = (ms: number) => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  return { disk, journal, time, engine, venue, broken, runner, pass, delays };
}

const quote = { kind: 'quote', instrument: 0, bidTicks: 1, askTicks: 2 } as const;
const intent: readonly Effect[] = [
  { kind: 'record', record: note('intended') },
  { kind: 'submit', order: approved({ clientId: 'f1' }) },
];
const onQuote = (effects: readonly Effect[]) => (event: { kind: string }) =>
  event.kind === 'quote' ? effects : [];

it('sends an order only after its intent is on disk', async () => {
  const { disk, engine, venue, runner, journal } = await setUp();
  let release = () => undefined as unknown;
  disk.hold = new Promise((resolve) => (release = () => resolve()));
  engine.answer = onQuote(intent);
  runner.post(quote);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(venue.calls).toEqual([]);
  release();
  await expect.poll(() => engine.kinds()).toEqual(['quote', 'order.accepted']);
  expect([venue.calls, journal.durableSequence]).toEqual([['submit f1'], 1]);
});

it('withdraws an order that is cancelled before the disk has answered, and never sends it', async () => {
  const { disk, engine, venue, runner, journal } = await setUp();
  let release = () => undefined as unknown;
  disk.hold = new Promise((resolve) => (release = () => resolve()));
  engine.answer = (event) => {
    if (event.kind === 'quote') return intent;
    return event.kind === 'command' ? [{ kind: 'cancel', clientId: 'f1', instrument: 0 }] : [];
  };
  runner.post(quote);
  void runner.command({ commandId: 'c', by: 'me', reason: 'test', command: { name: 'stop' } });
  expect(engine.kinds()).toEqual(['quote', 'command', 'order.cancelled']);
  release();
  await journal.whenDurable(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(venue.calls).toEqual([]);
});

it.each([
  ['close', 'order.lookupFailed', ['submit f1']],
  ['entry', 'order.cancelled', []],
] as const)('asks no venue for an order that waits for the disk: a %s', async (purpose, answer, sent) => {
  const { disk, engine, venue, runner, journal } = await setUp();
  let release = () => undefined as unknown;
  disk.hold = new Promise((resolve) => (release = () => resolve()));
  engine.answer = (event) => {
    if (event.kind === 'quote')
      return [
        { kind: 'record', record: note('intended') },
        { kind: 'submit', order: approved({ clientId: 'f1', purpose }) },
      ];
    return event.kind === 'command' ? [{ kind: 'lookup', clientId: 'f1', instrument: 0 }] : [];
  };
  runner.post(quote);
  void runner.command({ commandId: 'c', by: 'me', reason: 'test', command: { name: 'reconcile' } });
  expect(engine.kinds()).toEqual(['quote', 'command', answer]);
  release();
  await journal.whenDurable(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(venue.calls).toEqual(sent);
});

it('cancels at once although the disk hangs', async () => {
  const { disk, engine, venue, runner } = await setUp();
  disk.hold = new Promise(() => undefined);
  engine.answer = onQuote([
    { kind: 'record', record: note('cancelling') },
    { kind: 'cancel', clientId: 'f9', instrument: 0 },
  ]);
  runner.post(quote);
  expect(venue.calls).toEqual(['cancel f9']);
  disk.hold = null;
});

it('takes a command before market events that wait', async () => {
  const { engine, runner } = await setUp();
  engine.answer = (event) => {
    if (event.kind === 'quote' && engine.events.length === 1) {
      runner.post(quote);
      runner.post(quote);
      void runner.command({ commandId: 'c', by: 'me', reason: 'test', command: { name: 'stop' } });
    }
    return [];
  };
  runner.post(quote);
  expect(engine.kinds()).toEqual(['quote', 'command', 'quote', 'quote']);
});

it('tells the engine of a jump of the clock before any waiting event', async () => {
  const { engine, runner, pass, time } = await setUp();
  runner.post(quote);
  pass(60_000);
  runner.post(quote);
  expect(engine.kinds()).toEqual(['quote', 'clock.jump', 'quote']);
  expect(engine.events.find((event) => event.kind === 'clock.jump')).toMatchObject({ gapMs: 60_000 });
  time.wallMs -= 30_000; // somebody sets the clock back
  runner.post(quote);
  expect(engine.kinds().slice(-2)).toEqual(['clock.jump', 'quote']);
  pass(4_000);
  runner.post(quote);
  expect(engine.kinds().at(-2)).toBe('quote');
});

it('does not send an order whose disk answer comes after a jump before the engine knew of the jump', async () => {
  const { disk, engine, venue, runner, pass, journal } = await setUp();
  let release = () => undefined as unknown;
  disk.hold = new Promise((resolve) => (release = () => resolve()));
  engine.answer = (event) => {
    if (event.kind === 'quote') return intent;
    return event.kind === 'clock.jump' ? [{ kind: 'cancel', clientId: 'f1', instrument: 0 }] : [];
  };
  runner.post(quote);
  pass(60_000);
  release();
  await journal.whenDurable(1);
  await expect.poll(() => engine.kinds()).toEqual(['quote', 'clock.jump', 'order.cancelled']);
  expect(venue.calls).toEqual([]);
});

it('keeps a hanging answer from holding up any other call', async () => {
  const { engine, venue, runner } = await setUp();
  venue.onSubmit = (order) =>
    order.clientId === 'f1'
      ? new Promise(() => undefined)
      : Promise.resolve({ kind: 'accepted', venueId: 'v' });
  const orders = ['f1', 'f2', 'f3'].map(
    (id): Effect => ({ kind: 'submit', order: approved({ clientId: id }) }),
  );
  engine.answer = onQuote(orders);
  runner.post(quote);
  await expect.poll(() => engine.kinds()).toEqual(['quote', 'order.accepted', 'order.accepted']);
});

it('turns each outcome of a send and a cancel into its own event', async () => {
  const { engine, venue, runner } = await setUp();
  venue.onSubmit = async (order) => {
    if (order.clientId === 'f1') return { kind: 'rejected', code: '-2010', text: 'no balance' };
    if (order.clientId === 'f2') return { kind: 'unknown', cause: 'timeout' };
    throw new Error('a bug in the adapter');
  };
  venue.onCancel = async (clientId) =>
    clientId === 'f4'
      ? { kind: 'notOpen', code: '-2011', text: 'unknown order' }
      : { kind: 'unknown', cause: 'timeout' };
  engine.answer = onQuote([
    ...['f1', 'f2', 'f3'].map((id): Effect => ({ kind: 'submit', order: approved({ clientId: id }) })),
    { kind: 'cancel', clientId: 'f4', instrument: 0 },
    { kind: 'cancel', clientId: 'f5', instrument: 0 },
  ]);
  runner.post(quote);
  await expect.poll(() => engine.events.length).toBeGreaterThanOrEqual(6);
  const of = (clientId: string) =>
    engine.events.find((event) => 'clientId' in event && event.clientId === clientId);
  expect(of('f1')).toMatchObject({ kind: 'order.rejected', code: '-2010', text: 'no balance' });
  expect(of('f2')).toMatchObject({ kind: 'order.sendUnknown', cause: 'timeout' });
  expect(of('f3')).toMatchObject({ kind: 'order.sendUnknown', cause: 'a bug in the adapter' });
  expect(of('f4')).toMatchObject({ kind: 'order.cancelRejected', code: '-2011' });
  expect(of('f5')).toMatchObject({ kind: 'order.lookup', found: null });
});

it('reads a whole snapshot, or says that it failed', async () => {
  const { engine, venue, runner } = await setUp();
  engine.answer = onQuote([{ kind: 'requestSnapshot', requestId: 3, sinceTradeMs: 0 }]);
  runner.post(quote);
  await expect.poll(() => engine.kinds()).toEqual(['quote', 'venue.snapshot']);
  expect(engine.events.at(-1)).toMatchObject({ snapshot: { requestId: 3, cash: 5 } });
  venue.positions = () => Promise.reject(new Error('503'));
  runner.post(quote);
  await expect.poll(() => engine.kinds().at(-1)).toBe('venue.snapshotFailed');
  expect(engine.events.at(-1)).toMatchObject({ requestId: 3, cause: '503' });
});

it('reports a journal that can no longer be written, sends no order then, but still cancels', async () => {
  const { disk, engine, venue, runner } = await setUp();
  engine.answer = onQuote([...intent, { kind: 'cancel', clientId: 'f8', instrument: 0 }]);
  disk.hold = Promise.reject(new Error('EIO'));
  disk.hold.catch(() => undefined);
  runner.post(quote);
  await expect.poll(() => engine.kinds()).toContain('journal.fault');
  await expect.poll(() => engine.kinds()).toContain('order.sendUnknown');
  expect(venue.calls).toEqual(['cancel f8']);
});

it('wakes the engine when it asks, and at least every second', async () => {
  const { engine, runner, time, delays } = await setUp();
  engine.answer = (event) => {
    engine.wakeMs = event.kind === 'venue.health' ? time.monotonicMs + 30 : null;
    return [];
  };
  const ticks = () => engine.events.filter((event) => event.kind === 'tick').length;
  runner.post({ kind: 'venue.health', state: 'up', detail: '' });
  expect(delays.at(-1)).toBe(30);
  await expect.poll(ticks).toBeGreaterThan(0);
  expect(delays.at(-1)).toBe(1000);
  await expect.poll(ticks).toBeGreaterThan(1);
});

it.each([-24, -1, 1, 24])(
  'wakes the engine in time although the wall clock is set by %s h',
  async (hours) => {
    const { engine, runner, time, delays } = await setUp();
    const ticks = () => engine.events.filter((event) => event.kind === 'tick').length;
    time.wallMs += hours * 3_600_000;
    engine.answer = (event) => {
      engine.wakeMs = event.kind === 'venue.health' ? time.monotonicMs + 30 : null;
      return [];
    };
    runner.post({ kind: 'venue.health', state: 'up', detail: '' });
    expect(engine.kinds()).toContain('clock.jump');
    expect(delays.at(-1)).toBe(30);
    await expect.poll(ticks).toBeGreaterThan(0);
  },
);

it('gives each command its own outcome, also under one id', async () => {
  const { engine, runner } = await setUp();
  let count = 0;
  engine.answer = (event) => {
    if (event.kind !== 'command') return [];
    count += 1;
    return [
      { kind: 'reply', commandId: event.commandId, outcome: { ok: true, detail: `${count}`, haltId: null } },
    ];
  };
  const request = { commandId: 'c', by: 'me', reason: 'test', command: { name: 'stop' } } as const;
  const outcomes = await Promise.all([runner.command(request), runner.command(request)]);
  expect(outcomes.map((outcome) => outcome.ok && outcome.detail)).toEqual(['1', '2']);
});

it('ends after 20,000 answers to one event: engine and venue answer each other without end', async () => {
  const { disk, engine, runner, broken } = await setUp();
  disk.hold = new Promise(() => undefined);
  // An order that is withdrawn before it was sent is cancelled at once, and another takes its place.
  const again: readonly Effect[] = [
    { kind: 'submit', order: approved({ clientId: 'f1' }) },
    { kind: 'cancel', clientId: 'f1', instrument: 0 },
  ];
  engine.answer = (event) => (event.kind === 'order.cancelled' || event.kind === 'quote' ? again : []);
  runner.post(quote);
  expect(broken.map(({ message }) => message)).toEqual(['the engine and the venue do not come to rest']);
  expect(engine.events).toHaveLength(20_000);
  disk.hold = null;
});

it('ends when the engine throws, and carries nothing more out', async () => {
  const { engine, venue, runner, broken } = await setUp();
  engine.answer = () => {
    throw new Error('a bug');
  };
  runner.post(quote);
  runner.post(quote);
  expect(broken.map((error) => error.message)).toEqual(['a bug']);
  expect([engine.events.length, venue.calls]).toEqual([1, []]);
});
