import { afterAll, expect, it } from 'vitest';
import { DAY_MS } from '../../src/domain/civil-date.js';
import type { ServerTime } from '../../src/domain/instrument.js';
import { openRecording, type RecordedFile } from '../../src/market/recorded/recorded-file.js';
import { recordingFolder } from './recordings.js';

const { file, remove } = recordingFolder();
afterAll(remove);

const BARS = '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n';
const DAYS = '<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n';
const TICKS = '<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n';
const NEW_YORK: ServerTime = { zone: 'America/New_York', hoursAhead: 7 };
const ATHENS: ServerTime = { zone: 'Europe/Athens', hoursAhead: 0 };

const bar = (time: string): string => `${time.replace(' ', '\t')}\t1.1\t1.2\t1\t1.15\t40\t0\t3\n`;

async function read(texts: readonly string[], serverTime?: ServerTime) {
  const files = texts.map((text) => ({ file: file(text) }));
  const instrument = { symbol: 'EUR/USD', tickSize: '0.00001', lotSize: '0.01' };
  const opened = await openRecording(files, {
    ...instrument,
    ...(serverTime === undefined ? {} : { serverTime }),
  });
  try {
    return { rows: await rowsOf(opened), spanMs: opened.spanMs };
  } finally {
    await opened.close();
  }
}

async function rowsOf(opened: RecordedFile) {
  const all = [];
  for (let some = await opened.next(); some !== null; some = await opened.next())
    for (let at = 0; at < some.length; at += 1) all.push(some.rowAt(at));
  return all;
}

const times = async (texts: readonly string[], serverTime: ServerTime) =>
  (await read(texts, serverTime)).rows.map(({ tsMs }) => new Date(tsMs).toISOString().slice(0, 16));

it('are read in the time of the broker’s server: New York’s clock changes, three weeks before Europe’s', async () => {
  const minutes = [
    '2025.01.06 00:00:00',
    '2025.03.07 00:00:00',
    '2025.03.10 00:00:00',
    '2025.07.07 00:00:00',
  ];
  expect(await times([BARS + minutes.map(bar).join('')], NEW_YORK)).toEqual([
    '2025-01-05T22:00',
    '2025-03-06T22:00',
    '2025-03-09T21:00',
    '2025-07-06T21:00',
  ]);
  expect(await times([BARS + minutes.map(bar).join('')], ATHENS)).toEqual([
    '2025-01-05T22:00',
    '2025-03-06T22:00',
    '2025-03-09T22:00',
    '2025-07-06T21:00',
  ]);
});

it('of days are days, whatever the clocks do between them, in one file and in one for each month', async () => {
  const days = ['2025.03.06', '2025.03.07', '2025.03.10', '2025.03.11'];
  const EXPECTED = ['2025-03-05T22:00', '2025-03-06T22:00', '2025-03-09T21:00', '2025-03-10T21:00'];
  expect(await times([DAYS + days.map(bar).join('')], NEW_YORK)).toEqual(EXPECTED);
  expect((await read([DAYS + days.map(bar).join('')], NEW_YORK)).spanMs).toBe(DAY_MS);
  const two = [days.slice(2), days.slice(0, 2)].map((some) => DAYS + some.map(bar).join(''));
  expect(await times(two, NEW_YORK)).toEqual(EXPECTED);
});

it('have each hour twice where the clock is put back', async () => {
  const halves = ['02:30', '03:00', '03:30', '03:00', '03:30', '04:00'].map(
    (time) => `2025.10.26 ${time}:00`,
  );
  expect(await times([BARS + halves.map(bar).join('')], ATHENS)).toEqual(
    ['23:30', '00:00', '00:30', '01:00', '01:30', '02:00'].map(
      (time) => `2025-10-${time === '23:30' ? 25 : 26}T${time}`,
    ),
  );
});

