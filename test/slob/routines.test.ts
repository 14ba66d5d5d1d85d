/**
 * Each step of the routines of desks/slob, with the thresholds of the desk file: it passes where all is well, fails where the
 * real thing is bad, and does not pass where nobody can tell.
 */
import { renameSync, rmSync, truncateSync } from 'node:fs';
import fs from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type IbkrSimulator, startIbkrSimulator } from '../../simulators/ibkr/start.js';
import { backupsFolder } from '../../src/backup/backup-folder.js';
import { testConnection } from '../../src/checks/preflight/connection-reading.js';
import { keepChannelHealth } from '../../src/home/channel-health.js';
import { recordAlert } from '../../src/store/incident-rows.js';
import { pruneOutbox } from '../../src/store/outbox-delivery.js';
import { NOW } from '../checks/check-bench.js';
import { AtTheStrategy } from './support/at-the-strategy.js';
import { dayUntil } from './support/day.js';
import { RoutineBench } from './support/routine-bench.js';

const statfs = vi.spyOn(fs, 'statfs');
// What the product has imported by name is this one from here on.
syncBuiltinESMExports();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 10 GB in blocks of 4,096 bytes. */
const TEN_GB = 2_621_440;
const MB = 1_048_576;
/** 10:00 in New York. */
const FRIDAY = Date.UTC(2026, 10, 20, 15);

const bench = new RoutineBench();
let page: Server;
let pageStatus = 200;
let gateway: IbkrSimulator;

beforeAll(async () => {
  await bench.open();
  gateway = await startIbkrSimulator({
    accounts: [{ id: 'DU1234567', cash: '100000.00' }],
    wallMs: () => FRIDAY,
  });
  page = createServer(({ url }, answer) => answer.writeHead(url === '/health' ? pageStatus : 404).end('ok'));
  await new Promise<void>((listens) => page.listen(0, '127.0.0.1', listens));
  bench.port = (page.address() as AddressInfo).port;
});
beforeEach(() => {
  bench.renew();
  pageStatus = 200;
  freeBlocks(TEN_GB);
});
afterAll(async () => {
  await gateway.close();
  await new Promise((closed) => page.close(closed));
  await bench.close();
});

const freeBlocks = (bavail: number) =>
  statfs.mockImplementation(async () => ({ bavail, bsize: 4096, blocks: 2 * TEN_GB }) as never);
const SHORT = {
  symbol: 'NQ/USD',
  side: 'short',
  quantity: '1',
  averagePrice: '15234.00',
  markPrice: '15230.00',
  unrealised: '80.00',
  stopPrice: '15250.00',
  strategy: 'slob',
  withoutStopMs: null,
  trade: null,
} as const;
const held = (protection: 'confirmed' | 'missing') => {
  bench.trader.held = [{ ...SHORT, protection }];
};
const gone = () => {
  bench.trader.gone = true;
};
const noDatabase = () => {
  const query = () => Promise.reject(new Error('connection refused'));
  bench.context = { ...bench.context, pool: { query } as never };
};
const ON = { name: 'slob', symbol: 'NQ/USD', enabled: true, state: 'no European morning yet' };
const WARM: Situations = {
  bad: () => {
    const reason = 'warming up: 1 of 780 bars seen';
    bench.says({ notTrading: [{ subject: 'slob NQ/USD', reason, waitsFor: '779 more finished bars' }] });
  },
  unknown: gone,
  unknownIs: 'unfinished',
};

interface Situations {
  readonly good?: () => unknown;
  readonly bad: () => unknown;
  readonly badIs?: string;
  readonly unknown: () => unknown;
  readonly unknownIs: string;
}

/** The trader answers, and its venue does not. */
const gatewayGone = () => {
  const { trader } = bench;
  const answer = trader.answer.bind(trader);
  trader.answer = (method, params) =>
    method === 'flatProof' ? Promise.reject(new Error('IB Gateway does not answer')) : answer(method, params);
};
const GATEWAY: Situations = { bad: gatewayGone, unknown: gone, unknownIs: 'fail' };
const shortOf = (...listed: readonly string[]) => {
  const order = {
    symbol: 'NQ/USD',
    side: 'buy',
    state: 'working',
    quantity: '2',
    filled: '0',
    strategy: 'slob',
  } as const;
  const targets = [{ price: '14976.25', pct: 100, reached: false }];
  const exits = { targets, trailBy: null, breakEven: null, timeExitMs: null, stopMovedBy: null, words: [] };
  const trade = { id: 't1', openedMs: 0, fees: '0', result: '0', risk: null, r: null, exits };
  bench.trader.held = [{ ...SHORT, quantity: '2', protection: 'confirmed', trade }];
  bench.trader.orders = [
    { ...order, clientId: 'stop', type: 'stop', purpose: 'protective', price: '15028.00' },
    { ...order, clientId: 'target', type: 'limit', purpose: 'exit', price: '14976.25' },
  ];
  bench.trader.targetsWait = 'venue';
  bench.trader.venueOrderIds = listed;
};
const EXITS: Situations = {
  good: () => shortOf('stop', 'target'),
  bad: () => shortOf('stop'),
  unknown: () => {
    shortOf('stop', 'target');
    gatewayGone();
  },
  unknownIs: 'not_run',
};
const gatewayAt = (simulatedVenue: string) => {
  const { context } = bench;
  // Its market is always open: what is asked does not depend on when this test runs.
  const instruments = context.desk.instruments.map((one) => ({
    ...one,
    sessions: { calendar: '24x7' } as never,
  }));
  bench.context = {
    ...context,
    desk: { ...context.desk, instruments },
    runtime: { ...context.runtime, simulatedVenue },
  };
};
const CONNECTION: Situations = {
  good: () => gatewayAt(gateway.address),
  bad: () => gatewayAt('127.0.0.1:1'),
  unknown: () => gatewayAt('elsewhere.example:4002'),
  unknownIs: 'not_run',
};
const ledgerIsAt = (sequence: number) =>
  bench.database.pool.query(
    `insert into ledger_cursor (desk, incarnation, sequence, chain, account) values ($1, 'abc123', $2, '', 'paper')`,
    [bench.context.desk.desk, sequence],
  );
