import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../simulators/random.js';
import type { MarketBar } from '../../src/contracts/market-feed.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { checkRecording, openChecked } from '../../src/market/recorded/check-recording.js';
import { openRecordedFeed } from '../../src/market/recorded/recorded-feed.js';
import { openRecording } from '../../src/market/recorded/recorded-file.js';
import { RecordedSource } from '../../src/market/recorded/recorded-source.js';
import type { TimedEvent } from '../../src/market/replay-feed.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { memoryPosition } from './memory-position.js';
import { BARS, play, recordingFolder, twoBars } from './recordings.js';

const { file, remove } = recordingFolder();
afterAll(remove);

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

  it('say when they end before they are played: of a long file about, by how much of it was read', async () => {
    const minutes = Array.from({ length: 100_000 }, (_, at) => `${(at + 1) * 60_000},100,101,99,100,1\n`);
    const long = file(BARS + minutes.join(''));
    const ask = (rowsMax?: number) =>
      checkRecording([{ symbol: null, file: long }], cryptoInstruments, rowsMax);
    const endMs = 100_000 * 60_000;
    expect(await ask()).toBe(endMs);
    expect(Math.abs((await ask(50_000)) / endMs - 1)).toBeLessThan(0.2);
    const feed = await openRecordedFeed({
      files: [
        { symbol: 'BTC/USDT', file: file(twoBars) },
        { symbol: 'ETH/USDT', file: file(`${twoBars}180000,10,10,10,10,1\n`) },
      ],
      ...{ instruments: cryptoInstruments, spreadTicks: [2, 2], speed: null },
      ...{ position: memoryPosition(), steadyMs: () => 0 },
    });
    await feed.stop();
    expect(feed.endMs).toBe(180_000);
  });

  it('say that their quotes are those of bars, where recorded quotes are what was seen', async () => {
    const feed = await openRecordedFeed({
      files: [
        { symbol: 'BTC/USDT', file: file('ts,bid,ask,bid_size,ask_size\n60000,100,101,1,1\n') },
        { symbol: 'ETH/USDT', file: file(twoBars) },
      ],
      ...{ instruments: cryptoInstruments, spreadTicks: [2, 2], speed: null },
      ...{ position: memoryPosition(), steadyMs: () => 0 },
    });
    await feed.stop();
    expect(feed.quotesFromBars).toEqual([1]);
  });

  it('end with the names of their files, which is what everybody says of it in a sentence of his own', async () => {
    const { events } = await play([{ symbol: null, file: file(twoBars, 'january.csv') }]);
    expect(events.at(-1)).toEqual({ kind: 'ended', detail: 'january.csv' });
  });

  it('read the same gzipped, with Windows line ends and without a last line end', async () => {
    const plain = await play([{ symbol: null, file: file(twoBars) }]);
    const gzipped = await play([{ symbol: null, file: file(gzipSync(twoBars), 'bars.csv.gz') }]);
    const windows = await play([{ symbol: null, file: file(twoBars.trimEnd().replaceAll('\n', '\r\n')) }]);
    expect(gzipped.short).toEqual(plain.short);
    expect(windows.short).toEqual(plain.short);
  });

  it('that were checked are not read again, and are the same however many of them are kept', async () => {
    const rows = Array.from({ length: 6_000 }, (_, at) => `${(at + 1) * 60_000},100,101,99,100.5,${at}`);
    const [instrument] = cryptoInstruments as [Instrument];
    const input = () => ({ file: file(`${BARS}${rows.join('\n')}\n`), instrument, spreadTicks: 2 });
    const whole = await eventsOf([input()]);
    for (const [rowsMax, keptMax, isKept] of [
      [10_000, 10_000, true],
      [1_500, 4_000, true],
      [10_000, 5_000, false],
    ] as const) {
      const one = input();
      const { endMs, recordings } = await openChecked([one], { rowsMax, keptMax });
      expect(Math.abs(endMs / (6_000 * 60_000) - 1)).toBeLessThan(0.3);
      // Who reads it once more would find nothing.
      if (isKept) rmSync(one.file);
      const source = await RecordedSource.ofRecordings(recordings, 0);
      expect(await eventsIn(source)).toEqual(whole);
    }
  });

  it('are the same whether a row is read from its bytes, or column by column as under another header', async () => {
    const prices = [
      '100,101.00,99.5,100.5',
      '0100.10,100.1000,100.1,100.1',
      '7,7,7,7',
      '99.99,1000000,0.01,1.',
    ];
    const volumes = ['0.1', '', '0', '1234.5678999', '1.00000', '3\r'];
    const rows = Array.from({ length: 9_000 }, (_, at) => {
      const price = at % 1_000 === 999 ? '5.5,5.50,5.5,5.500' : prices[at % 3];
      return `${(at + 1) * 60_000},${price},${volumes[at % volumes.length]}`;
    });
    const read = (header: string) => play([{ symbol: null, file: file(`${header}\n${rows.join('\n')}`) }]);
    const fromBytes = await read('ts,open,high,low,close,volume');
    const byColumns = await read('timestamp,open,high,low,close,volume');
    expect(fromBytes.short).toHaveLength(5 * 9_000 + 1);
    expect(fromBytes.short).toEqual(byColumns.short);
    const broken = (header: string) =>
      play([
        { symbol: null, file: file(`${header}\n${rows.join('\n')}\n${9_001 * 60_000},${prices[3]},1\n`) },
      ]);
    const failure = (header: string) =>
      broken(header).then(
        () => '',
        (error: Error) => error.message.replace(/^\S+ /, ''),
      );
    expect(await failure('ts,open,high,low,close,volume')).toMatch(/row 9002/);
    expect(await failure('ts,open,high,low,close,volume')).toBe(
      await failure('timestamp,open,high,low,close,volume'),
    );
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

  it('and are one recording whatever their order is: at equal times the desk’s first instrument comes first', async () => {
    const [btc, eth] = [file(twoBars), file(twoBars)];
    const files = [
      { symbol: 'BTC/USDT', file: btc },
      { symbol: 'ETH/USDT', file: eth },
    ];
    const inOrder = await play(files);
    expect(inOrder.short.slice(0, 2)).toEqual(['60000 q0 9999/10001', '60000 q1 9999/10001']);
    expect((await play(files.toReversed())).short).toEqual(inOrder.short);
    const position = memoryPosition();
    await play(files, position);
    expect((await play(files.toReversed(), position)).short).toEqual(['ended']);
  });

  it('and quotes of eleven files of different lengths too, at equal times in the order of their instruments', async () => {
    const random = seededRandom(11);
    const inputs = Array.from({ length: 11 }, (_, id) => {
      let atMs = 60_000 * (1 + Math.floor(random() * 3));
      const rows = Array.from({ length: 20 + Math.floor(random() * 4_000) }, () => {
        atMs += 500 * Math.floor(random() * 40);
        return `${atMs},10,10.01,1,1\n`;
      });
      const instrument = { ...cryptoInstruments[0]!, id, symbol: `C${id}/USDT` };
      return { file: file(`ts,bid,ask,bid_size,ask_size\n${rows.join('')}`), instrument, spreadTicks: 1 };
    });
    const alone: TimedEvent[] = [];
    for (const input of inputs) alone.push(...(await eventsOf([input])));
    const inOrder = alone.sort((a, b) => a.marketMs - b.marketMs); // a stable one
    const merged = await eventsOf(inputs);
    expect(merged).toHaveLength(inOrder.length);
    expect(merged.findIndex((event, at) => JSON.stringify(event) !== JSON.stringify(inOrder[at]))).toBe(-1);
  });
});

