import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { idleStatus } from '../support/trader-status.js';
import { DESK, startWebUnderTest, type WebUnderTest } from './web-under-test.js';

const START = '2026-01-05T10:00:00Z';
let database: TestDatabase;
let web: WebUnderTest;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await fill(database);
  web = await startWebUnderTest(database.pool);
  token = (await web.signIn()).accessToken;
});
afterAll(async () => {
  await web.stop();
  await database.drop();
});

async function fill({ ownerPool }: TestDatabase): Promise<void> {
  await ownerPool.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
       realised, simulated, market, wall, incarnation, sequence)
     select desk, case when n % 2 = 0 then 'BTC/USDT' else 'ETH/USDT' end, n::text, 'fabc' || n, 'buy', 0.00696,
       43000.10, 0.3, 'maker', 'entry', 'ema-cross', n - 5, true,
       $2::timestamptz + (n / 3) * interval '1 minute', now(), 'abc', n
     from generate_series(1, 25) n, (values ($1), ('another-desk')) desks (desk)`,
    [DESK, START],
  );
  await ownerPool.query(
    `insert into equity select $1, $2::timestamptz + n * interval '1 minute', 10000 + n, 10000 + n, 9000, n, true
     from generate_series(1, 5000) n`,
    [DESK, START],
  );
  await ownerPool.query(
    `insert into routine_run (desk, workflow_id, first_run_id, routine, title, nominal, started, finished, verdict, cause)
     values ($1, 'routine:w', 'r1', 'pre-market', 'Pre-market', $2, $2, $2, 'pass', 'at the start'),
            ($1, 'routine:w', 'r2', 'pre-market', 'Pre-market', $2, $2::timestamptz + interval '1 day', null, null, 'on schedule')`,
    [DESK, START],
  );
  await ownerPool.query(
    `insert into run_missed (desk, routine, nominal, reason)
     values ($1, 'nightly', $2, 'the desk was off'),
            ($1, 'pre-market', $2::timestamptz + interval '1 day', 'paused'),
            ('another-desk', 'pre-market', $2, 'not ours')`,
    [DESK, START],
  );
  await ownerPool.query(
    `insert into evidence (desk, workflow_id, first_run_id, run_id, routine, step_key, name, kind, verdict, observed,
       expected, started, finished, simulated, previous_hash, hash)
     values ($1, 'routine:w', 'r1', 'r1', 'pre-market', 'removed', 'No longer listed', 'check', 'pass', 'well', 'well',
         $2, $2, true, '', 'g'),
       ($1, 'routine:w', 'r1', 'r1', 'pre-market', 'data', 'Market data fresh', 'check', 'pass', '0 s old', 'fresh',
         $2, $2, true, 'g', 'i'),
       ($1, 'routine:w', 'r1', 'r1', 'pre-market', 'venue', 'Venue reachable', 'check', 'pass', 'answered in 3 ms',
         'answers within 2 s', $2, $2, true, 'i', 'h'),
       ($1, 'backup:' || $1, 'b1', 'b1', 'backup', 'take', 'Taken', 'action', 'pass', '12 files', 'all', $2,
         $2::timestamptz + interval '2 seconds', true, 'h', 'j'),
       ($1, 'backup:' || $1, 'b2', 'b2', 'backup', 'take', 'Taken', 'action', 'pass', '12 files', 'all', $2, $2, true, 'j', 'k'),
       ($1, 'backup:' || $1, 'b2', 'b2', 'backup', 'verify', 'Verified', 'check', 'fail', '1 byte differs', 'none differs',
         $2, $2, true, 'k', 'l'),
       ($1, 'drill:' || $1, 'd1', 'd1', 'restore-drill', 'restore', 'Restored', 'action', 'pass', 'equal', 'equal', $2, $2,
         true, 'l', 'm'),
       ($1, 'routine:' || $1 || ':backup:x', 'r3', 'r3', 'backup', 'backup', 'Backup, verified', 'action', 'pass', '12 files',
         'all', $2, $2, true, 'm', 'o'),
       ($1, 'routine:' || $1 || ':restore-drill:x', 'r4', 'r4', 'restore-drill', 'restore', 'Restore drill', 'action', 'pass',
         'equal', 'equal', $2, $2, true, 'o', 'p'),
       ('another-desk', 'backup:x', 'x1', 'x1', 'backup', 'take', 'Taken', 'action', 'pass', '', '', $2, $2, true, '', 'n')`,
    [DESK, START],
  );
}

async function get<T>(path: string): Promise<T> {
  const answer = await web.call('GET', path, { token });
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

interface Page {
  readonly trades: readonly { readonly tradeId: string; readonly symbol: string; readonly price: string }[];
  readonly total: number;
  readonly nextCursor: string | null;
}

describe('trades', () => {
  it('come in pages, newest first, each once, of this desk only', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: Page = await get(`/api/trades?limit=5${cursor === null ? '' : `&before=${cursor}`}`);
      pages += 1;
      expect(page.total).toBe(25);
      seen.push(...page.trades.map(({ tradeId }) => tradeId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, at) => String(25 - at)));
    // The fifth one is full, and the last one.
    expect(pages).toBe(5);
    const made = await web.call('GET', '/api/trades?before=bWFkZSB1cA', { token });
    expect([made.status, await made.json()]).toMatchObject([
      400,
      { detail: '`before` is not a cursor that this API gave out.' },
    ]);
  });

  it('are those of the account in use: what was traded on one that is set aside is left out', async () => {
    const { ownerPool } = database;
    onTestFinished(async () => {
      await ownerPool.query(`delete from fills where incarnation = 'old'`);
      await ownerPool.query('delete from ledger_cursor');
    });
    await ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       select desk, symbol, 'of old', 'fold1', side, quantity, price, fee, liquidity, purpose, strategy, realised, simulated,
         market + interval '1 hour', wall, 'old', 1 from fills where desk = $1 and trade_id = '24'`,
      [DESK],
    );
    expect(await get<Page>('/api/trades?limit=1')).toMatchObject({
      total: 26,
      trades: [{ tradeId: 'of old' }],
    });
    await ownerPool.query(
      `insert into ledger_cursor (desk, incarnation, sequence, chain, account, updated)
       values ($1, 'old', 1, '', 'paper/simulated', now() - interval '1 day'), ($1, 'abc', 25, '', 'paper/live', now())`,
      [DESK],
    );
    expect(await get<Page>('/api/trades?limit=1')).toMatchObject({ total: 25, trades: [{ tradeId: '25' }] });
  });

  it('carry decimal text and can be asked for by symbol', async () => {
    const page = await get<Page>('/api/trades?symbol=BTC/USDT&limit=200');
    expect(page.total).toBe(12);
    expect(page.trades[0]).toEqual({
      ...{ tradeId: '24', clientId: 'fabc24', symbol: 'BTC/USDT', side: 'buy', strategy: 'ema-cross' },
      ...{ quantity: '0.00696', price: '43000.10', fee: '0.3', realised: '19' },
      ...{ liquidity: 'maker', purpose: 'entry', simulated: true, caughtUp: false },
      marketMs: Date.parse('2026-01-05T10:08:00Z'),
      wallMs: expect.any(Number),
    });
  });
});