const haltedBefore = async (...halts: readonly (readonly [hoursAgo: number, cause: string])[]) => {
  await ledgerIsAt(1_000);
  for (const [hoursAgo, cause] of halts)
    await bench.database.pool.query(
      `insert into halts (desk, halt_id, mode, scope, cause, by_whom, reason, resume, market, wall, incarnation)
       values ($1, $2, 'HALTED', 'desk', $3, 'fermata', 'because', 'auto', $4, $4, 'abc123')`,
      [bench.context.desk.desk, `${hoursAgo}`, cause, new Date(Date.now() - hoursAgo * HOUR)],
    );
};
const FAILURES: Situations = {
  good: () => haltedBefore([17, 'venue'], [15, 'venue'], [10, 'daily-loss']),
  bad: () => haltedBefore([15.9, 'venue'], [3, 'stale-data']),
  unknown: gone,
  unknownIs: 'not_run',
};
const SHUTDOWNS: Situations = {
  good: () =>
    haltedBefore([40, 'startup'], [30, 'startup'], [15, 'shutdown'], [14.9, 'startup'], [9, 'venue']),
  bad: () => haltedBefore([30, 'startup'], [15.9, 'startup']),
  unknown: gone,
  unknownIs: 'not_run',
};
const positionsKept = async (quantity: number) => {
  await ledgerIsAt(1_000);
  await bench.database.pool.query(
    `insert into positions (desk, symbol, quantity, average_price, realised, simulated, updated, incarnation)
     values ($1, 'NQ/USD', $2, 15011, 0, true, now(), 'abc123')`,
    [bench.context.desk.desk, quantity],
  );
};
const POSITIONS: Situations = {
  good: async () => {
    bench.trader.positions = ['NQ/USD'];
    await positionsKept(1);
  },
  bad: () => positionsKept(1),
  unknown: async () => {
    await positionsKept(0);
    gatewayGone();
  },
  unknownIs: 'not_run',
};
const closings = async (won: number, lost: number): Promise<void> => {
  for (let at = 1; at <= won + lost; at += 1)
    await bench.closed(at, at <= won ? 690.5 : -349.5, at <= won ? 2 : -1);
};
const WIN_RATE: Situations = {
  good: () => closings(10, 11),
  bad: () => closings(9, 10),
  unknown: () => bench.closed(169, 690.5, 2),
  unknownIs: 'not_run',
};
const DATABASE: Situations = { bad: noDatabase, unknown: noDatabase, unknownIs: 'fail' };
const DASHBOARD: Situations = {
  bad: () => {
    pageStatus = 503;
  },
  unknown: () => {
    // Nothing listens at the first port.
    bench.context = {
      ...bench.context,
      runtime: { ...bench.context.runtime, web: { ...bench.context.runtime.web, port: 1 } },
    };
  },
  unknownIs: 'fail',
};
const DISK: Situations = {
  bad: () => freeBlocks(TEN_GB - 1),
  unknown: () => statfs.mockRejectedValue(new Error('no such file')),
  unknownIs: 'unfinished',
};
const errorsOf = (within: number): Situations => ({
  good: () => bench.writeLog([within + 0.1, 'error', 'before it'], [0, 'warn', 'a warning']),
  bad: () => bench.writeLog([within - 0.1, 'error', 'the gateway is gone'], [0, 'info', 'calm']),
  unknown: () => bench.removeLog(),
  unknownIs: 'not_run',
});
/** Made longer it is a file of holes, which takes no room. */
const logFile = () => join(bench.home, 'logs', 'fermata.jsonl');
const tradingLogOf = (hours: number, errorsMax: number): Situations => {
  const errors = (count: number) =>
    Array.from({ length: count }, () => [hours - 0.1, 'error', 'error', 'the gateway is gone'] as const);
  return {
    good: () => bench.writeTradingLog([[hours + 0.1, 'error', 'error', 'before it'], ...errors(errorsMax)]),
    bad: () => bench.writeTradingLog([...errors(errorsMax + 1), [0, 'info', 'setup', 'calm']]),
    unknown: () => bench.removeLog(),
    unknownIs: 'not_run',
  };
};
const drawdownOf = (belowPct: number): Situations => ({
  good: () => bench.says({ drawdownPct: `${belowPct - 0.01}` }),
  bad: () => bench.says({ drawdownPct: `${belowPct}` }),
  unknown: gone,
  unknownIs: 'not_run',
});
const BACKUP: Situations = {
  good: async () => {
    await bench.backupTaken(23.9);
    await bench.backupTaken(50);
  },
  bad: () => bench.backupTaken(24.1),
  unknown: () => undefined,
  unknownIs: 'not_run',
};
const BOOKS: Situations = {
  bad: () => {
    bench.trader.reconciliation = 'differences';
  },
  unknown: () => {
    bench.trader.readAtWallMs = Date.now() - HOUR;
  },
  unknownIs: 'not_run',
};
const HEALTH = { channel: 'telegram', state: 'ok', sinceMs: 0, why: null, waiting: 0, refused: 0 } as const;
const alertsSent = async (event: string, severity: string, daysAgo: readonly number[]): Promise<void> => {
  const { desk } = bench.context.desk;
  keepChannelHealth(bench.home, desk, HEALTH, Date.now());
  for (const days of daysAgo) await bench.noticed(event, severity, days);
  // What is no longer kept can't be counted.
  await pruneOutbox(bench.database.pool, desk);
};
const tellsOnlyOf = (event: 'halt') => {
  const { desk } = bench.context;
  const telegram = { ...desk.notify.telegram, events: [event] };
  bench.context = { ...bench.context, desk: { ...desk, notify: { ...desk.notify, telegram } } };
};
const setups = (count: number) => () =>
  alertsSent('setup', 'info', [58, ...Array.from({ length: count }, (_, at) => at * 3)]);
const setupsAndOrders = async (setupCount: number, orderCount: number): Promise<void> => {
  const each = (count: number) => Array.from({ length: count }, (_, at) => at * 3);
  await alertsSent('setup', 'info', [58, ...each(setupCount)]);
  await alertsSent('order', 'info', each(orderCount));
};
const errors = (count: number) => async () => {
  await alertsSent('halt', 'warning', [1, 2, 3]);
  await alertsSent('halt', 'critical', [30, ...Array.from({ length: count }, (_, at) => at * 3)]);
};

const ACCOUNT: Situations = {
  good: async () => {
    await bench.equityAt(NOW - HOUR, 100_000);
    held('confirmed');
  },
  bad: async () => {
    await bench.equityAt(NOW - HOUR, 100_000);
    held('missing');
  },
  unknown: gone,
  unknownIs: 'unfinished',
};

