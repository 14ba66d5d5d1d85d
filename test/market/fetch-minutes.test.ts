import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FetchRequest, FetchStopped, fetchMinutes } from '../../src/market/fetched/fetch-minutes.js';
import { fetchedFiles, gapsIn } from '../../src/market/fetched/fetched-files.js';
import { provenanceOf } from '../../src/market/fetched/minutes-file.js';
import { gridsOf, toBar } from '../../src/market/live/minute-reader.js';
import { checkRecording } from '../../src/market/recorded/check-recording.js';
import type { OhlcvRow } from '../../src/venue/prices.js';
import { btc } from '../support/paper-instruments.js';
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
      expect(await provenanceOf(file, KEY)).toEqual({ kind: 'fetched', provenance });
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
});
