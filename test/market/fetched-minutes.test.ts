import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  minutesPlace,
  provenanceOf,
  sidecarOf,
  writeMinutes,
} from '../../src/market/fetched/minutes-file.js';
import { openRecording } from '../../src/market/recorded/recorded-file.js';
import { cryptoInstruments } from '../support/paper-instruments.js';

const KEY = 'ab'.repeat(32);
const FROM = Date.UTC(2026, 10, 1);
const about = {
  venue: 'binance',
  endpoint: 'live',
  address: 'https://api.binance.com',
  symbol: 'BTC/USDT',
  month: '2026-11',
  fromMs: FROM,
  untilMs: FROM + 180_000,
  missing: [{ fromMs: FROM + 60_000, untilMs: FROM + 120_000 }],
  fetchedAtMs: FROM + 3_600_000,
} as const;
const rows = [`${FROM},1.00,2.00,1.00,1.50,3`, `${FROM + 120_000},1.50,2.00,1.00,1.50,4`];

let folder: string;
let file: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-fetched-'));
  await writeMinutes(folder, about, rows, KEY);
  file = minutesPlace(folder, about);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const reason = async (path: string, key: string | null = KEY): Promise<string> => {
  const outcome = await provenanceOf(path, key);
  return outcome.kind === 'other' ? outcome.reason : 'fetched';
};

describe('minutes that Fermata fetched', () => {
  it('are told from other files by a sealed note of venue, address, time and SHA-256', async () => {
    expect(await provenanceOf(file, KEY)).toMatchObject({
      kind: 'fetched',
      provenance: { ...about, minutes: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it('are minutes, however far apart those are that the venue had', async () => {
    const read = async (path: string) => {
      const { spanMs, close } = await openRecording([{ file: path }], cryptoInstruments[0]!);
      await close();
      return spanMs;
    };
    expect(await read(file)).toBe(60_000);
    const copy = join(folder, 'copy.csv.gz');
    copyFileSync(file, copy);
    expect(await read(copy)).toBe(120_000);
    // A report of a backtest that was written beside it says nothing of the file.
    writeFileSync(sidecarOf(copy), '{"report": 1}');
    expect(await read(copy)).toBe(120_000);
  });

  it('keep their note when both are copied together', async () => {
    const copy = join(folder, 'copy.csv.gz');
    copyFileSync(file, copy);
    expect(await reason(copy)).toMatch(/nothing beside it says/);
    copyFileSync(sidecarOf(file), sidecarOf(copy));
    expect(await reason(copy)).toBe('fetched');
  });

  it('are a file like any other once a minute was changed', async () => {
    writeFileSync(file, gzipSync(`ts,open,high,low,close,volume\n${FROM},1.00,9.00,1.00,1.50,3\n`));
    expect(await reason(file)).toMatch(/SHA-256 differs/);
  });

  it('are a file like any other once the note was changed, or was made elsewhere', async () => {
    const note = readFileSync(sidecarOf(file), 'utf8');
    writeFileSync(sidecarOf(file), note.replace('"simulator"', '"live"').replace('BTC/USDT', 'ETH/USDT'));
    expect(await reason(file)).toMatch(/was changed, or made by another installation/);
    writeFileSync(sidecarOf(file), note);
    expect(await reason(file, 'cd'.repeat(32))).toMatch(/another installation/);
    expect(await reason(file, null)).toMatch(/has fetched no minutes/);
    writeFileSync(sidecarOf(file), '{');
    expect(await reason(file)).toMatch(/can’t be read/);
  });
});