describe('equity', () => {
  it('is thinned to what was asked for, with the newest point kept', async () => {
    const { points, source } = await get<{ source: string; points: { marketMs: number; equity: string }[] }>(
      '/api/equity?points=100',
    );
    expect(source).toBe('ledger');
    expect(points.length).toBeLessThanOrEqual(100);
    expect(points.length).toBeGreaterThan(50);
    expect(points.at(-1)).toMatchObject({ equity: '15000', peak: '15000' });
    expect(points.map(({ marketMs }) => marketMs)).toEqual(
      points.map(({ marketMs }) => marketMs).sort((a, b) => a - b),
    );
  });

  interface Held {
    readonly symbol: string;
    readonly kind: 'stock' | 'inverse' | 'fx';
    readonly currency: string;
    /** Of the account, at every hour. */
    readonly equity: number;
    /** Of the minute that closes at each hour. */
    readonly closes: readonly number[];
    /** Of the pair that converts, if its results are converted; null: none came. */
    readonly rates?: { readonly symbol: string; readonly closes: readonly (number | null)[] };
    /** Recorded half an hour before the hour of this number, by each of these journals. */
    readonly split?: { readonly hour: number; readonly journals: readonly string[]; readonly ratio: object };
  }

  /** The benchmark of a desk with this one instrument, or with that which converts its results as well. */
  async function held({
    symbol,
    kind,
    currency,
    equity,
    closes,
    rates,
    split,
  }: Held): Promise<readonly string[]> {
    const store = await createTestDatabase();
    const { marketData } = idleStatus();
    const { ownerPool } = store;
    const hourMs = (hour: number): number => Date.parse(START) + hour * 3_600_000;
    const priced = [{ symbol, closes }, ...(rates === undefined ? [] : [rates])];
    const bars = priced.flatMap(({ symbol: of, closes: each }) =>
      each.flatMap((close, at) => (close === null ? [] : [{ of, at, close }])),
    );
    for (const { of, at, close } of bars)
      await ownerPool.query(
        `insert into bars (desk, source, symbol, open_time, span_seconds, open, high, low, close, volume, simulated)
         values ($1, $2, $3, $4, 60, $5, $5, $5, $5, 1, true)`,
        [DESK, marketData.identity, of, new Date(hourMs(at) - 60_000), close],
      );
    for (const at of closes.keys())
      await ownerPool.query('insert into equity values ($1, $2, $3, $3, $3, 0, true)', [
        ...[DESK, new Date(hourMs(at)), equity],
      ]);
    for (const journal of split?.journals ?? []) {
      const instruments = [{ symbol: 'OTHER/USD' }, { symbol }];
      const marketMs = hourMs(split?.hour ?? 0) - 1_800_000;
      const recorded = { actionId: 'a1', instrument: 1, ...split?.ratio, marketMs };
      for (const [at, record] of [
        { type: 'config', instruments },
        { type: 'split', ...recorded },
        // Of a session later, in which the instruments have other numbers.
        { type: 'config', instruments: instruments.toReversed() },
      ].entries())
        await ownerPool.query(`insert into journal_entry values ($1, $2, $3, now(), $4, $5, '')`, [
          ...[DESK, journal, at + 1, record.type, record],
        ]);
    }
    const one = await startWebUnderTest(store.pool, {
      instruments: priced.map(({ symbol: of }) => ({ symbol: of, kind })),
    });
    try {
      const lastPrices = priced.map(({ symbol: of }) => ({ symbol: of, bid: '1', ask: '2' }));
      one.trader.status = idleStatus({ currency, marketData: { ...marketData, lastPrices } });
      const { accessToken } = await one.signIn();
      const read = async () => (await one.call('GET', '/api/equity', { token: accessToken })).json();
      await expect.poll(read).toMatchObject({ currency, source: 'ledger' });
      const { buyAndHold } = (await read()) as { buyAndHold: { equity: string }[] };
      return buyAndHold.map((point) => point.equity);
    } finally {
      await one.stop();
      await store.drop();
    }
  }
  const STOCK = { symbol: 'AAPL/USD', kind: 'stock', currency: 'USD', equity: 10_000 } as const;
  const IN_COIN = { symbol: 'BTC/USD', kind: 'inverse', currency: 'BTC', equity: 0.5 } as const;

  it('of buying and holding has every place on an account in a coin', async () => {
    expect(await held({ ...IN_COIN, closes: [40_001, 40_002] })).toEqual(['0.50000000', '0.50001250']);
  });

  it('of buying and holding is that of a long inverse contract: the coin, and what the contract gains in it', async () => {
    expect(await held({ ...IN_COIN, closes: [50_000, 100_000, 25_000] })).toEqual([
      ...['0.50000000', '0.75000000', '0.00000000'],
    ]);
  });

  it('of buying and holding a stock goes on in new shares after a split, once for every journal that has it', async () => {
    const split = { hour: 2, journals: ['aaa'], ratio: { numerator: 4, denominator: 1 } };
    const closes = [400, 420, 105, 110];
    const grown = ['10000.00', '10500.00', '10500.00', '11000.00'];
    expect(await held({ ...STOCK, closes, split })).toEqual(grown);
    expect(await held({ ...STOCK, closes, split: { ...split, journals: ['aaa', 'bbb'] } })).toEqual(grown);
    expect(await held({ ...STOCK, closes: [100, 110], split: { ...split, hour: 0 } })).toEqual([
      ...['10000.00', '11000.00'],
    ]);
    const reverse = { ...split, ratio: { numerator: 1, denominator: 10 } };
    expect(await held({ ...STOCK, closes: [4, 5, 50], split: reverse })).toEqual([
      ...['10000.00', '12500.00', '12500.00'],
    ]);
  });

  it('of buying and holding pairs in another currency has their gains at the rate of each moment, from the first one on', async () => {
    const pair = { kind: 'fx', currency: 'USD', equity: 10_000 } as const;
    expect(await held({ ...pair, symbol: 'USD/JPY', closes: [100, 150, 50] })).toEqual([
      ...['10000.00', '13333.33', '0.00'],
    ]);
    // Half of it is spent on the pair that converts, which gains 25 yen on 100: 1,000 dollars at 125.
    const rates = { symbol: 'USD/JPY', closes: [null, 100, 100, 125] };
    expect(await held({ ...pair, symbol: 'GBP/JPY', closes: [150, 200, 220, 220], rates })).toEqual([
      ...['10000.00', '10500.00', '11400.00'],
    ]);
  });

  it('comes from memory while the database is down, and says so', async () => {
    const without = await startWebUnderTest(null);
    try {
      const { accessToken } = await without.signIn();
      const read = async () => (await without.call('GET', '/api/equity', { token: accessToken })).json();
      await expect
        .poll(read)
        .toMatchObject({ source: 'memory', points: [{ equity: '10042.18', peak: expect.any(String) }] });
    } finally {
      await without.stop();
    }
  });
});

