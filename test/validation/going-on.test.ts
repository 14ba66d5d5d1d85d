import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { MarketBar, MarketEvent, MarketFeed, MarketListener } from '../../src/contracts/market-feed.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { openPrices } from '../../src/validation/data/open-prices.js';
import { placeAt, type ValidationMessage, type ValidationRequest } from '../../src/validation/request.js';
import { RunInterrupted, runValidation } from '../../src/validation/run.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import {
  BEGIN_MS,
  HOUR_MS,
  loaded,
  MINUTE_MS,
  PROGRAM,
  prepare,
  problemsOf,
  recorded,
  SIMULATED,
  temporaryFolder,
  waves,
  writeMinutes,
} from './support/validations.js';

const resultOf = (directory: string): string => readFileSync(placeAt(directory).result, 'utf8');

function start(directory: string): ChildProcess {
  return endChildWithThisProcess(
    fork(PROGRAM, [directory], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
}

async function until(child: ChildProcess, isThere: (message: ValidationMessage) => boolean): Promise<void> {
  for await (const [message] of on(child, 'message')) {
    if (isThere(message as ValidationMessage)) return;
  }
}

describe('a validation that was killed', () => {
  it('goes on to the identical report, with every fill once', async () => {
    // Slow enough that a process which had to wait for a second is not past the moment of its kill.
    const asked = { market: { ...SIMULATED, speed: 2500 }, durationMs: 6 * HOUR_MS };
    const directory = prepare(temporaryFolder(), asked);
    const recordsAtKills: number[] = [];
    for (const part of [0.3, 0.6]) {
      const child = start(directory);
      await until(child, (message) => message.type === 'progress' && message.progress.part > part);
      child.kill('SIGKILL');
      await once(child, 'exit');
      recordsAtKills.push([...readJournal(placeAt(directory).journal)].length);
    }
    const last = start(directory);
    expect(await once(last, 'exit')).toEqual([0, null]);

    const whole = prepare(temporaryFolder(), { ...asked, market: SIMULATED });
    await runValidation(whole);
    expect(resultOf(directory)).toBe(resultOf(whole));
    const records = [...readJournal(placeAt(directory).journal)].map(({ record }) => record);
    const fills = records.flatMap((record) => (record.type === 'fill' ? [record.fill.tradeId] : []));
    expect(fills.length).toBeGreaterThan(0);
    expect(new Set(fills).size).toBe(fills.length);
    const [first = 0, second = 0] = recordsAtKills;
    expect(0 < first && first < second && second < records.length).toBe(true);
  });

  it('ends with the process that started it', async () => {
    const directory = prepare(temporaryFolder(), {
      market: { ...SIMULATED, speed: 5000 },
      durationMs: 24 * HOUR_MS,
    });
    const child = start(directory);
    await until(child, ({ type }) => type === 'progress');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([1, null]);
  });

  it('is a NO-GO when its prices are no longer those it began with', async () => {
    const home = temporaryFolder();
    const minutes = waves(360);
    const directory = prepare(home, { market: recorded(writeMinutes(home, minutes)) });
    await runValidation(directory);
    rmSync(placeAt(directory).result);
    writeMinutes(
      home,
      minutes.map((minute) => ({ ...minute, low: minute.low - 5 })),
    );
    const report = await runValidation(directory);
    expect(problemsOf(report)).toContain('not-repeatable');
    expect(report.recommendation).toBe('NO-GO');
  });

  it('goes on where an earlier version had begun it, which told of no closed trades', async () => {
    const home = temporaryFolder();
    const market = recorded(writeMinutes(home, waves(360)));
    const whole = prepare(home, { market });
    await runValidation(whole);
    const entries = [...readJournal(placeAt(whole).journal)];
    const closings = entries.filter(({ record }) => record.type === 'trade.closed').length;
    expect(closings).toBeGreaterThan(1);

    const begun = prepare(temporaryFolder(), { market });
    const { incarnation } = entries[0]!;
    const { journal } = await openJournal({
      directory: placeAt(begun).journal,
      drawIncarnation: () => incarnation,
    });
    const lastClosing = entries.findLastIndex(({ record }) => record.type === 'trade.closed');
    const before = entries.slice(0, lastClosing).filter(({ record }) => record.type !== 'trade.closed');
    for (const { record, wallMs } of before) journal.append(record, wallMs, wallMs);
    await journal.whenDurable(journal.lastSequence);
    await journal.close();
    const report = await runValidation(begun);
    expect(problemsOf(report)).not.toContain('not-repeatable');
    const records = [...readJournal(placeAt(begun).journal)].map(({ record }) => record);
    expect(records.slice(0, before.length)).toEqual(before.map(({ record }) => record));
    expect(records.filter(({ type }) => type !== 'trade.closed')).toEqual(
      entries.map(({ record }) => record).filter(({ type }) => type !== 'trade.closed'),
    );
    expect(records.filter(({ type }) => type === 'trade.closed').length).toBeLessThan(closings);
  });

  it('goes on where an earlier version had begun it, which waited for a price of each instrument', async () => {
    const home = temporaryFolder();
    const minutes = waves(6 * 60);
    const files = [
      { symbol: 'BTC/USDT', file: writeMinutes(home, minutes) },
      { symbol: 'ETH/USDT', file: writeMinutes(home, minutes.slice(150), 'later.csv') },
    ];
    const market = { ...recorded(''), files };
    /** Asked for by such a version. */
    const prepareThen = (durationMs = 6 * HOUR_MS): string => {
      const directory = prepare(temporaryFolder(), { market, durationMs });
      const { request } = placeAt(directory);
      const { trades, ...then } = JSON.parse(readFileSync(request, 'utf8')) as ValidationRequest;
      expect(trades).toBe('from-first-price');
      writeFileSync(request, JSON.stringify(then));
      return directory;
    };
    const recordsOf = (directory: string) => [...readJournal(placeAt(directory).journal)];
    const armedMs = (directory: string) =>
      recordsOf(directory).find(({ record }) => record.type === 'armed')?.record;
    const whole = prepareThen();
    const report = await runValidation(whole);
    const pricedMs = minutes[150]!.openMs;
    expect(armedMs(whole)).toMatchObject({ marketMs: pricedMs });
    expect(report.halts).toMatchObject([
      {
        cause: 'startup',
        reason: expect.stringContaining('no price yet of ETH/USDT'),
        lifted: new Date(pricedMs).toISOString(),
      },
    ]);

    const begun = prepareThen();
    const entries = recordsOf(whole);
    const { journal } = await openJournal({
      directory: placeAt(begun).journal,
      drawIncarnation: () => entries[0]!.incarnation,
    });
    for (const { record, wallMs } of entries.slice(0, 30)) journal.append(record, wallMs, wallMs);
    await journal.whenDurable(journal.lastSequence);
    await journal.close();
    expect(problemsOf(await runValidation(begun))).not.toContain('not-repeatable');
    expect(recordsOf(begun).map(({ record }) => record)).toEqual(entries.map(({ record }) => record));

    const never = await runValidation(prepareThen(2 * HOUR_MS));
    expect(never.halts).toMatchObject([{ cause: 'startup', lifted: null }]);
    expect(never.reasons.join()).toMatch(/Trading was halted for 100\.0 % .* no price yet of ETH\/USDT/);

    const now = prepare(temporaryFolder(), { market });
    await runValidation(now);
    expect(armedMs(now)).toMatchObject({ marketMs: BEGIN_MS + MINUTE_MS });
  });

  it('refuses an id that stands for another validation', () => {
    const home = temporaryFolder();
    prepare(home, { market: SIMULATED });
    expect(() => prepare(home, { market: SIMULATED, durationMs: HOUR_MS })).toThrow('its durationMs differs');
  });
});

/** A venue whose prices move on with `nowMs`, whoever listens. */
class LiveDouble {
  nowMs = BEGIN_MS;
  /** How often somebody has looked at its clock. */
  looks = 0;
  /** Its history comes only after this. */
  answers: () => Promise<unknown> = () => Promise.resolve();
  /** Whether it has its history when it is asked for. */
  hasPast = true;
  readonly #bars: readonly MarketBar[];
  #listener: MarketListener | null = null;

  constructor(minutes: number) {
    this.#bars = waves(minutes).map(({ openMs, open, high, low, close }, at) => ({
      instrument: 0,
      openMs,
      spanMs: MINUTE_MS,
      openTicks: Math.round(open * 100),
      highTicks: Math.round(high * 100),
      lowTicks: Math.round(low * 100),
      closeTicks: Math.round(close * 100),
      volumeLots: at % 2 === 0 ? Number.NaN : at,
    }));
  }

  open(): MarketFeed {
    return {
      source: {
        kind: 'live',
        identity: 'live-double',
        label: 'live: a double',
        simulated: false,
        speed: 1,
        seed: null,
        venue: 'double',
        files: [],
      },
      tellsTrades: false,
      nowMs: () => {
        this.looks += 1;
        return this.nowMs;
      },
      history: async (instrument, count) => {
        await this.answers();
        return this.hasPast ? this.#past(instrument).slice(-count) : [];
      },
      start: (listener) => {
        this.#listener = listener;
      },
      stop: () => {
        this.#listener = null;
        return Promise.resolve();
      },
    };
  }

  #past(instrument: number): readonly MarketBar[] {
    return this.#bars
      .filter((bar) => bar.openMs + bar.spanMs <= this.nowMs)
      .map((bar) => ({ ...bar, instrument }));
  }

  get isHeard(): boolean {
    return this.#listener !== null;
  }

  /** What it did not have when it was asked. */
  tellPast(): void {
    for (const bar of [0, 1].flatMap((instrument) => this.#past(instrument)))
      this.#tell({ kind: 'bar', marketMs: this.nowMs, bar, late: true, past: true });
  }

  /** The next minute happens, on both instruments. */
  pass(): void {
    const bar = this.#bars.find(({ openMs }) => openMs >= this.nowMs)!;
    this.nowMs = bar.openMs + MINUTE_MS;
    for (const instrument of [0, 1]) {
      const quote = { bidLots: 0, askLots: 0, bidTicks: bar.closeTicks, askTicks: bar.closeTicks + 2 };
      this.#tell({ kind: 'quote', instrument, marketMs: this.nowMs, ...quote });
      this.#tell({ kind: 'bar', marketMs: this.nowMs, bar: { ...bar, instrument } });
    }
  }

  /** A price within the minute, half of which passes. */
  quote(): void {
    const bar = this.#bars.find(({ openMs }) => openMs >= this.nowMs)!;
    this.nowMs = bar.openMs + MINUTE_MS / 2;
    const quote = { bidLots: 0, askLots: 0, bidTicks: bar.openTicks, askTicks: bar.openTicks + 2 };
    this.#tell({ kind: 'quote', instrument: 0, marketMs: this.nowMs, ...quote });
  }

  #tell(event: MarketEvent): void {
    void this.#listener?.(event);
  }
}

