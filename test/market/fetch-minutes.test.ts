import { createHmac } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FetchRequest, FetchStopped, fetchMinutes } from '../../src/market/fetched/fetch-minutes.js';
import { fetchedFiles, gapsIn } from '../../src/market/fetched/fetched-files.js';
import { provenanceOf, type Span, sidecarOf, writeMinutes } from '../../src/market/fetched/minutes-file.js';
import { gridsOf, toBar } from '../../src/market/live/minute-reader.js';
import { checkRecording } from '../../src/market/recorded/check-recording.js';
import type { OhlcvRow } from '../../src/venue/prices.js';
import { priceSourceOf } from '../../src/venue/registry.js';
import { btc } from '../support/paper-instruments.js';
import { startBybit, startKucoin, startOkx } from './public-venues.js';
import { play } from './recordings.js';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const FROM = Date.UTC(2026, 9, 30);
const KEY = 'ab'.repeat(32);

let folder: string;
let asked: number[];
/** Minutes that the venue does not have, and requests that it still refuses. */
let without: ReadonlySet<number>;
let refusals: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-fetch-'));
  asked = [];
  without = new Set();
  refusals = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function request(fromMs: number, untilMs: number): FetchRequest {
  return {
    prices: { fetchMinutes: fetchRows },
    from: { venue: 'binance', endpoint: 'live', address: 'https://api.binance.com' },
    instrument: btc,
    fromMs,
    untilMs,
    folder,
    key: KEY,
    nowMs: () => FROM + 60 * DAY,
    retryMs: 1,
  };
}

function fetchRows(_symbol: string, sinceMs: number, limit: number): Promise<OhlcvRow[]> {
  asked.push(sinceMs);
  if (refusals > 0) {
    refusals -= 1;
    return Promise.reject(new Error('429 Too Many Requests'));
  }
  const rows: OhlcvRow[] = [];
  for (let at = sinceMs; rows.length < limit; at += MINUTE) {
    if (!without.has(at)) rows.push([at, 60_000.5, 60_010, 59_990.25, 60_001, 1.5]);
  }
  return Promise.resolve(rows);
}

