import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { runCommand } from './run-command.js';

let simulator: BinanceSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await startBinanceSimulator({ history: { minutes: 26 * 60 } });
  folder = mkdtempSync(join(tmpdir(), 'fermata-data-'));
});
afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Of an hour ago: a day that has only begun has no minute that is over. */
const day = new Date(Date.now() - 3_600_000).toISOString().slice(0, 10);
const data = (...args: string[]) => runCommand(folder, ['data', ...args]);

describe('fermata data fetch', () => {
  it('needs no running desk: it fetches from the venue, lists, verifies and names gaps', async () => {
    const venue = ['--simulated-venue', simulator.address];
    const span = ['--from', day, '--to', day, '--desk', 'crypto-bot'];
    const fetched = await data('fetch', 'BTC/USDT', 'ETH/USDT', ...span, ...venue, '--json');
    expect(fetched.err + fetched.out).toContain('ETH/USDT');
    expect(fetched.code).toBe(0);
    const months = JSON.parse(fetched.out) as { file: string; fresh: number; provenance: object }[];
    expect(months).toHaveLength(2);
    expect(months[0]?.provenance).toMatchObject({
      ...{ venue: 'binance', endpoint: 'simulator', address: simulator.address, symbol: 'BTC/USDT' },
    });
    const listed = await data('list');
    expect(listed).toMatchObject({ code: 0, out: expect.stringMatching(/✓ BTC\/USDT .* from http:\/\/127/) });
    const gaps = await data('gaps', 'BTC/USDT', '--from', '2020-01-01', '--to', '2020-01-01');
    expect(gaps).toMatchObject({ code: 1, out: expect.stringContaining('1440 missing') });
    const here = await data('gaps', 'BTC/USDT', '--from', day, '--to', day, '--json');
    expect(JSON.parse(here.out)).toMatchObject({ sources: [simulator.address] });
    writeFileSync(months[0]?.file ?? '', 'ts,open,high,low,close,volume\n1,1,1,1,1,1\n');
    for (const command of ['verify', 'list'])
      expect(await data(command)).toMatchObject({
        code: 1,
        out: expect.stringMatching(/✗ .*SHA-256 differs/),
      });
    // What was changed counts as not there, as in a validation.
    const changed = await data('gaps', 'BTC/USDT', '--from', day, '--to', day, '--json');
    expect(changed.code).toBe(1);
    expect(JSON.parse(changed.out)).toMatchObject({ sources: [] });
    rmSync(months[1]?.file ?? '');
    for (const command of ['verify', 'list'])
      expect(await data(command)).toMatchObject({
        code: 1,
        out: expect.stringMatching(/✗ .*ETH-USDT.*it is gone/),
      });
  });

  it('offers nothing to trade on where the venue had no minute', async () => {
    const venue = ['--simulated-venue', simulator.address];
    const early = ['--from', '2020-01-01', '--to', '2020-01-01', '--desk', 'crypto-bot'];
    const { out, code } = await data('fetch', 'BTC/USDT', ...early, ...venue);
    expect({ out, code }).toMatchObject({ code: 0, out: expect.stringContaining('0 minutes') });
    expect(out).toContain('the venue had no minute of BTC/USDT in this time');
    expect(out).not.toContain('Trade on them');
  });

  it('says which instruments the desk has, and what a day looks like', async () => {
    const unknown = await data('fetch', 'XRP/USDT', '--from', day, '--to', day, '--desk', 'crypto-bot');
    expect(unknown).toMatchObject({
      code: 2,
      err: expect.stringMatching(/does not trade XRP\/USDT[\s\S]*BTC\/USDT/),
    });
    const noDay = await data('fetch', 'BTC/USDT', '--from', '2026-02-30', '--to', day);
    expect(noDay).toMatchObject({ code: 2, err: expect.stringContaining('expected a day like 2026-10-01') });
  });
});
