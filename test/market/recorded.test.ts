import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { MarketEvent } from '../../src/market/feed.js';
import { checkRecording } from '../../src/market/recorded/check-recording.js';
import { openRecordedFeed } from '../../src/market/recorded/recorded-feed.js';
import { btc, cryptoInstruments } from '../support/paper-instruments.js';
import { memoryPosition } from './memory-position.js';

const folder = mkdtempSync(join(tmpdir(), 'fermata-recorded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function file(text: string | Buffer, name = `data-${count++}.csv`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Played {
  readonly events: MarketEvent[];
  readonly short: string[];
}

/** Plays the files to their end, or to the event at which `enough` says so. */
async function play(
  files: readonly { symbol: string | null; file: string }[],
  position = memoryPosition(),
  enough: (event: MarketEvent) => boolean = () => false,
): Promise<Played> {
  const feed = await openRecordedFeed({
    files,
    instruments: cryptoInstruments,
    spreadTicks: [2, 2],
    speed: null,
    position,
    wallMs: () => 0,
  });
  const events: MarketEvent[] = [];
  await new Promise<void>((done) => {
    feed.start((event) => {
      events.push(event);
      if (event.kind === 'ended') done();
      if (!enough(event)) return;
      done();
      return new Promise((resume) => setTimeout(resume, 5));
    });
  });
  await feed.stop();
  return { events, short: events.map(short) };
}

function short(event: MarketEvent): string {
  if (event.kind === 'quote')
    return `${event.marketMs} q${event.instrument} ${event.bidTicks}/${event.askTicks}`;
  if (event.kind === 'trade')
    return `${event.marketMs} t${event.instrument} ${event.priceTicks}x${event.quantityLots}`;
  if (event.kind === 'bar') {
    const { instrument, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = event.bar;
    return `${event.marketMs} b${instrument} ${openTicks},${highTicks},${lowTicks},${closeTicks} v${volumeLots}`;
  }
  return event.kind;
}

const BARS = 'ts,open,high,low,close,volume\n';
const twoBars = `${BARS}60000,100.00,101.00,99.50,100.50,0.5\n120000,100.5,100.5,98,99,1.00001\n`;

describe('recorded bars', () => {
  it('are fed as open, nearer extreme, other extreme and close with the spread, then the bar', async () => {
    const { short } = await play([{ symbol: null, file: file(twoBars) }]);
    expect(short).toEqual([
      '60000 q0 9999/10001',
      '80000 q0 9949/9951',
      '100000 q0 10099/10101',
      '120000 q0 10049/10051',
      '120000 b0 10000,10100,9950,10050 v50000',
      '120000 q0 10049/10051',
      '140000 q0 10049/10051',
      '160000 q0 9799/9801',
      '180000 q0 9899/9901',
      '180000 b0 10050,10050,9800,9900 v100001',
      'ended',
    ]);
  });

  it('read the same gzipped, with Windows line ends and without a last line end', async () => {
    const plain = await play([{ symbol: null, file: file(twoBars) }]);
    const gzipped = await play([{ symbol: null, file: file(gzipSync(twoBars), 'bars.csv.gz') }]);
    const windows = await play([{ symbol: null, file: file(twoBars.trimEnd().replaceAll('\n', '\r\n')) }]);
    expect(gzipped.short).toEqual(plain.short);
    expect(windows.short).toEqual(plain.short);
  });

  it('shorter than a minute are put together to minutes', async () => {
    const rows = [0, 1, 2, 60].map(
      (s) => `${60_000 + s * 1000},${100 + s},${101 + s},${99 + s},${100.5 + s},0.1`,
    );
    const { short } = await play([{ symbol: null, file: file(BARS + rows.join('\n')) }]);
    expect(short.filter((line) => line.includes(' b0 '))).toEqual([
      '120000 b0 10000,10300,9900,10250 v30000',
      '180000 b0 16000,16100,15900,16050 v10000',
    ]);
  });

  it('of several files are merged by time', async () => {
    const later = `${BARS}90000,10,10,10,10,1\n150000,10,10,10,10,1\n`;
    const { events } = await play([
      { symbol: 'BTC/USDT', file: file(twoBars) },
      { symbol: 'ETH/USDT', file: file(later) },
    ]);
    const times = events.flatMap((event) => ('marketMs' in event ? [event.marketMs] : []));
    expect(times).toHaveLength(20);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('recorded trades and quotes', () => {
  it('are put together to one-minute bars, trades with a quote around them', async () => {
    const trades = 'ts,price,size,side\n60500,100,0.5,buy\n61000,101,0.25,sell\n125000,99,1,\n';
    const { short } = await play([{ symbol: null, file: file(trades) }]);
    expect(short).toEqual([
      '60500 t0 10000x50000',
      '60500 q0 9999/10001',
      '61000 t0 10100x25000',
      '61000 q0 10099/10101',
      '120000 b0 10000,10100,10000,10100 v75000',
      '125000 t0 9900x100000',
      '125000 q0 9899/9901',
      '180000 b0 9900,9900,9900,9900 v100000',
      'ended',
    ]);
  });

  it('show quotes as they were, with unknown sizes as 0', async () => {
    const quotes = 'ts,bid,ask,bid_size,ask_size\n1000,99.99,100.01,1.5,\n1000,100,100.02,,\n';
    const { events, short } = await play([{ symbol: null, file: file(quotes) }]);
    expect(events[0]).toMatchObject({ bidLots: 150_000, askLots: 0 });
    expect(short).toEqual([
      '1000 q0 9999/10001',
      '1000 q0 10000/10002',
      '60000 b0 10000,10001,10000,10001 v0',
      'ended',
    ]);
  });
});

describe('a recording that is stopped', () => {
  const rows = Array.from(
    { length: 50 },
    (_, index) => `${(index + 1) * 60_000},${100 + index},${101 + index},99,100,1`,
  );
  const text = BARS + rows.join('\n');

  it('goes on where it ended and knows the bars it has passed', async () => {
    const path = file(text);
    const whole = await play([{ symbol: null, file: path }]);
    const position = memoryPosition();
    const first = await play(
      [{ symbol: null, file: path }],
      position,
      (event) => event.kind === 'bar' && event.marketMs >= 600_000,
    );
    const feed = await openRecordedFeed({
      files: [{ symbol: null, file: path }],
      instruments: cryptoInstruments,
      spreadTicks: [2, 2],
      speed: null,
      position: memoryPosition(position.kept),
      wallMs: () => 0,
    });
    const passed = await feed.history(0, 5);
    await feed.stop();
    expect(passed.at(-1)?.openMs).toBeGreaterThanOrEqual(480_000);
    expect(passed.length).toBe(5);
    const second = await play([{ symbol: null, file: path }], position);
    const seen = new Set([...first.short, ...second.short]);
    expect(whole.short.filter((line) => !seen.has(line))).toEqual([]);
    expect(second.short[0]).not.toBe(whole.short[0]);
  });

  it('has no history at its first start, begins anew when the content is another, and goes on when only the name is', async () => {
    const position = memoryPosition();
    await play([{ symbol: null, file: file(text) }], position);
    expect((await play([{ symbol: null, file: file(text) }], position)).short).toEqual(['ended']);
    const other = await play([{ symbol: null, file: file(`${text}\n3060000,150,151,99,100,1`) }], position);
    expect(other.short[0]).toBe('60000 q0 9999/10001');
    const again = await openRecordedFeed({
      files: [{ symbol: null, file: file(`${text}\n3060000,150,151,99,101,1`) }],
      instruments: cryptoInstruments,
      spreadTicks: [2, 2],
      speed: 1,
      position,
      wallMs: () => 0,
    });
    expect(await again.history(0, 10)).toEqual([]);
    expect(again.nowMs()).toBe(59_999);
    await again.stop();
  });

  it('says at once that it has ended when started again after its end', async () => {
    const path = file(text);
    const position = memoryPosition();
    await play([{ symbol: null, file: path }], position);
    expect((await play([{ symbol: null, file: path }], position)).short).toEqual(['ended']);
  });
});

describe('a broken file', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['an unknown header', 'time,price\n1,2\n', /row 1: expected a header.*found "time,price"/],
    ['no rows', BARS, /expected at least one row below the header, found none/],
    ['a missing column', `${BARS}60000,1,1,1,1\n`, /row 2: expected 6 columns.*found 5/],
    ['a time that is no number', `${BARS}2024-01-01,1,1,1,1,1\n`, /row 2, column ts: expected milliseconds/],
    [
      'a time in seconds after one in milliseconds',
      `${twoBars}121,1,1,1,1,1\n`,
      /row 4, column ts: expected later than 120000/,
    ],
    ['a repeated bar', `${twoBars}120000,1,1,1,1,1\n`, /row 4, column ts: expected later than 120000/],
    [
      'a negative price',
      `${BARS}60000,-1,1,1,1,1\n`,
      /row 2, column open: expected a price above zero in plain decimals, found "-1"/,
    ],
    [
      'an exponent',
      `${BARS}60000,1e3,1,1,1,1\n`,
      /row 2, column open: expected a price above zero in plain decimals, found "1e3"/,
    ],
    [
      'a price off the tick',
      `${BARS}60000,1,1,1,1,1\n120000,1.005,2,1,1,1\n`,
      /row 3, column open: expected a multiple of the tick 0.01 of BTC\/USDT, found "1.005"/,
    ],
    ['a high below the close', `${BARS}60000,1,1,1,2,1\n`, /row 2, column high: expected the highest/],
    ['a low above the open', `${BARS}60000,1,3,2,2,1\n`, /row 2, column low: expected the lowest/],
    ['a negative volume', `${BARS}60000,1,1,1,1,-5\n`, /row 2, column volume: expected zero or more/],
    [
      'a crossed quote',
      'ts,bid,ask,bid_size,ask_size\n1,2,1,1,1\n',
      /row 2, column ask: expected at least the bid of 2, found "1"/,
    ],
    ['a side of its own', 'ts,price,size,side\n1,2,1,short\n', /row 2, column side/],
    [
      'trades out of order',
      'ts,price,size,side\n2,2,1,buy\n1,2,1,buy\n',
      /row 3, column ts: expected not before 2/,
    ],
  ];

  it.each(cases)('with %s is refused by row, column, expected and found', async (_name, text, message) => {
    const path = file(text);
    const failure = checkRecording([{ symbol: null, file: path }], [btc]);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(path);
  });

  it('that is cut off in the middle of its gzip stream is refused', async () => {
    const rows = Array.from(
      { length: 5000 },
      (_, i) => `${(i + 1) * 60_000},100,${101 + (i % 7)},99,100,${i}`,
    );
    const whole = gzipSync(BARS + rows.join('\n'));
    const path = file(whole.subarray(0, whole.length / 2), 'cut.csv.gz');
    await expect(checkRecording([{ symbol: null, file: path }], [btc])).rejects.toThrow(
      /damaged file.*Fetch the file again/,
    );
  });

  it('that does not exist, or is for an unknown or a repeated symbol, is refused', async () => {
    const path = file(twoBars);
    await expect(checkRecording([{ symbol: null, file: join(folder, 'none.csv') }], [btc])).rejects.toThrow(
      /ENOENT/,
    );
    await expect(checkRecording([{ symbol: 'XRP/USDT', file: path }], cryptoInstruments)).rejects.toThrow(
      /expected one of the desk's instruments \(BTC\/USDT, ETH\/USDT\), found XRP\/USDT/,
    );
    const twice = [null, 'BTC/USDT'].map((symbol) => ({ symbol, file: path }));
    await expect(checkRecording(twice, cryptoInstruments)).rejects.toThrow(/a second one for BTC\/USDT/);
  });
});

const shared = resolve('../shared/data');
describe.skipIf(!existsSync(shared))('real recordings (skipped where the data folder is absent)', () => {
  it('of fifty days of BTC minutes pass every check', async () => {
    const perpetual = buildInstrument(0, { ...btc, lotSize: '0.001', tickSize: '0.1', minNotional: '5' });
    await checkRecording(
      [{ symbol: null, file: join(shared, 'binanceusdm-BTCUSDT-1m-2025-05_06.csv.gz') }],
      [perpetual],
    );
  });

  it('of trades make the bars that the exchange published', async () => {
    const xrp = buildInstrument(0, {
      ...btc,
      symbol: 'XRP/ETH',
      tickSize: '0.00000001',
      lotSize: '1',
      minNotional: '0',
    });
    const bars = async (name: string): Promise<string[]> => {
      const feed = await openRecordedFeed({
        files: [{ symbol: null, file: join(shared, name) }],
        instruments: [xrp],
        spreadTicks: [1],
        speed: null,
        position: memoryPosition(),
        wallMs: () => 0,
      });
      const seen: string[] = [];
      await new Promise<void>((done) => {
        feed.start((event) => {
          if (event.kind === 'bar') seen.push(short(event));
          if (event.kind === 'ended') done();
        });
      });
      await feed.stop();
      return seen;
    };
    const built = await bars('binance-XRPETH-trades-2019-10.csv.gz');
    expect(built).toEqual(await bars('binance-XRPETH-1m-2019-10.csv.gz'));
    expect(built).toHaveLength(2469);
  });
});
