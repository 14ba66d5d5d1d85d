import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { homePaths } from '../../src/home/runtime.js';
import { ensureDataKey } from '../../src/home/secrets.js';
import { type Span, writeMinutes } from '../../src/market/fetched/minutes-file.js';
import { startKraken } from '../market/public-venues.js';
import { commandsInOneProcess } from './run-command.js';
import { CRYPTO_DESK, writeRuntime } from './trader-double.js';

const runCommand = commandsInOneProcess();

let simulator: BinanceSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await startBinanceSimulator({ history: { minutes: 49 * 60 } });
  folder = mkdtempSync(join(tmpdir(), 'fermata-data-'));
});
afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Of an hour ago: a day that has only begun has no minute that is over. */
const day = new Date(Date.now() - 3_600_000).toISOString().slice(0, 10);
const validate = ['validate'];
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
    expect(listed).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /✓ BTC\/USDT .* in 1 file, no gap, 0\.\d MB, from binance simulator at http:\/\/127/,
      ),
    });
    expect(await data('verify')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/✓ BTC\/USDT .*\n✓ ETH.*\n✓ 2 files: every byte is as it was fetched/),
    });
    const gaps = await data('gaps', 'BTC/USDT', '--from', '2020-01-01', '--to', '2020-01-01');
    expect(gaps).toMatchObject({ code: 1, out: expect.stringContaining('1\u202f440 missing') });
    expect(gaps.out).not.toContain('nothing of BTC/USDT');
    const other = await data('gaps', 'LTC/USDT', '--from', '2020-01-01', '--to', '2020-01-02');
    expect(other.out).toContain(
      'nothing of LTC/USDT was fetched so far: fermata data fetch LTC/USDT --from 2020-01-01 --to 2020-01-02',
    );
    const here = await data('gaps', 'BTC/USDT', '--from', day, '--to', day, '--json');
    expect(JSON.parse(here.out)).toMatchObject({ sources: [simulator.address] });
    writeFileSync(months[0]?.file ?? '', 'ts,open,high,low,close,volume\n1,1,1,1,1,1\n');
    const changedTo =
      /✗ .*SHA-256 differs.*\n {4}do this: fetch the month again: fermata data fetch BTC\/USDT --from/;
    expect(await data('verify')).toMatchObject({ code: 1, out: expect.stringMatching(changedTo) });
    // What a list reads are the notes, however much was fetched.
    expect(await data('list')).toMatchObject({ code: 0 });
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

  it('verify names what a sealed file can’t be, as one of an earlier mistake: order, prices, minutes that its note has', async () => {
    const home = mkdtempSync(join(tmpdir(), 'fermata-data-verify-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const [fromMs, untilMs] = [Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 1, 0, 5)];
    const store = (symbol: string, rows: readonly (readonly [minute: number, prices: string])[]) =>
      writeMinutes(
        homePaths(join(home, 'home')).data,
        {
          ...{ venue: 'binance', endpoint: 'live', address: 'https://api.binance.com', month: '2025-01' },
          ...{ symbol, fromMs, untilMs, missing: [], fetchedAtMs: untilMs },
        },
        rows.map(([minute, prices]) => `${fromMs + minute * 60_000},${prices},3`),
        ensureDataKey(join(home, 'home')),
      );
    const good = '1.00,2.00,1.00,1.50';
    const minutes = [0, 1, 2, 3, 4];
    const all = (prices = good) => minutes.map((minute) => [minute, minute === 2 ? prices : good] as const);
    await store('OK/USDT', all());
    await store('HIGH/USDT', all('1.00,1.20,1.00,1.50'));
    await store('ZERO/USDT', all('1.00,2.00,0.00,1.50'));
    await store('BACK/USDT', all().with(3, [1, good]));
    await store('HOLE/USDT', all().toSpliced(2, 1));
    const { code, out } = await runCommand(home, ['data', 'verify']);
    expect(code).toBe(1);
    expect(out).toContain('✓ OK/USDT');
    expect(out).toMatch(/✗ .*HIGH-USDT.*row 4, column high: expected the highest of the four prices/);
    expect(out).toMatch(/✗ .*ZERO-USDT.*row 4, column low: expected a price above zero/);
    expect(out).toMatch(/✗ .*BACK-USDT.*row 5, column ts: expected later than/);
    expect(out).toMatch(/✗ .*HOLE-USDT.*it lacks 2025-01-01 00:02 UTC, which its note does not say/);
    expect(out).toContain('--from 2025-01-01 --to 2025-01-31');
    expect(out).toContain('✗ 4 of 5 files can’t be relied on');
    const listed = await runCommand(home, ['data', 'list']);
    expect(listed).toMatchObject({ code: 0, out: expect.stringContaining('✓ HOLE/USDT') });
  });

  it('verify reads recorded files to their end: what they hold and lack, or what is wrong with them', async () => {
    const home = mkdtempSync(join(tmpdir(), 'fermata-data-given-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const file = (name: string, text: string) => {
      writeFileSync(join(home, name), text);
      return join(home, name);
    };
    const minutes = [0, 1, 2, 7, 8].map((minute) => `${1_767_225_600_000 + minute * 60_000},1,1,1,1,1`);
    const bars = file('bars.csv', `ts,open,high,low,close,volume\n${minutes.join('\n')}\n`);
    const quotes = file('quotes.csv', 'ts,bid,ask,bid_size,ask_size\n1,1,2,1,1\n2,2,1,1,1\n');
    const given = [`BTC/USDT=${bars}`, `ETH/USDT=${quotes}`];
    const both = await runCommand(home, ['data', 'verify', ...given, '--desk', 'crypto-bot']);
    expect(both.code).toBe(1);
    expect(both.out).toContain(
      '✓ BTC/USDT: 5 bars of 1 min, 2026-01-01 00:00 UTC to 2026-01-01 00:09 UTC\n  ! 1 gap while its market is open, the longest 4 min from 2026-01-01 00:03 UTC',
    );
    expect(both.out).toContain(
      `✗ ETH/USDT: ${quotes}, row 3, column ask: expected at least the bid of 2, found "1"`,
    );
    const one = await runCommand(home, ['data', 'verify', given[0]!, '--json']);
    expect(one.code).toBe(0);
    expect(JSON.parse(one.out)).toMatchObject([
      { symbol: 'BTC/USDT', format: 'bars', rows: 5, spanMs: 60_000 },
    ]);
    const none = await runCommand(home, ['data', 'verify', '--desk', 'crypto-bot']);
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('--desk is about recorded files') });
  });

  it('judges what came from each venue, testnet and simulator by itself: none hides a gap of another', async () => {
    const [fromMs, untilMs] = [Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 2)];
    const gap = { fromMs: fromMs + 120_000, untilMs: fromMs + 180_000 };
    const minutes = (missing: readonly Span[]) =>
      Array.from({ length: 1440 }, (_, at) => fromMs + at * 60_000)
        .filter((openMs) => !missing.some((one) => openMs >= one.fromMs && openMs < one.untilMs))
        .map((openMs) => `${openMs},1.00,2.00,1.00,1.50,3`);
    const [exchange, local] = ['https://api.binance.com', 'http://127.0.0.1:9080'];
    const store = (endpoint: 'live' | 'simulator', address: string, missing: readonly Span[]) => {
      const about = { venue: 'binance', endpoint, address, symbol: 'SOL/USDT', month: '2025-01' } as const;
      const span = { fromMs, untilMs, missing, fetchedAtMs: untilMs };
      const home = join(folder, 'home');
      return writeMinutes(homePaths(home).data, { ...about, ...span }, minutes(missing), ensureDataKey(home));
    };
    await store('live', exchange, [gap]);
    await store('simulator', local, []);
    const args = ['gaps', 'SOL/USDT', '--from', '2025-01-01', '--to', '2025-01-01'];
    const { code, out } = await data(...args);
    expect({ code, out }).toMatchObject({
      code: 1,
      out: expect.stringContaining(
        `✗ SOL/USDT, from binance at ${exchange}: 1 missing from 2025-01-01 00:02 UTC to 2025-01-01 00:03 UTC`,
      ),
    });
    expect(out).toContain(`✓ SOL/USDT, from binance simulator at ${local}: no gap`);
    expect(JSON.parse((await data(...args, '--json')).out)).toMatchObject({
      gaps: [{ ...gap, venue: 'binance', endpoint: 'live', address: exchange }],
      sources: [exchange, local],
    });
    await store('live', exchange, []);
    expect(await data(...args)).toMatchObject({ code: 0 });
  });

  it('counts as missing what is missing while the market of the desk’s instrument was open', async () => {
    // Friday, 3 January 2025, with the hour's break from 17:00 to 18:00 in New York; the weekend begins with it.
    const [fromMs, untilMs] = [Date.UTC(2025, 0, 3), Date.UTC(2025, 0, 4)];
    const closed = { fromMs: Date.UTC(2025, 0, 3, 22), untilMs };
    const open = { fromMs: fromMs + 600_000, untilMs: fromMs + 660_000 };
    const isMissing = (openMs: number) => openMs >= closed.fromMs || openMs === open.fromMs;
    const rows = Array.from({ length: 1440 }, (_, at) => fromMs + at * 60_000)
      .filter((openMs) => !isMissing(openMs))
      .map((openMs) => `${openMs},1.00,2.00,1.00,1.50,3`);
    const about = {
      venue: 'ibkr',
      endpoint: 'live',
      address: 'ibkr',
      symbol: 'NQ/USD',
      month: '2025-01',
    } as const;
    const span = { fromMs, untilMs, missing: [open, closed], fetchedAtMs: untilMs };
    const home = join(folder, 'home');
    await writeMinutes(homePaths(home).data, { ...about, ...span }, rows, ensureDataKey(home));
    const args = ['gaps', 'NQ/USD', '--from', '2025-01-03', '--to', '2025-01-03'];
    const alone = await data(...args);
    expect(alone.out.split('\n').filter((line) => line.startsWith('✗'))).toHaveLength(2);
    expect(alone.out).toContain('hours in which its market is closed are included');
    const ofDesk = await data(...args, '--desk', 'slob', '--json');
    expect(JSON.parse(ofDesk.out)).toMatchObject({ gaps: [open], closedHours: 'left out' });
  });

  it('offers a validation that is not refused: once each instrument of the desk is stored, of days that are over', async () => {
    const own = mkdtempSync(join(tmpdir(), 'fermata-data-next-'));
    onTestFinished(() => rmSync(own, { recursive: true, force: true }));
    const venue = ['--simulated-venue', simulator.address];
    const today = new Date().toISOString().slice(0, 10);
    const before = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const span = ['--from', before, '--to', today, '--desk', 'crypto-bot'];
    const fetch = (...symbols: string[]) => runCommand(own, ['data', 'fetch', ...symbols, ...span, ...venue]);
    const one = await fetch('BTC/USDT');
    expect(one.out).not.toContain('Trade on them');
    expect(one.out).toContain(
      `! desk crypto-bot trades ETH/USDT too; before a validation: fermata data fetch ETH/USDT --from ${before} --to ${before} --desk crypto-bot`,
    );
    const early = await runCommand(own, [...validate, '--from', today, '--to', today, ...venue]);
    expect(early.err).toContain('minutes of ETH/USDT are not stored');
    expect(early.err).toContain('that day is not over');
    const both = await fetch('ETH/USDT');
    const next = /^Trade on them: fermata (.*)$/m.exec(both.out)?.[1]?.split(' ') ?? [];
    expect(next).toEqual([...validate, '--from', before, '--to', before, '--desk', 'crypto-bot', ...venue]);
    const traded = await runCommand(own, [...next, '--duration', '1h']);
    expect(traded.out).toMatch(/^(✓ GO|✗ NO-GO): paper validation of crypto-bot/m);
  });

  it('offers nothing to trade on where the venue had no minute', async () => {
    const venue = ['--simulated-venue', simulator.address];
    const early = ['--from', '2020-01-01', '--to', '2020-01-01', '--desk', 'crypto-bot'];
    const { out, code } = await data('fetch', 'BTC/USDT', ...early, ...venue);
    expect({ out, code }).toMatchObject({ code: 0, out: expect.stringContaining('0 minutes') });
    expect(out).toContain('the venue had no minute of BTC/USDT in this time');
    expect(out).not.toContain('Trade on them');
  });

  it('knows a symbol however it is typed', async () => {
    const own = mkdtempSync(join(tmpdir(), 'fermata-data-typed-'));
    onTestFinished(() => rmSync(own, { recursive: true, force: true }));
    const span = ['--from', day, '--to', day, '--desk', 'crypto-bot'];
    const venue = ['--simulated-venue', simulator.address];
    const fetched = await runCommand(own, [
      'data',
      'fetch',
      'btc/usdt',
      'ETHUSDT',
      ...span,
      ...venue,
      '--json',
    ]);
    expect(fetched.code, fetched.err).toBe(0);
    const symbols = (JSON.parse(fetched.out) as { symbol: string }[]).map(({ symbol }) => symbol);
    expect(symbols).toEqual(['BTC/USDT', 'ETH/USDT']);
    const gaps = await runCommand(own, ['data', 'gaps', 'btc-usdt', '--from', day, '--to', day, '--json']);
    expect(JSON.parse(gaps.out)).toMatchObject({ symbol: 'BTC/USDT', sources: [simulator.address] });
  });

  it('asks the simulator in the place of a venue that has prices only, and notes that it came from there', async () => {
    const kraken = await startKraken();
    onTestFinished(() => kraken.close());
    const own = mkdtempSync(join(tmpdir(), 'fermata-data-kraken-'));
    onTestFinished(() => rmSync(own, { recursive: true, force: true }));
    const text = readFileSync(new URL('../../desks/crypto-bot/desk.yaml', import.meta.url), 'utf8');
    writeFileSync(join(own, 'kr.yaml'), text.replace('name: binance', 'name: kraken'));
    const address = new URL(kraken.addresses.http('https://api.kraken.com/')).origin;
    const span = ['--from', day, '--to', day, '--desk', 'kr.yaml'];
    const args = ['data', 'fetch', 'BTC/USDT', ...span, '--json'];
    const fetched = await runCommand(own, [...args, '--simulated-venue', `kraken=${address}`]);
    expect(fetched.code, fetched.err).toBe(0);
    expect(JSON.parse(fetched.out)).toMatchObject([
      { provenance: { venue: 'kraken', endpoint: 'simulator', address, symbol: 'BTC/USDT' } },
    ]);
    expect(kraken.requests.some(({ pathname }) => pathname === '/0/public/OHLC')).toBe(true);

    const test = ['connection', 'test', '--desk', 'kr.yaml'];
    const connected = await runCommand(own, [...test, '--simulated-venue', address]);
    expect(connected.code).toBe(1);
    expect(connected.out).toContain(
      `Connection of crypto-bot to kraken simulator at ${address}\n- session: real`,
    );
    expect(connected.out).toMatch(/✓ market data: BTC\/USDT 60000 \/ 60001, ETH\/USDT 3000 \/ 3001\n/);
    const preflight = await runCommand(own, ['preflight', '--desk', 'kr.yaml']);
    expect(preflight).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /real orders can't leave for kraken.*they can for binance and ibkr\n.*nothing was asked/,
      ),
    });

    // The desk that was started here had that simulator; another desk is not asked there because of it.
    const home = join(own, 'home');
    const started = (desk: string) =>
      writeFileSync(
        join(homePaths(home).run, 'runtime.json'),
        JSON.stringify({ ...writeRuntime(home, CRYPTO_DESK, desk), simulatedVenue: address }),
      );
    started('crypto-bot');
    expect(JSON.parse((await runCommand(own, args)).out)).toMatchObject([{ provenance: { address } }]);
    const backtest = ['backtest', '--from', day, '--to', day, '--desk', 'kr.yaml'];
    expect((await runCommand(own, backtest)).err).toContain(`of ETH/USDT are not stored`);
    started('other');
    expect((await runCommand(own, backtest)).err).toMatch(
      /minutes? of BTC\/USDT are not stored, .*, from https:\/\/api\.kraken\.com/,
    );
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