async function eventsOf(inputs: Parameters<typeof RecordedSource.open>[0]): Promise<TimedEvent[]> {
  return eventsIn(await RecordedSource.open(inputs, 0));
}

async function eventsIn(source: RecordedSource): Promise<TimedEvent[]> {
  const events: TimedEvent[] = [];
  do {
    for (let event = source.peek(); event !== null; event = source.peek()) {
      events.push(event);
      source.shift();
    }
  } while (await source.fill());
  await source.close();
  return events;
}

describe('recorded bars of bid and ask', () => {
  const BOTH = 'ts,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close,volume\n';
  const EXPECTED = [
    '60000 q0 10000/10002',
    '80000 q0 9950/9955',
    '100000 q0 10100/10120',
    '120000 q0 10050/10052',
    // Strategies see the middle, rounded down to the tick.
    '120000 b0 10001,10110,9952,10051',
  ];
  const untilBar = async (files: Parameters<typeof play>[0]): Promise<readonly string[]> =>
    (await play(files)).short.slice(0, EXPECTED.length).map((line) => line.replace(/ v.*/, ''));

  it('are fed with both sides as recorded, in the order of the middle, then their bar', async () => {
    const path = file(`${BOTH}60000,100,101,99.5,100.5,100.02,101.2,99.55,100.52,7\n`);
    const { short } = await play([{ symbol: null, file: path }]);
    expect(short.slice(0, -1)).toEqual([...EXPECTED.slice(0, -1), `${EXPECTED.at(-1)} v700000`]);
  });

  it('may lie in a file of each side, also in Dukascopy’s own, of which no volume is taken', async () => {
    const bid = file(`${BARS}60000,100,101,99.5,100.5,7\n`);
    const ask = file('timestamp,open,high,low,close\n60000,100.02,101.2,99.55,100.52\n');
    const sides = (one: string, other: string) => [
      { symbol: 'BTC/USDT', side: 'ask' as const, file: other },
      { symbol: 'BTC/USDT', side: 'bid' as const, file: one },
    ];
    expect(await untilBar(sides(bid, ask))).toEqual(EXPECTED);
    expect((await play(sides(bid, ask))).short.at(-2)).toMatch(/ vNaN$/);
    const gmt = (prices: string) =>
      file(`Gmt time,Open,High,Low,Close,Volume\n01.01.1970 00:01:00.000,${prices},4.5E-4\n`);
    expect(await untilBar(sides(gmt('100,101,99.5,100.5'), gmt('100.02,101.2,99.55,100.52')))).toEqual(
      EXPECTED,
    );
  });

  it('in files of each side are months of each, too', async () => {
    const bids = [file(`${BARS}120000,2,2,2,2,0\n`), file(`${BARS}60000,1,1,1,1,0\n`)];
    const asks = [file(`${BARS}60000,1.1,1.1,1.1,1.1,0\n`), file(`${BARS}120000,2.1,2.1,2.1,2.1,0\n`)];
    const { short } = await play([
      ...bids.map((path) => ({ symbol: null, side: 'bid' as const, file: path })),
      ...asks.map((path) => ({ symbol: null, side: 'ask' as const, file: path })),
    ]);
    expect(short.filter((line) => line.includes('q'))).toEqual([
      ...['60000 q0 100/110', '80000 q0 100/110', '100000 q0 100/110', '120000 q0 100/110'],
      ...['120000 q0 200/210', '140000 q0 200/210', '160000 q0 200/210', '180000 q0 200/210'],
    ]);
  });

  it('of long files of each side are the same pairs, wherever the files are cut into pieces', async () => {
    const rows = (of: (at: number) => string) =>
      file(BARS + Array.from({ length: 9_000 }, (_, at) => `${(at + 1) * 60_000},${of(at)}\n`).join(''));
    const [bid, ask] = [rows(() => '100,100,100,100,0'), rows((at) => `${'101,'.repeat(4)}${at}`)];
    const { short } = await play([
      { symbol: null, side: 'bid', file: bid },
      { symbol: null, side: 'ask', file: ask },
    ]);
    expect(short.filter((line) => line.endsWith('q0 10000/10100'))).toHaveLength(4 * 9_000);
  });
});

