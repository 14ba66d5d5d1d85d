import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { checkRecording } from '../../src/market/recorded/check-recording.js';
import { btc, cryptoInstruments } from '../support/paper-instruments.js';
import { BARS, recordingFolder, twoBars } from './recordings.js';

const { path: folder, file, remove } = recordingFolder();
afterAll(remove);

describe('a broken file', () => {
  const cases: (readonly [string, string, RegExp])[] = [
    ['an unknown header', 'time,price\n1,2\n', /row 1: expected a header.*found "time,price"/],
    ['semicolons', BARS.replaceAll(',', ';'), /row 1.*Make the first line one of these.*commas between them/],
    [
      'semicolons below',
      `${BARS}60000;1;1;1;1;1\n`,
      /row 2: expected 6 columns.*Separate the fields.*by commas/,
    ],
    [
      'local times',
      `${BARS}2024-12-01T00:00:00+01:00,1,1,1,1,1\n`,
      /row 2, column ts: expected milliseconds.*Write each ts as milliseconds/,
    ],
    ['microseconds', `${BARS}1733007600000000,1,1,1,1,1\n`, /row 2, column ts.*the first 13 digits/],
    [
      'a space before a price',
      `${BARS}60000, 1,1,1,1,1\n`,
      /column open.*found " 1"\. Write numbers such as/,
    ],
    [
      'an exponent in a volume',
      `${BARS}60000,1,1,1,1,1e-5\n`,
      /column volume.*"1e-5"\. Write numbers such as/,
    ],
    ['no rows', BARS, /expected at least one row below the header, found none/],
    ['a missing column', `${BARS}60000,1,1,1,1\n`, /row 2: expected 6 columns.*found 5/],
    ['a time that is no number', `${BARS}2024-01-01,1,1,1,1,1\n`, /row 2, column ts: expected milliseconds/],
    [
      'a time in seconds after one in milliseconds',
      `${twoBars}121,1,1,1,1,1\n`,
      /row 4, column ts: expected later than 120000/,
    ],
    [
      'minutes in seconds from the first row on',
      `${BARS}1746372780,1,1,1,1,1\n1746372840,1,1,1,1,1\n`,
      /row 2, column ts: expected milliseconds.*"1746372780", which is 2025-05-04T15:33:00.000Z in seconds.*Multiply each ts by 1000/,
    ],
    [
      'days in seconds',
      `${BARS}1746316800,1,1,1,1,1\n1746403200,1,1,1,1,1\n`,
      /row 2, column ts: expected milliseconds/,
    ],
    [
      'trades in seconds',
      'ts,price,size,side\n1746372780,2,1,buy\n',
      /row 2, column ts: expected milliseconds/,
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
      /row 2, column open: expected a price above zero in plain decimals, found "1e3"\. Write numbers such as/,
    ],
    [
      'a price off the tick',
      `${BARS}60000,1,1,1,1,1\n120000,1.005,2,1,1,1\n`,
      /row 3, column open: expected a multiple of the tick 0.01 of BTC\/USDT, found "1.005"/,
    ],
    [
      'a price beyond what can be counted',
      `${BARS}60000,99999999999999999999,99999999999999999999,1,1,1\n`,
      /row 2, column open: expected a price small enough to be counted exactly in ticks of 0.01, found "99999999999999999999"/,
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

  const BOTH = 'ts,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close,volume\n';
  cases.push(
    [
      'an ask below its bid',
      `${BOTH}60000,2,3,1,2,2.1,2.9,1,2,\n`,
      /row 2, column ask_high: expected at least the bid of 3, found "2.9"/,
    ],
    [
      'an ask whose low is not its lowest',
      `${BOTH}60000,2,3,1,2,2.1,3.1,2.2,2.5,\n`,
      /row 2, column ask_low: expected the lowest of the four prices, found "2.2"/,
    ],
    ['a header without its volume', 'ts,open,high,low,close\n', /row 1, column volume: expected a header/],
    [
      'MetaTrader’s header',
      '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n',
      /row 1: expected to know the clock of the broker’s server.*`venue.serverTime`/,
    ],
    ['HistData’s rows', '20120201 000000;1.3;1.3;1.3;1.3;0\n', /HistData’s files have no header/],
    ['HistData’s ticks', '20120201 000003660,1.306600,1.306770,0\n', /HistData’s files have no header/],
    ['TrueFX’s rows', 'EUR/USD,20090501 00:00:00.267,1.32362,1.32369\n', /TrueFX’s files have no header/],
    [
      'Dukascopy’s local times',
      'Local time,Open,High,Low,Close,Volume\n01.01.2026 00:00:00.000 GMT+0100,1,1,1,1,1\n',
      /Export it once more with the time in GMT/,
    ],
    [
      'a day that no month has',
      'Gmt time,Open,High,Low,Close,Volume\n31.02.2026 00:00:00.000,1,1,1,1,1\n',
      /row 2, column Gmt time: expected a time in GMT such as/,
    ],
  );

  const LEVEL = 'bids[0].price,bids[0].amount,asks[0].price,asks[0].amount';
  const TWO = `ts,${LEVEL},${LEVEL.replaceAll('0', '1')}\n`;
  cases.push(
    [
      'a level without its amount',
      'ts,bids[0].price,asks[0].price,asks[0].amount\n',
      /row 1, column bids\[0\]\.amount: expected `ts` and both sides of each level from 0 to 0/,
    ],
    ['levels without a time', `${LEVEL}\n`, /row 1, column ts: .* found no such column/],
    ['a column beside its levels', `ts,mid,${LEVEL}\n`, /row 1, column mid: .* found a column of no level/],
    [
      'a second bid above the first',
      `${TWO}60000,2,1,3,1,2.1,1,4,1\n`,
      /row 2, column bids\[1\]\.price: expected a price below that of level 0, 2, found "2.1"/,
    ],
    [
      'a crossed book',
      `${TWO}60000,3,1,2,1,,,,\n`,
      /row 2, column asks\[0\]\.price: expected at least the bid of 3/,
    ],
    [
      'a book of one side',
      `${TWO}60000,3,1,,,,,,\n`,
      /row 2, column asks\[0\]\.price: expected a price above zero/,
    ],
    [
      'microseconds under our name',
      `${TWO}1733007600000000,1,1,2,1,,,,\n`,
      /row 2, column ts.*the first 13 digits/,
    ],
    [
      'milliseconds under Tardis’ name',
      `timestamp,${LEVEL}\n1733007600000,1,1,2,1\n`,
      /row 2, column timestamp: expected microseconds.*or `ts` in milliseconds/,
    ],
  );

  it('of one side that lacks the other, or a bar of it, or lies above it, is refused with file and row', async () => {
    const rows = (...lines: readonly string[]) => file(BARS + lines.map((line) => `${line}\n`).join(''));
    const check = (bid: string, ask: string | null, other?: string) =>
      checkRecording(
        [
          { symbol: null, side: 'bid', file: bid },
          ...(ask === null ? [] : [{ symbol: null, side: 'ask', file: ask } as const]),
          ...(other === undefined ? [] : [{ symbol: null, file: other }]),
        ],
        [btc],
      );
    const [first, second, third] = ['60000,2,3,1,2,0', '120000,2,3,1,2,0', '180000,2,3,1,2,0'] as const;
    const fourth = '240000,2,3,1,2,0';
    const whole = rows(first, second, third, fourth);
    await expect(check(whole, null)).rejects.toThrow(
      'expected files of both sides of BTC/USDT, and no others of it, found none of the ask. Add --data BTC/USDT:ask=FILE.',
    );
    await expect(check(whole, rows(first), rows(second))).rejects.toThrow(/found one of neither side/);
    const holed = rows(first, second, fourth);
    await expect(check(whole, holed)).rejects.toThrow(
      `${holed}, row 4, column ts: expected a bar of 1970-01-01T00:03:00.000Z, as in row 4 of ${whole}, found one of 1970-01-01T00:04:00.000Z`,
    );
    const short = rows(first, second, third);
    await expect(check(short, whole)).rejects.toThrow(
      `${short}, row 5, column ts: expected a bar of 1970-01-01T00:04:00.000Z, as in row 5 of ${whole}, found the end of the file`,
    );
    const low = rows(first, '120000,2,2.9,1,2,0', third, fourth);
    await expect(check(whole, low)).rejects.toThrow(
      `${low}, row 3, column high: expected at least the bid of 3.00, row 3 of ${whole}, found "2.90"`,
    );
    const longer = rows('60000,2,3,1,2,0', '360000,2,3,1,2,0');
    await expect(check(whole, longer)).rejects.toThrow(
      'expected bars of 60 s, as of the bid, found bars of 300 s',
    );
    const quotes = file('ts,bid,ask,bid_size,ask_size\n600000,1,2,1,1\n');
    await expect(check(quotes, whole)).rejects.toThrow('expected bars of the bid, found quotes');
  });

  it.each(cases)('with %s is refused by row, column, expected and found', async (_name, text, message) => {
    const path = file(text);
    const failure = checkRecording([{ symbol: null, file: path }], [btc]);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(path);
  });

  it.each([
    [150, 'among the first 200 rows, by which the length of the bars is found', 'after the row above'],
    [500, 'in the same piece of the file as those', 'after the first row'],
    [9_000, 'long after them', 'after the first row'],
  ])('whose row %i is a millisecond late, %s, is refused by that row', async (late, _where, behind) => {
    const rows = Array.from(
      { length: 10_000 },
      (_, i) => `${(i + 1) * 60_000 + (i + 2 === late ? 1 : 0)},100,101,99,100,1`,
    );
    const path = file(`${BARS}${rows.join('\n')}\n`);
    await expect(checkRecording([{ symbol: null, file: path }], [btc])).rejects.toThrow(
      `row ${late}, column ts: expected a whole number of bars of 60000 ms ${behind}, found "${(late - 1) * 60_000 + 1}"`,
    );
  });

  it('is not one of bars shorter than a second', async () => {
    const path = file(`${BARS}1000000,1,1,1,1,1\n1000100,1,1,1,1,1\n1000300,1,1,1,1,1\n`);
    await expect(checkRecording([{ symbol: null, file: path }], [btc])).resolves.toBe(1_000_300);
  });

  it('is not one of days in the early seventies', async () => {
    const path = file(`${BARS}864000000,1,1,1,1,1\n950400000,1,1,1,1,1\n`);
    await expect(checkRecording([{ symbol: null, file: path }], [btc])).resolves.toBe(950_400_000);
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

  it('that overlaps the one before, or has bars of another length, is refused with both names', async () => {
    const [first, overlapping] = [file(twoBars), file(`${BARS}120000,1,1,1,1,1\n180000,1,1,1,1,1\n`)];
    const both = (other: string) =>
      checkRecording(
        [first, other].map((path) => ({ symbol: null, file: path })),
        [btc],
      );
    await expect(both(overlapping)).rejects.toThrow(
      `${overlapping}: expected rows after the last one of ${first}, 1970-01-01T00:02:00.000Z, found a first one of 1970-01-01T00:02:00.000Z`,
    );
    const longer = file(`${BARS}300000,1,1,1,1,1\n600000,1,1,1,1,1\n`);
    await expect(both(longer)).rejects.toThrow(`expected bars of 60 s, as in ${first}, found bars of 300 s`);
    const quotes = file('ts,bid,ask,bid_size,ask_size\n600000,1,2,1,1\n');
    await expect(both(quotes)).rejects.toThrow(`expected bars of 60 s, as in ${first}, found quotes`);
  });

  it('that does not exist, or is for an unknown symbol, or is given twice, is refused', async () => {
    const path = file(twoBars);
    await expect(checkRecording([{ symbol: null, file: join(folder, 'none.csv') }], [btc])).rejects.toThrow(
      /ENOENT/,
    );
    await expect(checkRecording([{ symbol: 'XRP/USDT', file: path }], cryptoInstruments)).rejects.toThrow(
      /expected one of the desk's instruments \(BTC\/USDT, ETH\/USDT\), found XRP\/USDT/,
    );
    const twice = [null, 'BTC/USDT'].map((symbol) => ({ symbol, file: path }));
    await expect(checkRecording(twice, cryptoInstruments)).rejects.toThrow(
      /expected each file of BTC\/USDT once, found it twice/,
    );
  });
});