describe('a check of', () => {
  it.each<[string, Situations]>([
    ['morning port', CONNECTION],
    ['morning gateway', GATEWAY],
    ['morning connection', CONNECTION],
    ['morning failures', FAILURES],
    ['morning shutdowns', SHUTDOWNS],
    ['morning positions', POSITIONS],
    ['weekly win-rate', WIN_RATE],
    [
      'morning data',
      {
        good: () => {
          bench.trader.market = { lastQuoteAgeMs: 60_000 };
        },
        bad: () => {
          bench.trader.market = { lastQuoteAgeMs: 60_001 };
        },
        unknown: gone,
        unknownIs: 'unfinished',
      },
    ],
    ['morning warmed-up', WARM],
    ['morning database', DATABASE],
    ['morning dashboard', DASHBOARD],
    ['morning disk', DISK],
    ['morning errors', errorsOf(16)],
    ['morning account', ACCOUNT],
    ['morning books', BOOKS],
    ['morning drawdown', drawdownOf(5)],
    ['morning backup', BACKUP],
    [
      'morning enabled',
      {
        good: () => {
          bench.trader.strategies = [ON as never];
        },
        bad: () => {
          bench.trader.strategies = [{ ...ON, enabled: false, off: null } as never];
        },
        badIs: 'warn',
        unknown: gone,
        unknownIs: 'unfinished',
      },
    ],
    [
      'morning limits',
      {
        bad: () => {
          const { desk } = bench.context;
          bench.context = {
            ...bench.context,
            desk: { ...desk, risk: { ...desk.risk, dailyLossLimitPct: 0.9 } },
          };
        },
        unknown: gone,
        unknownIs: 'unfinished',
      },
    ],
    [
      'morning configuration',
      {
        bad: () => {
          const { runtime } = bench.context;
          bench.context = { ...bench.context, runtime: { ...runtime, configHash: 'e'.repeat(64) } };
        },
        unknown: gone,
        unknownIs: 'unfinished',
      },
    ],
    ['quick-check gateway', GATEWAY],
    ['quick-check exits', EXITS],
    ['quick-check errors', errorsOf(0.5)],
    ['quick-check dashboard', DASHBOARD],
    ['hourly-review drawdown', drawdownOf(5)],
    ['close errors', errorsOf(24)],
    ['close books', BOOKS],
    ['close log', tradingLogOf(24, 0)],
    ['monthly log', tradingLogOf(720, 2)],
    [
      'mid-week logs',
      {
        good: () => truncateSync(logFile(), 500 * MB),
        bad: () => truncateSync(logFile(), 500 * MB + 1),
        unknown: () => bench.removeLog(),
        unknownIs: 'not_run',
      },
    ],
    ['weekly drawdown', drawdownOf(25)],
    [
      'weekly retention',
      {
        good: () => bench.backupsHere(8.3, 7.3, 1),
        bad: () => bench.backupsHere(8.3, 6.3, 1),
        unknown: () => bench.backupsHere(3, 1),
        unknownIs: 'not_run',
      },
    ],
    ['mid-week disk', DISK],
    [
      'weekly setup-rate',
      { good: setups(5), bad: setups(12), unknown: () => undefined, unknownIs: 'not_run' },
    ],
    [
      'weekly order-rate',
      {
        good: () => setupsAndOrders(5, 4),
        bad: () => setupsAndOrders(5, 0),
        unknown: () => undefined,
        unknownIs: 'not_run',
      },
    ],
    [
      'weekly error-rate',
      { good: errors(2), bad: errors(3), unknown: () => undefined, unknownIs: 'not_run' },
    ],
  ])('%s passes, fails for the real thing, and does not pass where nobody can tell', async (named, given) => {
    const verdictAfter = async (situation: (() => unknown) | undefined) => {
      bench.renew();
      freeBlocks(TEN_GB);
      await situation?.();
      return (await bench.run(named)).verdict;
    };
    const good = await verdictAfter(given.good);
    const bad = await verdictAfter(given.bad);
    pageStatus = 200;
    const unknown = await verdictAfter(given.unknown);
    expect([good, bad, unknown]).toEqual(['pass', given.badIs ?? 'fail', given.unknownIs]);
  });

  it('the win rate is said beside its target', async () => {
    await closings(1, 3);
    await bench.closed(5, 0, 0); // even, which is not won
    expect(await bench.run('weekly win-rate')).toMatchObject({
      observed: '20.0 % against 47.6 %: 1 of 5 won',
      expected: 'at least 47.6 % of what was closed in 7 days has won',
    });
  });

  it('the connection test reports session, market data and account balance', async () => {
    gatewayAt(gateway.address);
    const { observed } = await bench.run('morning connection');
    expect(observed).toMatch(
      /^Interactive Brokers simulator at .*\. session: established; market data: NQ\/USD [\d.]+ \/ [\d.]+; account balance: 100000\.00 USD$/,
    );
    gateway.simulation.permission = 'none';
    const without = await bench.run('morning connection');
    gateway.simulation.permission = 'live';
    expect(without).toMatchObject({ verdict: 'fail' });
    expect(without.observed).toMatch(
      /session: established; market data: .*354.*; account balance: 100000\.00 USD$/,
    );
    gateway.simulation.setFarm('market', false);
    const farmDown = await bench.run('morning connection');
    gateway.simulation.setFarm('market', true);
    expect(farmDown).toMatchObject({ verdict: 'fail' });
    expect(farmDown.observed).toMatch(
      /session: established; market data: .*2103.*; account balance: 100000\.00 USD$/,
    );
    gateway.simulation.breakLink();
    const broken = await bench.run('morning connection');
    gateway.simulation.restoreLink(true);
    expect(broken).toMatchObject({ verdict: 'fail' });
    expect(broken.observed).toMatch(/session: (?!established).*server is broken.*; market data: /);
  });

  it('the connection test judges each of its parts by itself', async () => {
    const judged = async () => {
      const { desk, runtime } = bench.context;
      const question = { desk, env: process.env, simulatedVenue: runtime.simulatedVenue };
      const { parts } = await testConnection(question, Date.now());
      return parts.map(({ title, verdict }) => `${title} ${verdict}`);
    };
    gatewayAt(gateway.address);
    expect(await judged()).toEqual(['session pass', 'market data pass', 'account balance pass']);
    gateway.simulation.breakLink();
    const [broken] = await judged().finally(() => gateway.simulation.restoreLink(true));
    expect(broken).toBe('session fail');
    gatewayAt('127.0.0.1:1');
    expect(await judged()).toEqual(['session fail', 'market data fail', 'account balance fail']);
  });

  it('the connection test shows the month that the desk trades, not the one that the broker has in front', async () => {
    gatewayAt(gateway.address);
    gateway.simulation.setPrice('NQH7', '15400');
    bench.says({
      contracts: [
        {
          ...{
            symbol: 'NQ/USD',
            month: '202703',
            phase: 'trading',
            choices: ['202612', '202703'],
            leftBeforeEnd: true,
          },
          ...{
            lastTradeDay: null,
            daysLeft: null,
            noticeDay: null,
            rollDay: null,
            next: null,
            atVenue: null,
          },
        },
      ],
    });
    const { observed } = await bench.run('morning connection');
    bench.says({ contracts: [] });
    expect(observed).toContain('market data: NQ/USD 15399.75 / 15400.25;');
  });

  it('the morning shows whether trading is enabled, and why it is not', async () => {
    bench.trader.strategies = [ON as never];
    expect(await bench.run('morning enabled')).toMatchObject({ observed: '1 are on' });
    const off = { by: 'anna', reason: 'CPI at 08:30', nextReviewMarketMs: null };
    bench.trader.strategies = [{ ...ON, enabled: false, off } as never];
    expect(await bench.run('morning enabled')).toMatchObject({
      observed: 'off: slob on NQ/USD (switched off by anna: CPI at 08:30)',
    });
    bench.trader.strategies = [{ ...ON, enabled: false, off: null } as never];
    expect(await bench.run('morning enabled')).toMatchObject({
      observed: 'off: slob on NQ/USD (the desk file has it off)',
    });
  });

  it('the review of the night looks at every page of the database, and opens its incident', () => {
    expect(bench.stepOf('morning intact')).toMatchObject({
      ...{ check: 'database-intact', required: true, onFail: 'incident', incident: 'database-corruption' },
    });
  });

  it('the review of the night leaves out what an account did that rests, and the first start after a restore', async () => {
    const { desk } = bench.context.desk;
    const { ownerPool } = bench.database;
    await haltedBefore([12, 'startup'], [3, 'venue'], [2, 'venue'], [1, 'startup']);
    const verdicts = async () => [
      (await bench.run('morning failures')).verdict,
      (await bench.run('morning shutdowns')).verdict,
    ];
    expect(await verdicts()).toEqual(['fail', 'fail']);
    await ownerPool.query(
      `insert into evidence (desk, workflow_id, first_run_id, run_id, routine, step_key, name, kind, verdict, observed, expected,
         started, finished, simulated, previous_hash, hash)
       values ($1, $1 || ':restore', 'r', 'r', 'restore', 'proven', 'proven', 'action', 'pass', '', '', $2, $2, true, '', '')`,
      [desk, new Date(Date.now() - 2 * HOUR)],
    );
    expect(await verdicts()).toEqual(['fail', 'pass']);
    // Its halts are of an account that rests since: another one is in use.
    await ownerPool.query(`update halts set incarnation = 'rests1' where desk = $1`, [desk]);
    await ownerPool.query(
      `insert into ledger_cursor (desk, incarnation, sequence, chain, account, updated)
       values ($1, 'rests1', 1, '', 'simulated', now() - interval '1 day')`,
      [desk],
    );
    expect(await verdicts()).toEqual(['pass', 'pass']);
  });

  it('the review of the night counts all losses of the connection, and names the newest', async () => {
    await haltedBefore(...Array.from({ length: 61 }, (_, n) => [1 + n / 10, 'venue'] as const));
    const judged = async (failuresMax: number) => bench.check('connection-failures', { failuresMax });
    const { verdict, observed } = await judged(60);
    expect([verdict, observed]).toEqual(['fail', expect.stringMatching(/^61 losses; .*; and 11 more$/)]);
    expect(observed.match(/ UTC venue: because;/g)).toHaveLength(50);
    expect(await judged(61)).toMatchObject({ verdict: 'pass' });
  });

  it('the review of the night begins at the close, however late it is', async () => {
    await haltedBefore([16.4, 'startup'], [16.3, 'startup'], [16.2, 'venue'], [3, 'stale-data']);
    const verdicts = async () => [
      (await bench.run('morning failures')).verdict,
      (await bench.run('morning shutdowns')).verdict,
    ];
    expect(await verdicts()).toEqual(['pass', 'pass']);
    bench.context = { ...bench.context, lateMs: HOUR / 2 };
    expect(await verdicts()).toEqual(['fail', 'fail']);
    expect(await bench.run('morning failures')).toMatchObject({
      expected: 'at most 1 losses of the connection since 16 hours before it was due',
    });
  });

  it('the review of the night names each process that ended by itself', async () => {
    await haltedBefore();
    const { desk } = bench.context.desk;
    await recordAlert(bench.database.pool, {
      ...{ desk, fingerprint: 'f', key: 'death:1', source: 'processes' },
      detail: 'web ended unexpectedly (SIGKILL)',
    });
    expect(await bench.run('morning shutdowns')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringMatching(/ web ended unexpectedly \(SIGKILL\)$/) },
    });
  });

  it('the positions agree in whole lots: what is less than one is no difference', async () => {
    await positionsKept(0.9995);
    expect(await bench.run('morning positions')).toMatchObject({ verdict: 'pass' });
    bench.trader.positions = ['NQ/USD'];
    expect(await bench.run('morning positions')).toMatchObject({ verdict: 'fail' });
  });

  it('the positions agree where the database has what the trader says is too small to be sold', async () => {
    await positionsKept(3.5);
    bench.says({ dust: [{ symbol: 'NQ/USD', quantity: '3.50000000', value: '4.00' }] });
    expect(await bench.run('morning positions')).toMatchObject({ verdict: 'pass' });
    bench.says({ dust: [{ symbol: 'NQ/USD', quantity: '2.50000000', value: '3.00' }] });
    expect(await bench.run('morning positions')).toMatchObject({
      verdict: 'fail',
      observed: 'NQ/USD: the database 3.5, the venue 2.5',
    });
  });

  it('the positions names both sides of a difference, and compares nothing while the ledger is behind', async () => {
    await positionsKept(-2);
    expect(await bench.run('morning positions')).toMatchObject({
      ...{ verdict: 'fail', observed: 'NQ/USD: the database -2, the venue 0' },
    });
    const broker = async (kept: number | null, observed: string) => {
      bench.renew();
      bench.trader.positions = ['NQ/USD'];
      await (kept === null ? ledgerIsAt(1_000) : positionsKept(kept));
      expect(await bench.run('morning positions')).toMatchObject({ verdict: 'fail', observed });
    };
    await broker(-1, 'NQ/USD: the database -1, the venue 1');
    await broker(null, 'NQ/USD: the database 0, the venue 1');
    bench.renew();
    await ledgerIsAt(-1_000);
    expect(await bench.run('morning positions')).toMatchObject({
      ...{
        verdict: 'not_run',
        observed: expect.stringMatching(/^the ledger is [\d\u202f]+ records? behind the trader$/),
      },
    });
  });

  it('the log of the day counts what was detected, ordered and wrong, and names errors and warnings', async () => {
    bench.writeTradingLog([
      [30, 'error', 'error', 'of the day before'],
      [5, 'info', 'setup', 'Setup Detected - 1a2b3c4d: SHORT NQ'],
      [5, 'info', 'order', 'NQ/USD: entry order'],
      [4, 'info', 'order', 'NQ/USD: sold 2 at 15011.00'],
      [3, 'warn', 'venue', 'HALTED (venue) by fermata: no answer'],
      [2, 'warn', '-', 'slow'],
      [1, 'error', 'error', 'the disk is gone'],
    ]);
    expect(await bench.run('close log')).toMatchObject({
      verdict: 'fail',
      observed:
        '1 setup detected, 2 lines about orders, 1 error, 2 warnings, 1 about the venue; the newest: ' +
        'trader error: the disk is gone | trader warn: slow | trader warn: HALTED (venue) by fermata: no answer',
    });
  });

  it('the log of the day is all of it, however late it is looked at', async () => {
    bench.writeTradingLog([[24.4, 'error', 'error', 'just after the close of the day before']]);
    expect(await bench.run('close log')).toMatchObject({ verdict: 'pass' });
    bench.context = { ...bench.context, lateMs: HOUR / 2 };
    expect(await bench.run('close log')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringContaining('just after the close') },
    });
  });

  it('the log of the day has what came before a start with the clock behind', async () => {
    bench.writeTradingLog([
      [5, 'error', 'error', 'the disk is gone'],
      [9_000, 'info', 'setup', 'with the clock behind'],
      [1, 'info', 'setup', 'calm'],
    ]);
    expect(await bench.run('close log')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringMatching(/^1 setup detected, .*: the disk is gone$/) },
    });
  });

  it('the log of the day fails where the connection was not stable', async () => {
    const halts = (count: number) =>
      bench.writeTradingLog(
        Array.from({ length: count }, () => [1, 'warn', 'venue', 'HALTED (venue)'] as const),
      );
    halts(20);
    expect(await bench.run('close log')).toMatchObject({ verdict: 'pass' });
    halts(21);
    expect(await bench.run('close log')).toMatchObject({ verdict: 'fail' });
  });

  it('the log of the month counts over all rotated logs, and compares with how often setups are expected', async () => {
    const day = (daysAgo: number, setupsOf: number) =>
      bench.writeTradingLog(
        Array.from({ length: setupsOf }, () => [daysAgo * 24, 'info', 'setup', 'Setup Detected'] as const),
        `trading.log.${new Date(Date.now() - daysAgo * DAY).toISOString().slice(0, 10)}`,
      );
    for (const daysAgo of [1, 10, 29]) day(daysAgo, 1);
    expect(await bench.run('monthly log')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringContaining('3 setups detected'),
      expected: 'at most 2 errors, about 2.7 setups',
    });
    day(5, 5);
    expect(await bench.run('monthly log')).toMatchObject({ verdict: 'fail' });
  });

  it('the setups finds too few of them as well, and too many by what is expected', async () => {
    await setups(1)();
    expect((await bench.run('weekly setup-rate')).verdict).toBe('pass');
    bench.renew();
    await setups(0)();
    expect(await bench.run('weekly setup-rate')).toMatchObject({
      verdict: 'fail',
      observed: '0 alerts (setup)',
      expected: 'about 5.2 alerts (setup) in 56 days, 0.65 a week',
    });
    // Ten or more of 5.2 come once in 25 times, eleven or more once in 56.
    for (const [count, verdict] of [
      [10, 'pass'],
      [11, 'fail'],
    ] as const) {
      bench.renew();
      await setups(count)();
      expect(await bench.run('weekly setup-rate')).toMatchObject({ verdict });
    }
  });

  it('the orders are held to the setups that were told, too many of them as well', async () => {
    await setupsAndOrders(5, 4);
    expect(await bench.run('weekly order-rate')).toMatchObject({
      ...{ verdict: 'pass', observed: '4 alerts (order), 5 (setup)' },
      expected: 'as many alerts (order) as of setup in 56 days',
    });
    bench.renew();
    await setupsAndOrders(1, 5);
    expect(await bench.run('weekly order-rate')).toMatchObject({ verdict: 'fail' });
  });

  it('weekly kpis judges the win rate of a year from 30 trades on, and alarms a drawdown above 5 %', async () => {
    await closings(14, 15);
    const few = await bench.run('weekly kpis');
    expect(few).toMatchObject({ verdict: 'pass' });
    expect(few.observed).toContain(
      'win-rate: win rate too few (29 of 30 trades in 365 days), aim at least 47.6 %',
    );
    await bench.closed(364 * 24, -349.5, -1);
    const enough = await bench.run('weekly kpis');
    // Two to one of what was risked, each time.
    expect(enough.observed).toContain(
      'reward-risk: reward to risk 2 over 30 trades in 365 days, aim at least 1.5: ok',
    );
    expect(enough).toMatchObject({
      verdict: 'warn',
      observed: expect.stringMatching(
        /^win-rate: win rate 46\.67 % over 30 trades in 365 days, aim at least 47\.6 %: missed; /,
      ),
    });
    bench.says({ drawdownPct: '5.01' });
    expect(await bench.run('weekly kpis')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^drawdown: drawdown 5\.01 %, alarm above 5 %: ALARM; win-rate: /),
    });
  });

  it('weekly kpis alarms a drawdown of the year above 25 %, open results included', async () => {
    await bench.equityAt(NOW - 300 * DAY, 100_000);
    await bench.equityAt(NOW - 299 * DAY, 74_000);
    await bench.equityAt(NOW - HOUR, 99_000);
    expect(await bench.run('weekly kpis')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(
        /^max-drawdown: largest drawdown 26 % over 3 hours in 365 days, alarm above 25 %: ALARM; /,
      ),
    });
  });

  it('the setups are held to the days that people were told, where these are fewer', async () => {
    await alertsSent('system', 'info', [14]);
    expect(await bench.run('weekly setup-rate')).toMatchObject({
      verdict: 'pass',
      expected: 'about 1.3 alerts (setup) in 14 days, 0.65 a week',
    });
  });

  it('the limits shows the risk of a trade and the most contracts', async () => {
    expect((await bench.run('morning limits')).observed).toContain('slob: riskPct 1 maxLots 5');
    bench.trader.risk = [];
    expect(await bench.run('morning limits')).toMatchObject({
      ...{ verdict: 'fail', observed: 'the trader reports no limits' },
    });
  });

  it('the morning shows the last 20 lines of the error log', async () => {
    bench.writeLog(...Array.from({ length: 21 }, (_, at) => [1 - at / 100, 'error', `line ${at}.`] as const));
    const { observed } = await bench.run('morning errors');
    expect(observed).toContain('21 errors (trader 21); the newest: trader: line 20.');
    expect(observed.match(/line \d+\./g)).toHaveLength(20);
  });

  it('the morning lists the five newest backups', async () => {
    for (const hours of [23, 30, 40, 50, 60, 70]) await bench.backupTaken(hours, 7);
    const { observed } = await bench.run('morning backup');
    expect(observed).toMatch(/^b-23 is 23\.0 hours old, 1 row, 7 bytes; before it: b-30, b-40, b-50, b-60$/);
    bench.renew();
    expect((await bench.run('morning backup')).observed).toContain('no backup was taken yet');
  });

  it('a backup whose folder is gone is none, and where all are gone the check fails', async () => {
    const gone = (id: string): void => rmSync(join(backupsFolder(bench.home), id), { recursive: true });
    for (const hours of [1, 30, 40]) await bench.backupTaken(hours);
    gone('b-30');
    expect((await bench.run('morning backup')).observed).toMatch(
      /^b-1 is 1\.0 hours old, .*; before it: b-40$/,
    );
    for (const id of ['b-1', 'b-40']) gone(id);
    expect(await bench.run('morning backup')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringMatching(/b-1 and those before it are gone$/) },
    });
  });

  it('a backup that was removed is none, and one that is dated ahead of now is not young', async () => {
    for (const hours of [1, 30]) await bench.backupTaken(hours);
    await bench.database.pool.query(`update backup set pruned = now() where desk = $1 and id = 'b-1'`, [
      bench.context.desk.desk,
    ]);
    expect(await bench.run('morning backup')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringMatching(/^b-30 is 30\.0 hours old, /) },
    });
    await bench.backupTaken(-3);
    expect(await bench.run('morning backup')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringMatching(/^b--3 is dated ahead of now: /) },
    });
  });

  it('a backup of exactly a day is too old', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: FRIDAY });
    onTestFinished(() => void vi.useRealTimers());
    await bench.backupTaken(24);
    const expected = 'the last verified backup is less than 24 hours old';
    expect(await bench.run('morning backup')).toMatchObject({ verdict: 'fail', expected });
    vi.setSystemTime(FRIDAY - 1);
    expect(await bench.run('morning backup')).toMatchObject({ verdict: 'pass', expected });
  });

  it('the retention finds what is older than thirty days, but those of months', async () => {
    await bench.backupsHere(100, 7.3, 1);
    expect(await bench.run('weekly retention')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/ is there; \S+ should have made room$/),
    });
    await bench.backupsHere([100, 'monthly'], [100, 'weekly'], 7.3, 1);
    expect((await bench.run('weekly retention')).observed).toMatch(/ is there; \S+ should have made room$/);
    await bench.backupsHere([100, 'monthly'], 7.3, 1);
    expect(await bench.run('weekly retention')).toMatchObject({ verdict: 'pass' });
    await bench.backupsHere(9.3, 5, 1);
    expect(await bench.run('weekly retention')).toMatchObject({
      ...{ verdict: 'fail', observed: 'none of 7 days ago; none is overdue' },
    });
    // The newest of October, which the drill of November restores, is kept however old it is.
    vi.useFakeTimers({ toFake: ['Date'], now: FRIDAY });
    onTestFinished(() => void vi.useRealTimers());
    await bench.backupsHere(30.1, 29.9, 21, 7.3, 1);
    expect((await bench.run('weekly retention')).observed).toMatch(
      / is there; 2026-10-21T12-36-00-000Z should have made room$/,
    );
    await bench.backupsHere(29.9, 21, 7.3, 1);
    expect(await bench.run('weekly retention')).toMatchObject({ verdict: 'pass' });
  });

  it('the books names cash that nobody explained, and each position that differs', async () => {
    const books = { ...bench.trader.status().books, cashUnexplained: '-500.00' };
    bench.says({ books, cash: '100000.00', currency: 'USD' });
    expect(await bench.run('morning books')).toMatchObject({
      verdict: 'fail',
      observed: 'cash: ours 100000.00 USD, unexplained -500.00',
    });
    const difference = { what: 'position', symbol: 'NQ/USD', ours: '0', venues: '-1', rule: 'halt' } as const;
    bench.renew();
    bench.says({ reconciliation: { state: 'differences', atWallMs: Date.now(), differences: [difference] } });
    expect(await bench.run('morning books')).toMatchObject({
      verdict: 'fail',
      observed: "position NQ/USD: ours 0, the venue's -1",
    });
    bench.renew();
    bench.trader.readAtWallMs = Date.now();
    bench.says({
      positions: [{ ...SHORT, protection: 'confirmed', strategy: 'fermata', trade: {} as never }],
    });
    expect(await bench.run('morning books')).toMatchObject({
      verdict: 'fail',
      observed: 'short 1 NQ/USD: no strategy of the desk opened it',
    });
    bench.renew();
    bench.trader.halt('reconciliation', 'auto');
    expect(await bench.run('morning books')).toMatchObject({
      verdict: 'fail',
      observed: 'reconciliation by test',
    });
  });
});

