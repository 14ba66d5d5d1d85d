import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../simulators/random.js';
import type { MarketBar } from '../../src/contracts/market-feed.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { checkRecording } from '../../src/market/recorded/check-recording.js';
import { openRecordedFeed, RecordedSource } from '../../src/market/recorded/recorded-feed.js';
import { openJoinedFiles } from '../../src/market/recorded/recorded-file.js';
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
  const source = await RecordedSource.open(inputs, 0);
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
    const joined = await openJoinedFiles(files, cryptoInstruments[0] as Instrument);
    while ((await joined.next())?.[0]?.tsMs !== 60 * 60_000)
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