describe('fetching minutes', () => {
  it('leaves one sealed file a month, which can be traded on', async () => {
    const months = await fetchMinutes(request(FROM, FROM + 3 * DAY));
    expect(months.map(({ provenance }) => [provenance.month, provenance.minutes])).toEqual([
      ['2026-10', 2 * 1440],
      ['2026-11', 1440],
    ]);
    for (const { file, provenance } of months) {
      expect(await provenanceOf(file, KEY)).toEqual({ kind: 'fetched', provenance, version: 2 });
      await checkRecording([{ symbol: 'BTC/USDT', file }], [btc]);
    }
  });

  it('leaves the volume empty where the venue tells none, and takes it for none again', async () => {
    const volumes: OhlcvRow[number][] = [1.5, undefined, '2.5', -1, 0];
    const rows = volumes.map(
      (volume, at): OhlcvRow => [FROM + at * MINUTE, 60_000, 60_010, 59_990, 60_001, volume],
    );
    const told = rows.map((row) => toBar(row, { instrument: btc, grids: gridsOf(btc) })?.volumeLots);
    expect(told).toEqual([150_000, Number.NaN, 250_000, Number.NaN, 0]);
    const asking = request(FROM, FROM + rows.length * MINUTE);
    const fetched = { fetchMinutes: () => Promise.resolve(rows) };
    const [month] = await fetchMinutes({ ...asking, prices: fetched });
    const { events } = await play([{ symbol: 'BTC/USDT', file: month!.file }]);
    expect(events.flatMap((event) => (event.kind === 'bar' ? [event.bar.volumeLots] : []))).toEqual(told);
  });

  it('asks only for what is not there yet, in front and behind', async () => {
    await fetchMinutes(request(FROM + DAY, FROM + DAY + 60 * MINUTE));
    asked = [];
    await fetchMinutes(request(FROM + DAY, FROM + DAY + 60 * MINUTE));
    expect(asked).toEqual([]);
    const [month] = await fetchMinutes(request(FROM + DAY - 30 * MINUTE, FROM + DAY + 90 * MINUTE));
    expect(asked).toEqual([FROM + DAY - 30 * MINUTE, FROM + DAY + 60 * MINUTE]);
    expect(month).toMatchObject({ fresh: 60, provenance: { minutes: 120, missing: [] } });
  });

  it('goes on where it stopped, and keeps what had come when the venue refuses for good', async () => {
    refusals = 3;
    await fetchMinutes(request(FROM, FROM + 10 * MINUTE));
    expect(asked).toHaveLength(4);
    const original = request(FROM, FROM + 20 * DAY);
    const failing: FetchRequest = {
      ...original,
      prices: {
        fetchMinutes: (...given) =>
          asked.length > 15 ? Promise.reject(new Error('banned')) : fetchRows(...given),
      },
    };
    asked = [];
    const late = Date.UTC(2026, 10, 1);
    await expect(fetchMinutes({ ...failing, fromMs: late, untilMs: late + 20 * DAY })).rejects.toThrow(
      FetchStopped,
    );
    const files = await fetchedFiles(folder, KEY, { whole: true });
    const kept = files.find(({ file }) => file.includes('2026-11'))?.outcome;
    expect(kept).toMatchObject({ kind: 'fetched', provenance: { minutes: 10_000 } });
    asked = [];
    const [month] = await fetchMinutes({ ...original, fromMs: late, untilMs: late + 20 * DAY });
    expect(asked[0]).toBe(late + 10_000 * MINUTE);
    expect(month?.provenance).toMatchObject({ minutes: 20 * 1440, missing: [] });
  });

  it('names the minutes that the venue does not have', async () => {
    without = new Set([FROM + 5 * MINUTE, FROM + 6 * MINUTE]);
    const [month] = await fetchMinutes(request(FROM, FROM + 60 * MINUTE));
    const gap = { fromMs: FROM + 5 * MINUTE, untilMs: FROM + 7 * MINUTE };
    expect(month?.provenance.missing).toEqual([gap]);
    const files = await fetchedFiles(folder, KEY, { whole: false });
    expect(gapsIn(files, 'BTC/USDT', { fromMs: FROM - MINUTE, untilMs: FROM + 61 * MINUTE })).toEqual([
      { fromMs: FROM - MINUTE, untilMs: FROM },
      gap,
      { fromMs: FROM + 60 * MINUTE, untilMs: FROM + 61 * MINUTE },
    ]);
  });

  it('takes nothing up from a file that was changed, and says so', async () => {
    const [before] = await fetchMinutes(request(FROM, FROM + 60 * MINUTE));
    appendFileSync(before?.file ?? '', 'x');
    const [checked] = await fetchedFiles(folder, KEY, { whole: true });
    expect(checked?.outcome).toMatchObject({ kind: 'other', reason: expect.stringMatching(/SHA-256/) });
    const [after] = await fetchMinutes(request(FROM, FROM + 60 * MINUTE));
    expect(after).toMatchObject({ fresh: 60, replaced: expect.stringMatching(/SHA-256/) });
  });

  it('asks once for all the months before a coin was listed', async () => {
    const prices = {
      fetchMinutes: (_: string, sinceMs: number, limit: number) =>
        fetchRows(_, Math.max(sinceMs, FROM), limit),
    };
    const fromMs = Date.UTC(2016, 9, 30);
    const months = await fetchMinutes({ ...request(fromMs, FROM + 60 * MINUTE), prices });
    expect(asked).toEqual([FROM]);
    expect(months).toHaveLength(121);
    expect(months.at(-2)?.provenance).toMatchObject({ month: '2026-09', minutes: 0 });
    expect(months.at(-1)?.provenance.missing).toEqual([{ fromMs: Date.UTC(2026, 9, 1), untilMs: FROM }]);
  });
});