function opening(live: LiveDouble, directory: string): () => Promise<MarketFeed> {
  const { desk } = loaded;
  const request = { market: { ...SIMULATED, kind: 'live' }, beginMs: null, desk, directory } as const;
  const onFault = (error: Error): never => {
    throw error;
  };
  return () =>
    openPrices({ ...request, instruments: buildInstruments(desk), onFault }, () =>
      Promise.resolve(live.open()),
    );
}

describe('a validation on live prices', () => {
  it('keeps the prices it traded on, and reads what it missed from the venue', async () => {
    const live = new LiveDouble(200);
    const directory = prepare(temporaryFolder(), {
      market: { ...SIMULATED, kind: 'live' },
      durationMs: 2 * HOUR_MS,
    });
    const openFeed = () => Promise.resolve(live.open());
    const ending = new AbortController();
    const first = runValidation(directory, { openFeed, signal: ending.signal }).catch(
      (error: unknown) => error,
    );
    await expect.poll(() => live.isHeard).toBe(true);
    for (let minute = 0; minute < 45; minute += 1) live.pass();
    // It ends within a minute, whose bar it therefore never had.
    live.quote();
    await expect
      .poll(() => readFileSync(placeAt(directory).prices, 'utf8'))
      .toContain(`"marketMs":${live.nowMs}`);
    ending.abort();
    expect(await first).toBeInstanceOf(RunInterrupted);
    for (let minute = 0; minute < 10; minute += 1) live.pass();
    const loggedBars = () =>
      readFileSync(placeAt(directory).prices, 'utf8').match(/"kind":"bar"/g)?.length ?? 0;
    const before = loggedBars();
    appendFileSync(placeAt(directory).prices, '{"kind":"quote","instr');

    const second = runValidation(directory, { openFeed });
    await expect.poll(() => live.isHeard).toBe(true);
    // The minute that was cut in two and the ten behind it, of both instruments.
    expect(loggedBars() - before).toBe(2 * 11);
    // All that belongs to its two hours is kept before the venue's clock is past their end: whoever looks at the clock
    // then ends the run, with what is still being gathered left out.
    for (let minute = 0; minute < 65; minute += 1) live.pass();
    await expect.poll(() => loggedBars() - before).toBe(2 * (11 + 65));
    for (let minute = 0; minute < 15; minute += 1) live.pass();
    const report = await second;
    expect(report.market.kind).toBe('live');
    // Two hours are too few for a GO for real money, and nothing about the prices is.
    expect(report.market.endpoint).toEqual({ kind: 'live', venue: 'double', address: null });
    const others = /NO-GO|it traded for/;
    expect(report.goLive.because.filter((why) => !others.test(why))).toEqual([]);
    expect(problemsOf(report)).toEqual([]);
    expect(report.data.coverage.map(({ missing }) => missing)).toEqual([0, 0]);
  });

  it('reads what it missed up to its end, where that has passed by the time it goes on', async () => {
    const live = new LiveDouble(200);
    const directory = prepare(temporaryFolder(), {
      market: { ...SIMULATED, kind: 'live' },
      durationMs: HOUR_MS,
    });
    const openFeed = () => Promise.resolve(live.open());
    const ending = new AbortController();
    const first = runValidation(directory, { openFeed, signal: ending.signal }).catch(
      (error: unknown) => error,
    );
    await expect.poll(() => live.isHeard).toBe(true);
    for (let minute = 0; minute < 20; minute += 1) live.pass();
    await expect
      .poll(() => readFileSync(placeAt(directory).prices, 'utf8'))
      .toContain(`"marketMs":${live.nowMs}`);
    ending.abort();
    expect(await first).toBeInstanceOf(RunInterrupted);
    for (let minute = 0; minute < 60; minute += 1) live.pass();
    // The run looks at the clock, which is past its end, while the venue has not answered yet.
    live.answers = async () => {
      await setImmediate();
      const before = live.looks;
      await expect.poll(() => live.looks).toBeGreaterThan(before);
    };
    const report = await runValidation(directory, { openFeed });
    expect(problemsOf(report)).toEqual([]);
    expect(report.data.coverage.map(({ missing }) => missing)).toEqual([0, 0]);
  });

  it('keeps of a minute whose volume the venue does not tell that it is not known', async () => {
    const live = new LiveDouble(20);
    live.nowMs += 4 * MINUTE_MS;
    const directory = temporaryFolder();
    const open = opening(live, directory);
    const first = await open();
    const past = await first.history(0, 3);
    first.start(() => undefined);
    await expect.poll(() => live.isHeard).toBe(true);
    for (let minute = 0; minute < 3; minute += 1) live.pass();
    const written = () => readFileSync(placeAt(directory).prices, 'utf8').match(/"kind":"bar"/g)?.length;
    await expect.poll(written).toBe(2 * 3);
    await first.stop();

    const again = await open();
    expect(await again.history(0, 3)).toEqual(past);
    const told: number[] = [];
    again.start((event) => {
      if (event.kind === 'bar' && event.bar.instrument === 0) told.push(event.bar.volumeLots);
    });
    await expect.poll(() => live.isHeard).toBe(true);
    await again.stop();
    expect(past.map(({ volumeLots }) => volumeLots)).toEqual([1, Number.NaN, 3]);
    expect(told).toEqual([Number.NaN, 5, Number.NaN]);
  });

  it('warms up on no minute of the time that it has traded, where the venue had no history at first', async () => {
    const live = new LiveDouble(20);
    const directory = temporaryFolder();
    const open = opening(live, directory);
    const first = await open();
    expect(await first.history(0, 3)).toEqual([]);
    await first.stop();
    // Nothing has been told yet.
    live.nowMs += MINUTE_MS;
    const second = await open();
    expect(await second.history(0, 3)).toHaveLength(1);
    second.start(() => undefined);
    await expect.poll(() => live.isHeard).toBe(true);
    for (let minute = 0; minute < 3; minute += 1) live.pass();
    const written = () => readFileSync(placeAt(directory).prices, 'utf8').match(/"kind":"bar"/g)?.length;
    await expect.poll(written).toBe(2 * 3);
    await second.stop();

    const third = await open();
    expect(await third.history(0, 3)).toHaveLength(1);
    expect(await third.history(1, 3)).toEqual([]);
    await third.stop();
  });

  it('takes a history that comes late for no minute of its own time', async () => {
    const live = new LiveDouble(200);
    live.nowMs += HOUR_MS;
    live.hasPast = false;
    const directory = prepare(temporaryFolder(), {
      market: { ...SIMULATED, kind: 'live' },
      durationMs: HOUR_MS,
    });
    const running = runValidation(directory, { openFeed: () => Promise.resolve(live.open()) });
    await expect.poll(() => live.isHeard).toBe(true);
    live.tellPast();
    for (let minute = 0; minute < 20; minute += 1) live.pass();
    // Three minutes without a bar.
    live.nowMs += 3 * MINUTE_MS;
    for (let minute = 0; minute < 36; minute += 1) live.pass();
    await expect
      .poll(() => readFileSync(placeAt(directory).prices, 'utf8').match(/"kind":"bar"/g)?.length)
      .toBe(2 * (60 + 20 + 36));
    for (let minute = 0; minute < 15; minute += 1) live.pass();
    const report = await running;
    expect(problemsOf(report)).toContain('missing-bars');
    for (const { missing } of report.data.coverage) expect(missing).toBeGreaterThanOrEqual(3);
  });

  it('ends when its time is up, also where the venue has fallen silent, and says so', async () => {
    const live = new LiveDouble(200);
    const directory = prepare(temporaryFolder(), {
      market: { ...SIMULATED, kind: 'live' },
      durationMs: HOUR_MS,
    });
    const running = runValidation(directory, { openFeed: () => Promise.resolve(live.open()) });
    await expect.poll(() => live.isHeard).toBe(true);
    for (let minute = 0; minute < 20; minute += 1) live.pass();
    await expect.poll(() => existsSync(placeAt(directory).progress)).toBe(true);
    live.nowMs += 2 * HOUR_MS;
    expect(problemsOf(await running)).toContain('ended-early');
  });
});
