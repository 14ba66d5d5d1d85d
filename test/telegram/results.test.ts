/** Results on a phone: what trading came to, by day, by trade, and as a picture. */
import { inflateSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { drawChart } from '../../src/telegram/chart/draw-chart.js';
import { walk } from '../page/candle-walk.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { scriptedStatus } from '../support/trader-status.js';
import { ANNA, type BotBench, openBotBench } from './support/bot-bench.js';

const VERA = 503;
/** A Wednesday, so that Monday is in another day of the same week. */
const NOW = Date.parse('2026-03-04T12:00:00Z');

let database: TestDatabase;
let bench: BotBench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  bench = await openBotBench({ pool: database.pool });
  bench.trader.marketMs = NOW;
  await bench.link('vera', VERA);
  bench.start();
});
afterEach(() => bench.close());

let number = 0;

/** A long round trip of one coin that was bought at 100, with its stop at 95. */
async function closed(at: string, realised: number, fee: number): Promise<void> {
  const { desk } = bench.desk;
  for (const [side, minutes, purpose, result] of [
    ['buy', 0, 'entry', 0],
    ['sell', 80, 'protective', realised],
  ] as const) {
    number += 1;
    await database.ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ($1, 'BTC/USDT', $2::text, 'fabc123' || $2, $3, 1, $4, $5, 'maker', $6, 'ema-cross', $7, true,
         $8::timestamptz + $9 * interval '1 minute', now(), 'abc123', $2::int)`,
      [desk, number, side, 100 + result, fee, purpose, result, at, minutes],
    );
  }
}

async function threeTrades(): Promise<void> {
  await closed('2026-01-15T10:00:00Z', 50, 1);
  await closed('2026-03-02T09:00:00Z', -5, 0.25);
  await closed('2026-03-04T08:00:00Z', 10, 0.5);
  await database.ownerPool.query(
    `insert into equity
     select $1, t::timestamptz, e, 10000, 9000, 0, true
     from (values ('2026-03-02T09:00:00Z', 10000), ('2026-03-02T11:00:00Z', 9900), ('2026-03-04T10:00:00Z', 9950)) p (t, e)`,
    [bench.desk.desk],
  );
}

describe('/profit', () => {
  it('says what trading came to after fees, today, this week, this month and in all', async () => {
    await threeTrades();
    bench.type(VERA, '/profit');
    await bench.answered(
      VERA,
      /Today: \+9\.00 USDT, 1 round trip, 1 won \(100 %\), largest drawdown 0\.00 %/,
    );
    const [text = ''] = bench.texts(VERA).slice(-1);
    expect(text).toMatch(/This week: \+3\.50 USDT, 2 round trips, 1 won \(50 %\), largest drawdown 1\.00 %/);
    expect(text).toMatch(/This month: \+3\.50 USDT/);
    expect(text).toMatch(/All: \+51\.50 USDT, 3 round trips, 2 won \(67 %\)/);
    expect(text).toContain('Days begin at 00:00, UTC; weeks on Monday.');
  });

  it('says one of them, and what may be asked for', async () => {
    bench.type(VERA, '/profit Week');
    await bench.answered(VERA, /^This week: nothing was closed\nResults/);
    bench.type(VERA, '/profit year');
    await bench.answered(VERA, /Profit: expected one of day, week, month, all.*found "year"/);
  });

  it('says that the ledger does not answer', async () => {
    await bench.stop();
    bench.operations.showResults = () => Promise.reject(new Error('ECONNREFUSED'));
    bench.start();
    bench.type(VERA, '/profit');
    await bench.answered(VERA, /The ledger does not answer \(ECONNREFUSED\).*Trading does not depend on it/);
  });
});

describe('/daily', () => {
  it('has a line for each of the last days, the newest first', async () => {
    await threeTrades();
    bench.type(VERA, '/daily 3');
    await bench.answered(
      VERA,
      /2026-03-04: \+9\.00 USDT, 1 round trip.*\n2026-03-03: nothing was closed\n2026-03-02: \u22125\.50 USDT.*\nDays begin/,
    );
  });

  it('has all of them in the week in which clocks go back', async () => {
    const change = (desk: typeof bench.desk) => ({
      ...desk,
      timezone: 'Europe/Berlin',
      dayBoundary: '00:00',
    });
    const berlin = await openBotBench({ pool: database.pool, change });
    berlin.trader.marketMs = Date.parse('2026-10-25T22:30:00Z');
    await berlin.link('vera', VERA);
    berlin.start();
    berlin.type(VERA, '/daily 7');
    await berlin
      .answered(VERA, /^2026-10-25: .*(\n.*){5}\n2026-10-19: nothing was closed\nDays begin/)
      .finally(() => berlin.close());
  });

  it('says whose clock it goes by while the trader is away', async () => {
    bench.trader.gone = true;
    bench.type(VERA, '/daily 1');
    await bench.answered(VERA, /The trader does not answer: "today" is by the clock of the desk’s machine/);
  });

  it.each(['0', '32', 'week', '1.5'])('names what is expected instead of %s', async (days) => {
    bench.type(VERA, `/daily ${days}`);
    await bench.answered(
      VERA,
      `Days: expected a whole number from 1 to 31, found "${days}". Write it so: /daily 7.`,
    );
  });
});

describe('/trades', () => {
  it('lists the newest round trips: when, what came of them, why they ended', async () => {
    await threeTrades();
    await database.ownerPool.query(
      `insert into orders (desk, client_id, symbol, side, type, quantity, price, purpose, strategy, state, simulated,
         created_market, created, updated)
       values ($1, 'fabc1239999', 'BTC/USDT', 'sell', 'stop', 1, 95, 'protective', 'ema-cross', 'working', true,
         '2026-03-04T08:01:00Z', now(), now())`,
      [bench.desk.desk],
    );
    bench.type(VERA, '/trades 2');
    await bench.answered(VERA, /BTC\/USDT long, ema-cross: \+9\.00 USDT \(\+9\.00 %, \+1\.80 R\), stop\n/);
    const [text = ''] = bench.texts(VERA).slice(-1);
    expect(text).toContain('2026-03-04 08:00 UTC to 2026-03-04 09:20 UTC, 1 h 20 min');
    expect(text).toMatch(/\u22125\.50 USDT \(\u22125\.50 %/);
    expect(text).toContain('The newest 2 of 3.');
  });

  it('says that nothing was closed, and what is expected', async () => {
    bench.type(VERA, '/trades');
    await bench.answered(VERA, 'No position was closed yet.');
    bench.type(VERA, '/trades 21');
    await bench.answered(VERA, /expected a whole number from 1 to 20, found "21"/);
  });
});

describe('/chart', () => {
  it('is a picture of the symbol with a position, with what was traded and its stop in words too', async () => {
    bench.trader.bars = walk(300, NOW);
    bench.trader.held = scriptedStatus().positions;
    await closed('2026-03-04T09:00:00Z', 10, 0.5);
    bench.type(VERA, '/chart');
    await bench.answered(
      VERA,
      /^BTC\/USDT, 4h: 4\d\u202f\d{3}\.\d\d \([+\u2212]?\d\.\d\d %\)\nlong from .*\nstop 42\u202f610\.50\n2 fills/,
    );
    expect(bench.sent(VERA).at(-1)?.photo).toMatchObject([{ width: 1280, height: 720 }]);
    expect(bench.trader.sent('bars')).toMatchObject([{ symbol: 'BTC/USDT', count: 240 }]);
  });

  it('spans its time also where bars are longer than a minute', async () => {
    const hourMs = 3_600_000;
    bench.trader.bars = Array.from({ length: 300 }, (_, at) => {
      const price = String(100 + at);
      const prices = { open: price, high: price, low: price, close: price };
      return {
        openMs: NOW - (300 - at) * hourMs,
        spanMs: hourMs,
        ...prices,
        volume: '1',
        bid: null,
        ask: null,
      };
    });
    bench.type(VERA, '/chart 4h');
    await bench.answered(VERA, /^BTC\/USDT, 4h: 399 \(\+0\.76 %\)/);
  });

  it('counts all that was traded', async () => {
    bench.trader.bars = walk(240, NOW);
    await database.ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       select $1, 'BTC/USDT', n::text, 'fabc123' || n, 'buy', 1, 100, 0, 'maker', 'entry', 'ema-cross', 0, true,
         $2::timestamptz - n * interval '1 second', now(), 'abc123', n from generate_series(1, 501) n`,
      [bench.desk.desk, new Date(NOW)],
    );
    bench.type(VERA, '/chart');
    await bench.answered(VERA, /\n501 fills in this time/);
  });

  it('takes a symbol as people write it and a range, in any order', async () => {
    bench.trader.bars = walk(300, NOW);
    bench.type(VERA, '/chart 1h ethusdt');
    await bench.answered(VERA, /^ETH\/USDT, 1h/);
    expect(bench.trader.sent('bars')).toMatchObject([{ symbol: 'ETH/USDT', count: 60 }]);
    bench.type(VERA, '/chart DOGE 4h');
    await bench.answered(
      VERA,
      /expected a symbol of this desk \(BTC\/USDT.*\) and a range \(1h, 4h, 8h, 16h\)/,
    );
  });

  it('says why there is none', async () => {
    bench.type(VERA, '/chart');
    await bench.answered(VERA, /No bar of BTC\/USDT was finished in the last 4h of the market's time/);
    bench.trader.gone = true;
    bench.type(VERA, '/chart');
    await bench.answered(VERA, /There are no prices to draw: the trader is not there/);
  });

  it('draws what goes up and down, dashes for a stop, and an arrow under what was bought', () => {
    const candles = [
      { openMs: NOW, open: 100, high: 104, low: 99, close: 103, volume: 5 },
      { openMs: NOW + 60_000, open: 103, high: 105, low: 97, close: 98, volume: 9 },
    ];
    const chart = { title: 'BTC/USDT', subtitle: '', candles, spanMs: 60_000, digits: 2 };
    const stop = { name: 'stop', price: 96, tone: 'stop' } as const;
    const bare = colours(drawChart({ ...chart, fills: [], levels: [] }));
    const whole = colours(
      drawChart({ ...chart, fills: [{ marketMs: NOW + 5, side: 'buy' }], levels: [stop] }),
    );
    expect(bare.up).toBeGreaterThan(10_000);
    expect(bare.down).toBeGreaterThan(10_000);
    expect(bare.dashes).toBe(0);
    expect(whole.dashes).toBe(2);
    const plain = colours(drawChart({ ...chart, fills: [], levels: [stop] }));
    expect(whole.up - plain.up).toBeGreaterThan(100);
  });

  it('keeps many levels within the picture, and their prices apart', () => {
    const candles = [{ openMs: NOW, open: 100, high: 101, low: 99, close: 100, volume: 5 }];
    const levels = Array.from({ length: 12 }, (_, at) => {
      return { name: 'entry', price: 100 + at / 1_000, tone: 'stop' } as const;
    });
    const chart = { title: 'BTC/USDT', subtitle: '', candles, spanMs: 60_000, digits: 3, fills: [] };
    const pixel = pixelsOf(drawChart({ ...chart, levels }));
    const rows = Array.from({ length: 720 }, (_, y) => y);
    const columns = Array.from({ length: 1_280 }, (_, x) => x);
    // Beside the figures, where a tag shows its ground: each one's is as high as its figures and their margin.
    expect(rows.filter((y) => isLoss(pixel(1_130, y))).length).toBeGreaterThan(12 * 27);
    expect(rows.filter((y) => columns.slice(-10).some((x) => isLoss(pixel(x, y))))).toEqual([]);
    const inHead = rows.slice(0, 112).filter((y) => columns.some((x) => isLoss(pixel(x, y))));
    expect(Math.min(...inHead)).toBeGreaterThan(52);
    expect(Math.max(...inHead)).toBeLessThan(108);
  });
});