describe('the headers of others', () => {
  it('that are refused are turned into ours by the commands of docs/DATA.md', async () => {
    const commands = readFileSync('docs/DATA.md', 'utf8').match(/node -e '[^']+'/g) ?? [];
    const [histData, trueFx] = commands.map((command) => (input: string) => {
      const text = execFileSync(process.execPath, ['-e', command.slice("node -e '".length, -1)], { input });
      return play([{ symbol: null, file: file(text) }]);
    });
    const bars = '20240102 000100;100.1;100.3;100.0;100.2;0\r\n20240102 000200;100;100;100;100;0\r\n';
    expect((await histData!(bars)).short[4]).toBe(
      `${Date.UTC(2024, 0, 2, 5, 2)} b0 10010,10030,10000,10020 v0`,
    );
    const quotes = 'BTC/USDT,20240102 00:00:01.267,100.01,100.03\n';
    expect((await trueFx!(quotes)).short[0]).toBe(`${Date.UTC(2024, 0, 2, 0, 0, 1, 267)} q0 10001/10003`);
  });

  it('are read as they are where they leave nothing open: Dukascopy’s quotes have the ask first', async () => {
    const line = async (text: string) => (await play([{ symbol: null, file: file(text) }])).short[0];
    const quote = '1767225600123 q0 10000/10001';
    expect(await line('timestamp,askPrice,bidPrice\n1767225600123,100.01,100\n')).toBe(quote);
    expect(
      await line('timestamp,askPrice,bidPrice,askVolume,bidVolume\n1767225600123,100.01,100,1.2E-1,1.65\n'),
    ).toBe(quote);
    expect(
      await line('Gmt time,Ask,Bid,AskVolume,BidVolume\n01.01.2026 00:00:00.123,100.01,100,0.1,1.65\n'),
    ).toBe(quote);
  });
});