describe.each([
  ['kucoin', startKucoin],
  ['okx', startOkx],
  ['bybit', startBybit],
] as const)('minutes of %s', (name, start) => {
  it('are fetched from the listing of a coin on, and on after a time in which nothing was traded', async () => {
    const nowMs = Date.now() - (Date.now() % MINUTE);
    const listedMs = nowMs - 70 * 60 * MINUTE;
    const silent: Span = { fromMs: listedMs + 10 * 60 * MINUTE, untilMs: listedMs + 40 * 60 * MINUTE };
    const venue = await start((openS) => {
      const openMs = openS * 1000;
      return openMs < listedMs || (openMs >= silent.fromMs && openMs < silent.untilMs);
    });
    const { addresses } = venue;
    const prices = await priceSourceOf(name).open({
      ...{ instruments: [btc], timeoutMs: 60_000, addresses, reader: 'fetch' },
    });
    try {
      const span: Span = { fromMs: listedMs - 3650 * DAY, untilMs: nowMs - 60 * MINUTE };
      const asking = {
        ...{ ...request(span.fromMs, span.untilMs), prices, nowMs: () => nowMs },
        from: { venue: name, endpoint: 'live', address: name },
      } as const;
      const months = await fetchMinutes(asking);
      expect(months.reduce((sum, { provenance }) => sum + provenance.minutes, 0)).toBe((10 + 29) * 60);
      const files = await fetchedFiles(folder, KEY, { whole: false });
      expect(gapsIn(files, 'BTC/USDT', span)).toEqual([{ fromMs: span.fromMs, untilMs: listedMs }, silent]);
      const requests = venue.requests.length;
      expect(requests).toBeLessThan(100);
      await fetchMinutes(asking);
      expect(venue.requests).toHaveLength(requests);
    } finally {
      await prices.close();
      await venue.close();
    }
  });
});

describe('a month that an earlier version stored', () => {
  const span: Span = { fromMs: FROM, untilMs: FROM + DAY };
  const silent: Span = { fromMs: FROM + 60 * MINUTE, untilMs: FROM + 120 * MINUTE };
  const asking = (): FetchRequest => ({
    ...request(span.fromMs, span.untilMs),
    prices: { looksFurther: true, fetchMinutes: fetchRows },
  });

  /** It took the first page without minutes for the end. */
  async function storedBefore(): Promise<string> {
    const { from, instrument } = request(0, 0);
    const rows = Array.from({ length: 60 }, (_, at) => `${FROM + at * MINUTE},1.00,2.00,1.00,1.50,3`);
    const about = {
      ...from,
      symbol: instrument.symbol,
      month: '2026-10',
      ...span,
      fetchedAtMs: span.untilMs,
    };
    const missing = [{ fromMs: silent.fromMs, untilMs: span.untilMs }];
    await writeMinutes(folder, { ...about, missing }, rows, KEY);
    const [{ file = '' } = {}] = await fetchedFiles(folder, KEY, { whole: true });
    const { version, seal, ...facts } = JSON.parse(readFileSync(sidecarOf(file), 'utf8'));
    const text = `fermata-minutes-1\n${JSON.stringify(facts)}`;
    const sealed = createHmac('sha256', Buffer.from(KEY, 'hex')).update(text).digest('hex');
    writeFileSync(sidecarOf(file), JSON.stringify({ version: 1, ...facts, seal: sealed }));
    expect(await provenanceOf(file, KEY)).toMatchObject({ kind: 'fetched', provenance: { missing } });
    return file;
  }

  beforeEach(() => {
    without = new Set(Array.from({ length: 60 }, (_, at) => silent.fromMs + at * MINUTE));
  });

  it('is asked once more for what it lacks, where a page without minutes is not the end', async () => {
    const file = await storedBefore();
    const [month] = await fetchMinutes(asking());
    expect(asked[0]).toBe(silent.fromMs);
    expect(month).toMatchObject({ file, fresh: 22 * 60, replaced: null });
    expect(month?.provenance).toMatchObject({ minutes: 23 * 60, missing: [silent] });
    // What was there stays as it is.
    const { events } = await play([{ symbol: 'BTC/USDT', file }]);
    const bars = events.flatMap((event) => (event.kind === 'bar' ? [event.bar] : []));
    expect(bars).toHaveLength(23 * 60);
    expect(bars[0]).toMatchObject({ openMs: FROM, openTicks: 100 });
    asked = [];
    await fetchMinutes(asking());
    expect(asked).toEqual([]);
  });

  it('is asked again later where the venue refused, and keeps what it has', async () => {
    const file = await storedBefore();
    refusals = 100;
    await expect(fetchMinutes(asking())).rejects.toThrow(FetchStopped);
    expect(await provenanceOf(file, KEY)).toMatchObject({ provenance: { minutes: 60 } });
    refusals = 0;
    expect((await fetchMinutes(asking()))[0]).toMatchObject({ fresh: 22 * 60 });
  });

  it('stays as it is where a page without minutes has always been the end', async () => {
    await storedBefore();
    const [month] = await fetchMinutes({ ...asking(), prices: { fetchMinutes: fetchRows } });
    expect(asked).toEqual([]);
    expect(month).toMatchObject({ fresh: 0, provenance: { minutes: 60 } });
  });
});