describe('a sign-off', () => {
  it.each([
    [
      'morning',
      [
        'system health green',
        'Gateway connected',
        'no critical errors',
        'account balance verified',
        'backup younger than 24 hours',
        'configuration correct',
      ],
    ],
    [
      'close',
      [
        'daily P&L reviewed',
        'no open positions',
        'logs checked',
        'backup verified',
        'trading journal updated',
        'plan ready',
      ],
    ],
  ])('ends %s, of six items, by a person', (routine, items) => {
    const { human, items: ticked = [], key } = bench.stepOf(`${routine} sign-off`);
    expect(bench.context.desk.routines.find(({ name }) => name === routine)?.steps.at(-1)?.key).toBe(key);
    expect(human).toContain('tick');
    // Half a day later it is another day's.
    expect(bench.stepOf(`${routine} sign-off`).dueHours).toBeLessThanOrEqual(4);
    expect(ticked).toEqual(items.map((item) => expect.stringContaining(item)));
  });

  it('is of a morning whose every check has to have run', () => {
    const { steps } = bench.context.desk.routines.find(({ name }) => name === 'morning')!;
    expect(steps.filter(({ required, human }) => !required && human === undefined)).toEqual([]);
    expect(steps.map(({ key }) => key)).toEqual(
      (
        'port gateway connection data warmed-up contract database dashboard disk errors failures intact shutdowns account books ' +
        'positions drawdown backup enabled limits configuration sign-off'
      ).split(' '),
    );
  });
});