it('have prices of the bid, and a volume only where something but ticks was counted', async () => {
  const { rows } = await read(
    [`${BARS}${bar('2025.01.06 00:00:00')}2025.01.06	00:01:00	1.1	1.2	1	1.1	9	12	3\n`],
    NEW_YORK,
  );
  expect(rows).toEqual([
    {
      ...{ format: 'bars', tsMs: Date.UTC(2025, 0, 5, 22), volumeLots: Number.NaN },
      ...{ openTicks: 110_000, highTicks: 120_000, lowTicks: 100_000, closeTicks: 115_000 },
    },
    expect.objectContaining({ volumeLots: 1200 }),
  ]);
});

it('of ticks leave out what has not changed, and count from where both sides are known', async () => {
  const rows = [
    '2025.07.07\t00:00:00.100\t1.10001\t\t\t\t2',
    '2025.07.07\t00:00:00.250\t\t1.10003\t\t\t4',
    '2025.07.07\t00:00:01\t1.10002\t\t\t\t2',
  ];
  const atMs = Date.UTC(2025, 6, 6, 21);
  const sizes = { bidLots: 0, askLots: 0 };
  expect((await read([`${TICKS}${rows.join('\r\n')}\r\n`], NEW_YORK)).rows).toEqual([
    { format: 'quotes', tsMs: atMs + 250, bidTicks: 110_001, askTicks: 110_003, ...sizes },
    { format: 'quotes', tsMs: atMs + 1000, bidTicks: 110_002, askTicks: 110_003, ...sizes },
  ]);
});

it('are read with commas between their columns, too', async () => {
  const commas = (BARS + bar('2025.01.06 00:00:00')).replaceAll('\t', ',');
  expect(await times([commas], NEW_YORK)).toEqual(['2025-01-05T22:00']);
});

it.each<[string, string, ServerTime | undefined, RegExp]>([
  [
    'without the server’s clock',
    BARS + bar('2025.01.06 00:00:00'),
    undefined,
    /row 1: expected to know the clock .* found no `venue\.serverTime` .*hoursAhead: 7/s,
  ],
  [
    'at a time that the clock skips',
    BARS + bar('2025.03.30 03:30:00'),
    ATHENS,
    /row 2, column <DATE>: expected a time that the broker’s server showed .*found "2025\.03\.30 03:30:00".*put forward/s,
  ],
  [
    'on a day that no month has',
    BARS + bar('2025.02.30 03:30:00'),
    ATHENS,
    /row 2, column <DATE>: expected a time .*found "2025\.02\.30 03:30:00".*Correct the row/s,
  ],
  [
    'of a day that is an hour short',
    DAYS + ['2025.03.29', '2025.03.30', '2025.03.31'].map(bar).join(''),
    ATHENS,
    /row 4: expected a bar that begins once the one above has ended, found 2025-03-30T21:00.*put forward/s,
  ],
  [
    'of such a day far behind its first rows',
    DAYS +
      Array.from({ length: 220 }, (_, at) => new Date(Date.UTC(2024, 7, 24 + at)).toISOString())
        .map((day) => bar(day.slice(0, 10).replaceAll('-', '.')))
        .join(''),
    ATHENS,
    /row 221, column <DATE>: expected a bar that begins once the one above has ended, found "2025\.03\.31"/,
  ],
  [
    'off the grid of its bars',
    BARS +
      [
        ...Array.from(
          { length: 200 },
          (_, at) => `2025.01.06 0${Math.floor(at / 60)}:${`${at % 60}`.padStart(2, '0')}:00`,
        ),
        '2025.01.06 05:00:30',
      ]
        .map(bar)
        .join(''),
    ATHENS,
    /row 202, column <DATE>: expected a whole number of bars of 60000 ms after the first row, found "2025\.01\.06 05:00:30"/,
  ],
  ['in UTF-16', '\0<\0D\0', ATHENS, /UTF-16: save it as UTF-8/],
  ['with a column too few', `${BARS}2025.01.06\t00:00:00\t1.1\n`, ATHENS, /9 columns .*found 3/],
])('are refused %s', async (_, text, serverTime, message) => {
  await expect(read([text], serverTime)).rejects.toThrow(message);
});