describe('routines', () => {
  it('show what each step expected and observed, in the order of the desk file, newest run first', async () => {
    const { runs } = await get<{ runs: unknown[] }>('/api/routines');
    expect(runs).toMatchObject([
      { verdict: null, finishedMs: null, steps: [] },
      {
        verdict: 'pass',
        cause: 'at the start',
        steps: [
          { key: 'venue', verdict: 'pass', expected: 'answers within 2 s', observed: 'answered in 3 ms' },
          { key: 'data' },
          { key: 'removed' },
        ],
      },
    ]);
  });

  it('show when one was due and did not run, newest first', async () => {
    const { missed } = await get<{ missed: unknown[] }>('/api/routines');
    const startMs = Date.parse(START);
    expect(missed).toEqual([
      { routine: 'pre-market', nominalMs: startMs + 86_400_000, reason: 'paused' },
      { routine: 'nightly', nominalMs: startMs, reason: 'the desk was off' },
    ]);
  });
});

describe('backups and restore drills', () => {
  it('are listed once each with their steps, newest first; one that failed is not hidden, and no routine is one', async () => {
    const { runs } = await get<{ runs: unknown[] }>('/api/backups');
    expect(runs).toMatchObject([
      { routine: 'restore-drill', workflowId: `drill:${DESK}`, runId: 'd1', verdict: 'pass' },
      {
        routine: 'backup',
        runId: 'b2',
        verdict: 'fail',
        steps: [{ key: 'take' }, { key: 'verify', observed: '1 byte differs' }],
      },
      { routine: 'backup', runId: 'b1', verdict: 'pass', finishedMs: Date.parse(START) + 2_000 },
    ]);
    expect(runs).toHaveLength(3);
    expect((await get<{ runs: unknown[] }>('/api/backups?limit=1')).runs).toHaveLength(1);
  });
});

describe('prices', () => {
  it('are the trader’s finished bars, those of its warm-up included', async () => {
    const ohlc = { open: '43100.00', high: '43130.00', low: '43090.00', close: '43120.12', volume: '1.5' };
    web.trader.bars = [{ openMs: Date.parse(START), spanMs: 60_000, ...ohlc, bid: '43120.11', ask: null }];
    const answer = await get<object>('/api/bars?symbol=BTC/USDT&limit=10');
    expect(answer).toMatchObject({ spanMs: 60_000, bars: [{ close: '43120.12' }] });
    expect(web.trader.calls.at(-1)).toMatchObject({
      method: 'bars',
      params: { symbol: 'BTC/USDT', count: 10 },
    });
  });
});