describe('a report of', () => {
  const closed = bench.closed.bind(bench);
  const ordered = bench.ordered.bind(bench);
  const said = async (named: string) => (await bench.run(named)).observed;

  it('hourly-review trades lists those of the last hour, and no other', async () => {
    await closed(0.9, 690.5, 2);
    await closed(1.1, -349.5, -1);
    expect(await said('hourly-review trades')).toMatch(
      /^1 hour: NQ\/USD short 1 from 15011\.00 to 14976\.25: 690\.50, 2\.00 R, by its target$/,
    );
    for (let minute = 1; minute <= 19; minute += 1) await closed(minute / 100, 1, 2);
    expect(await said('hourly-review trades')).not.toContain('and more before');
    await closed(0.5, 1, 2);
    const newest = await said('hourly-review trades');
    expect([newest.endsWith('; and more before'), newest.includes('690.50')]).toEqual([true, false]);
    bench.renew();
    await closed(0.9, 1, 2, '0.00000010');
    expect(await said('hourly-review trades')).toContain('short 0.0000001 from 15011.00 to');
  });

  it('hourly-review trades begins an hour before it was due, so that no trade is between two runs', async () => {
    const { context } = bench;
    const twelveMinutesLate = { ...context, lateMs: 720_000 };
    await closed(1.1, 690.5, 2);
    await closed(1.3, -349.5, -1);
    bench.context = twelveMinutesLate;
    expect(await said('hourly-review trades')).toMatch(
      /^1\.2 hours: NQ\/USD short [^;]*: 690\.50, 2\.00 R, by its target$/,
    );
    const [newest] = (await said('hourly-review trend')).split('; ').slice(-1);
    expect(newest).toContain(' 0.00 of 0 closings');
    bench.context = context;
  });

  it('hourly-review trend says what each of the last hours came to, the newest last', async () => {
    await closed(0.5, 690.5, 2);
    await closed(2.5, -349.5, -1);
    const steps = (await said('hourly-review trend')).split('; ');
    expect(steps).toHaveLength(7);
    expect(steps.at(-1)).toContain(' 690.50 of 1 closings, win rate 100.00 %');
    expect(steps.at(-2)).toContain(' 0.00 of 0 closings');
    expect(steps.at(-3)).toContain(' -349.50 of 1 closings, win rate 0.00 %');
  });

  it('hourly-review account says what is held, and result and drawdown of the day', async () => {
    held('confirmed');
    bench.says({ dayPnl: '-95.50', drawdownPct: '1.25', equity: '100080.00', fills: 1 });
    expect(await said('hourly-review account')).toBe(
      'today -95.50 USD, equity 100080.00, drawdown 1.25 %, 1 fills; short 1 NQ/USD (80.00)',
    );
    expect(await said('close account')).toBe(await said('hourly-review account'));
    gone();
    expect((await bench.run('hourly-review account')).verdict).toBe('unfinished');
  });

  it('quick-check setups counts those that are active, and names them', async () => {
    const strategy = (state: string) => ({ ...ON, state }) as never;
    const { state } = new AtTheStrategy().see(dayUntil('09:40'));
    bench.trader.strategies = [
      strategy(state),
      strategy('setup 1a2b3c4e EXPIRED: its day is over'),
      strategy('setup 1a2b3c4f SETUP_COMPLETE: its position is closed'),
      strategy('no European morning yet'),
    ];
    expect(await said('quick-check setups')).toMatch(
      /^1 active setup; NQ\/USD: setup [0-9a-f]{8} POSITION_OPEN: SHORT NQ @ 15010\.75, [^;]*$/,
    );
    gone();
    expect((await bench.run('quick-check setups')).verdict).toBe('unfinished');
  });

  it('close orders counts those of the day by what became of them', async () => {
    await ordered('e1', 'entry', 'filled');
    await ordered('e2', 'entry', 'filled');
    await ordered('e3', 'entry', 'rejected');
    for (const hoursAgo of [25, -1]) await ordered(`e${hoursAgo}`, 'entry', 'filled', hoursAgo);
    expect(await said('close orders')).toBe('1 day: 3 orders (entry filled 2, entry rejected 1)');
  });

  it('close performance says win rate and drawdown of the day', async () => {
    await bench.equityAt(NOW - 50 * HOUR, 200_000);
    await bench.equityAt(NOW - 26 * HOUR, 100_000); // what the day starts from
    await bench.equityAt(NOW - 3 * HOUR, 100_000);
    await bench.equityAt(NOW - 1 * HOUR, 99_000);
    await closed(1, 690.5, 2);
    await closed(2, 0, 0); // even, which is not won
    for (const hoursAgo of [3, 23]) await closed(hoursAgo, -349.5, -1);
    await closed(25, 690.5, 2);
    // Of returns of 0 and −1 %: a mean of half of the latter, and a deviation of 0.7071 of it.
    expect(await said('close performance')).toBe(
      '1 day: equity 100000.00 to 99000.00 (-1.00 %); win rate 25.00 % of 4 closings; ' +
        'Sharpe -66.18 over 2 hours; largest drawdown 1.00 %',
    );
  });

  it('weekly trend says result and win rate of each of four weeks', async () => {
    await closed(3 * 24, 690.5, 2);
    for (const days of [4, 5]) await closed(days * 24, -349.5, -1);
    await closed(6 * 24, 0, 0); // even, which is not won
    await closed(10 * 24, 690.5, 2);
    await closed(29 * 24, 690.5, 2);
    const weeks = (await said('weekly trend')).split('; ');
    expect(weeks.map((week) => week.replace(/^since .* UTC /, ''))).toEqual([
      '0.00 of 0 closings',
      '0.00 of 0 closings',
      '690.50 of 1 closings, win rate 100.00 %',
      '-8.50 of 4 closings, win rate 25.00 %',
    ]);
  });

  it('weekly strategies says the average multiple of the risk', async () => {
    await closed(24, 690.5, 2);
    await closed(48, -349.5, -1);
    await closed(72, 345.25, 1);
    await closed(96, -174.75, -0.5);
    await closed(120, 0, 0);
    await closed(8 * 24, 3_450, 10);
    // 1.5 R a win, 0.75 R a loss.
    expect(await said('weekly strategies')).toBe(
      '7 days, after fees: slob 511.50 (2 of 5 won); 5 trades of slob: 0.30 R on average, reward to risk 2.00, 5 by its target',
    );
  });

  it('weekly strategies says no reward to risk before something was won and lost', async () => {
    await closed(24, 690.5, 2);
    expect(await said('weekly strategies')).toContain('reward to risk not known (no loss)');
  });

  it.each([
    ['weekly performance', 7],
    ['monthly performance', 30],
    ['friday performance', 7],
  ])('%s says result, win rate, Sharpe ratio and largest drawdown of its days', async (named, days) => {
    const inside = NOW - (days - 1) * DAY;
    await bench.equityAt(inside - 4 * DAY, 200_000);
    await bench.equityAt(inside - 3 * DAY, 50_000);
    await bench.equityAt(inside - 2 * DAY, 99_500); // the last one before the span
    await bench.equityAt(inside, 100_000);
    await bench.equityAt(inside + 2 * HOUR, 90_000);
    await bench.equityAt(NOW - HOUR, 99_000);
    await closed(24, 690.5, 2);
    await closed(25, 0, 0); // even, which is not won
    for (const hoursAgo of [26, (days - 1) * 24]) await closed(hoursAgo, -349.5, -1);
    await closed((days + 1) * 24, 690.5, 2);
    // Of returns of +0.503 %, −10 % and +10 %: a mean of 0.001675, a deviation of 0.100042; by the 8,760 hours of a year.
    expect(await said(named)).toBe(
      `${days} days: equity 99500.00 to 99000.00 (-0.50 %); win rate 25.00 % of 4 closings; ` +
        'Sharpe 1.57 over 3 hours; largest drawdown 10.00 %',
    );
  });

  it('weekly-summary kpis says how each of them stands', async () => {
    await closed(24, 690.5, 2);
    const lines = (await said('weekly-summary kpis')).split('; ');
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'win-rate',
      'reward-risk',
      'max-drawdown',
      'drawdown',
    ]);
    expect(lines[0]).toContain('too few (1 of 30 trades in 365 days)');
    expect(lines.at(-1)).toBe('drawdown: drawdown 0 %, alarm above 5 %: ok');
  });

  it('weekly limits says the largest drawdown against its limit', async () => {
    await bench.equityAt(NOW - 10 * DAY, 200_000);
    await bench.equityAt(NOW - 9 * DAY, 99_000);
    await bench.equityAt(NOW - 26 * HOUR, 100_000);
    await bench.equityAt(NOW - 25 * HOUR, 90_000);
    await bench.equityAt(NOW - HOUR, 99_000);
    expect(await said('weekly limits')).toContain('7 days: largest drawdown 10.00 % of 25 % allowed');
    bench.trader.reloaded.push({ values: { 'risk.maxDrawdownPct': 20 }, approvedBy: [] });
    expect(await said('weekly limits')).toContain('10.00 % of 20 % allowed, 25 % in the desk file');
  });

  it('close setups and weekly alerts count what was told, by type, and nothing where nobody is told', async () => {
    expect((await bench.run('weekly alerts')).verdict).toBe('unfinished');
    await alertsSent('setup', 'info', [0, 0, 3]);
    await alertsSent('order', 'info', [0]);
    await alertsSent('system', 'info', [3, 5, 8]);
    await alertsSent('halt', 'critical', [4]);
    expect(await said('close setups')).toBe('1 day: setup 2, order 1');
    expect(await said('weekly alerts')).toBe('7 days: setup 3, system 2, critical 1, halt 1, order 1');
    tellsOnlyOf('halt');
    expect(await said('weekly alerts')).toBe('7 days: critical 1, halt 1');
    expect(await bench.run('weekly setup-rate')).toMatchObject({
      verdict: 'not_run',
      observed: 'nobody is told of it: neither notify.telegram.events nor notify.mail.events has setup',
    });
    bench.renew();
    await alertsSent('setup', 'info', [3, 20]);
    keepChannelHealth(bench.home, bench.context.desk.desk, { ...HEALTH, state: 'off' }, Date.now());
    expect(await bench.run('weekly setup-rate')).toMatchObject({
      ...{ verdict: 'not_run', observed: 'no alerts are sent from here: none can be counted' },
    });
  });

  it.each(['weekly system', 'mid-week system'])(
    '%s says how long it runs, and how large everything is',
    async (named) => {
      const startedWallMs = Date.now() - 3 * DAY;
      bench.says({ startedWallMs, rssBytes: 50 * MB });
      freeBlocks(TEN_GB / 2);
      bench.writeLog([0, 'info', 'x'.repeat(2 * MB)]);
      await bench.backupTaken(1, 2 * MB);
      await bench.backupTaken(25, MB);
      const system = await said(named);
      expect(system).toMatch(
        /^trader up 3 d 0 h, 50\.0 MB of memory; database \d+\.\d MB; logs 2\.0 MB; backups 3\.0 MB; disk 15360\.0 MB of 20480\.0 MB used, 5120\.0 MB free$/,
      );
      const { rows } = await bench.database.pool.query<{ mb: number }>(
        'select pg_database_size(current_database())::float8 / 1048576 as mb',
      );
      expect(Number(/database (\S+)/.exec(system)?.[1])).toBeCloseTo(rows[0]!.mb, 0);
    },
  );

  it('monthly errors counts over all rotated logs', async () => {
    const log = join(bench.home, 'logs', 'fermata.jsonl');
    bench.writeLog([721, 'error', 'of the month before'], [719, 'error', 'of its first hour']);
    renameSync(log, `${log}.1`);
    bench.writeLog([300, 'error', 'of its middle'], [1, 'warn', 'no error']);
    expect(await bench.run('monthly errors')).toMatchObject({
      verdict: 'pass',
      observed: '2 errors (trader 2); the newest: trader: of its middle',
      expected: 'at most 2 errors logged in the last 720 hours',
    });
    bench.writeLog([300, 'error', 'of its middle'], [1, 'error', 'one more']);
    expect(await bench.run('monthly errors')).toMatchObject({ verdict: 'fail' });
  });
});