describe('bars that were passed', () => {
  it('are kept as they were, the newest 50,000 of each instrument, also once older ones make room', async () => {
    const count = 51_000;
    const rows = Array.from({ length: count }, (_, at) => {
      const open = 100 + (at % 500);
      return `${(at + 1) * 60_000},${open},${open + 2},${open - 1},${open + 1},0.00${1 + (at % 9)}`;
    });
    const instrument = cryptoInstruments[0]!;
    const source = await RecordedSource.open(
      [{ file: file(`${BARS}${rows.join('\n')}\n`), instrument, spreadTicks: 2 }],
      0,
    );
    let last = 0;
    const delivered: MarketBar[] = [];
    while (await source.fill()) {
      for (let event = source.peek(); event !== null; event = source.peek()) {
        if (event.kind === 'bar') delivered.push(event.bar);
        last = event.marketMs;
        source.shift();
      }
    }
    expect(delivered).toHaveLength(count);
    expect(source.bars(instrument.id, 3, last)).toEqual(delivered.slice(-3));
    expect(source.bars(instrument.id, 2, last - 60_000)).toEqual(delivered.slice(-3, -1));
    expect(source.bars(instrument.id, count, last)).toEqual(delivered.slice(-50_000));
    await source.close();
  });
});

/** Of this process; only Linux tells them so. */
function openFiles(): readonly string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // the one that this list itself was read with
    }
  });
}

describe('several files of one symbol', () => {
  it('follow each other in the order of their first rows, as one file with all of them does', async () => {
    const rows = Array.from({ length: 6 }, (_, at) => `${(at + 1) * 60_000},100,101,99,100.5,1`);
    const whole = await play([{ symbol: 'BTC/USDT', file: file(`${BARS}${rows.join('\n')}\n`) }]);
    const parts = [rows.slice(4), rows.slice(0, 2), rows.slice(2, 4)];
    const joined = await play(
      parts.map((some) => ({ symbol: 'BTC/USDT', file: file(`${BARS}${some.join('\n')}\n`) })),
    );
    expect(joined.short).toEqual(whole.short);
    expect(joined.short.filter((line) => line.includes(' b0 '))).toHaveLength(6);
  });

  it('are as many as the months of ten years, of which one is open at a time', async () => {
    const symbol = 'BTC/USDT';
    const files = Array.from({ length: 120 }, (_, at) =>
      file(`${BARS}${(at + 1) * 60_000},100,101,99,100,1\n`),
    );
    const { short } = await play(files.map((each) => ({ symbol, file: each })));
    expect(short.filter((line) => line.includes(' b0 '))).toHaveLength(120);
    const joined = await openRecording(
      files.map((one) => ({ file: one })),
      cryptoInstruments[0] as Instrument,
    );
    while ((await joined.next())?.tsMsAt(0) !== 60 * 60_000)
      expect(openFiles().filter((each) => files.includes(each)).length).toBeLessThanOrEqual(1);
    await joined.close();
    expect(await joined.next()).toBeNull();
    await expect.poll(() => openFiles().filter((each) => files.includes(each))).toEqual([]);
  });

  it('go on in the middle of the second one after a stop', async () => {
    const rows = Array.from({ length: 6 }, (_, at) => `${(at + 1) * 60_000},100,101,99,100.5,1`);
    const files = [rows.slice(0, 3), rows.slice(3)].map((some) => ({
      symbol: 'BTC/USDT',
      file: file(`${BARS}${some.join('\n')}\n`),
    }));
    const position = memoryPosition();
    await play(files, position, (event) => event.kind === 'bar' && event.bar.openMs === 240_000);
    const { short: rest } = await play(files, position);
    const whole = await play(files);
    expect(rest).toEqual(whole.short.slice(-rest.length));
    expect(rest.filter((line) => line.includes(' b0 ')).length).toBeLessThanOrEqual(3);
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
      '60000 b0 10000,10001,10000,10001 vNaN',
      'ended',
    ]);
  });

  it('have no volume where none was recorded, also of minutes that are made of shorter bars', async () => {
    const volumes = (rows: string): Promise<readonly string[]> =>
      play([{ symbol: null, file: file(BARS + rows) }]).then(({ short }) =>
        short.flatMap((line) => line.split(' v')[1] ?? []),
      );
    expect(await volumes('60000,1,1,1,1,0.5\n120000,1,1,1,1,\n180000,1,1,1,1,0\n')).toEqual([
      '50000',
      'NaN',
      '0',
    ]);
    expect(await volumes('60000,1,1,1,1,0.5\r\n90000,1,1,1,1,\r\n120000,1,1,1,1,2\r\n')).toEqual([
      'NaN',
      '200000',
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
      steadyMs: () => 0,
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
      steadyMs: () => 0,
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
