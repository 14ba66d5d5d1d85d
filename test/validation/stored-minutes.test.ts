import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureDataKey } from '../../src/home/secrets.js';
import {
  changedSince,
  filesOf,
  storedMinutes,
  storedPeriods,
} from '../../src/validation/data/stored-minutes.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { storeHours } from '../support/stored-hours.js';

const desk = cryptoDesk();
const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const at = (hour: number): number => Date.UTC(2026, 9, 1, hour);

let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'fermata-stored-'));
  const key = ensureDataKey(home);
  const put = storeHours(home, desk, key);
  await put('BTC/USDT', '2026-10', at(0), at(20));
  // The venue lacked an hour of it: nothing could be fetched there.
  await put('ETH/USDT', '2026-10', at(5), at(9), [{ fromMs: at(6), untilMs: at(7) }]);
  await put('BTC/USDT', '2026-11', at(40), at(50));
  await put('ETH/USDT', '2026-11', at(45), at(60));
  await put('ETH/USDT', '2026-12', at(19), at(19) + 1_800_000);
  // A coin listed in November: of October, the venue had nothing.
  await put('SOL/USDT', '2026-10', at(0), at(20), [{ fromMs: at(0), untilMs: at(20) }]);
  await put('SOL/USDT', '2026-11', at(40), at(50), [{ fromMs: at(40), untilMs: at(48) }]);
  // Two months without a hole between them, and one an hour later.
  await put('ADA/USDT', '2026-10', at(0), at(10));
  await put('ADA/USDT', '2026-11', at(10), at(20));
  await put('ADA/USDT', '2026-12', at(21), at(30));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('are offered by the periods of which every instrument is stored, the newest first, none under an hour', async () => {
  const { files } = await storedMinutes(home, desk, undefined);
  expect(storedPeriods(files, SYMBOLS)).toEqual([
    { name: '2026-10-02T21:00Z/2026-10-03T02:00Z', fromMs: at(45), untilMs: at(50) },
    { name: '2026-10-01T05:00Z/2026-10-01T09:00Z', fromMs: at(5), untilMs: at(9) },
  ]);
  expect(storedPeriods(files, [...SYMBOLS, 'XRP/USDT'])).toEqual([]);
});

it('are not offered of a month in which the venue had no minute of an instrument, nor traded from its file', async () => {
  const { files } = await storedMinutes(home, desk, undefined);
  const all = [...SYMBOLS, 'SOL/USDT'];
  expect(storedPeriods(files, all).map(({ fromMs, untilMs }) => [fromMs, untilMs])).toEqual([
    [at(45), at(50)],
  ]);
  const traded = filesOf(files, ['SOL/USDT'], { fromMs: at(0), untilMs: at(50) });
  expect(traded.map(({ month }) => month)).toEqual(['2026-11']);
});

it('come with those before the period, which warm averages up, as far as there is no hole', async () => {
  const { files } = await storedMinutes(home, desk, undefined);
  const months = (from: number, until: number): readonly string[] =>
    filesOf(files, ['ADA/USDT'], { fromMs: at(from), untilMs: at(until) }).map(({ month }) => month);
  expect(months(10, 20)).toEqual(['2026-10', '2026-11']);
  expect(months(12, 15)).toEqual(['2026-10', '2026-11']);
  expect(months(21, 25)).toEqual(['2026-12']);
});

it('are none of another market', async () => {
  const { files } = await storedMinutes(home, desk, 'http://127.0.0.1:1');
  expect(files).toEqual([]);
  expect(storedPeriods(files, SYMBOLS)).toEqual([]);
});

it('are named where a byte is not what was fetched', async () => {
  const { files } = await storedMinutes(home, desk, undefined);
  const november = filesOf(files, SYMBOLS, { fromMs: at(45), untilMs: at(50) });
  expect(november.map(({ symbol, month }) => `${symbol} ${month}`).sort()).toEqual([
    'BTC/USDT 2026-11',
    'ETH/USDT 2026-11',
  ]);
  expect(await changedSince(home, november)).toBeNull();
  const { file = '' } = november.find(({ symbol }) => symbol === 'ETH/USDT') ?? {};
  writeFileSync(file, 'other');
  expect(await changedSince(home, november)).toMatchObject({
    ...{ file, symbol: 'ETH/USDT', fromMs: at(45), untilMs: at(60) },
    reason: expect.stringMatching(/SHA-256/),
  });
});