it('are read one at a time, and who asks while many wait is told so', async () => {
  const read = bench.operations.showResults;
  let [underWay, most] = [0, 0];
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  bench.operations.showResults = async (request) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await opened;
    underWay -= 1;
    return read(request);
  };
  for (let asked = 0; asked < 6; asked += 1) bench.type(VERA, '/trades');
  await bench.answered(VERA, /\/trades was not done: .* Ask again in a minute/).finally(open);
  await bench.answered(VERA, /No position was closed yet[\s\S]*No position was closed yet/);
  expect(most).toBe(1);
});

it('are in the list of commands that a phone offers, and in /help', async () => {
  await bench.link('anna', ANNA);
  bench.type(ANNA, '/help');
  await bench.answered(ANNA, /\/profit:[\s\S]*\/daily 7:[\s\S]*\/trades 5:[\s\S]*\/chart BTC\/USDT 4h:/);
});

/** Of a picture without filters: red and green of a pixel. */
function pixelsOf(png: Buffer): (x: number, y: number) => readonly [number, number] {
  const width = png.readUInt32BE(16);
  const start = png.indexOf('IDAT') + 4;
  const pixels = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
  return (x, y) => {
    const at = y * (width * 3 + 1) + 1 + x * 3;
    return [pixels[at] ?? 0, pixels[at + 1] ?? 0];
  };
}

const isLoss = ([red, green]: readonly [number, number]): boolean => red - green > 100;

/** How many pixels are of the colours of gain and loss, and rows that are dashed in the latter. */
function colours(png: Buffer): { up: number; down: number; dashes: number } {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const pixel = pixelsOf(png);
  const counted = { up: 0, down: 0, dashes: 0 };
  for (let y = 0; y < height; y += 1) {
    let changes = 0;
    let before = false;
    for (let x = 0; x < width; x += 1) {
      const [red, green] = pixel(x, y);
      const down = isLoss([red, green]);
      if (green - red > 100) counted.up += 1;
      if (down) counted.down += 1;
      if (down !== before) changes += 1;
      before = down;
    }
    if (changes > 80) counted.dashes += 1;
  }
  return counted;
}
