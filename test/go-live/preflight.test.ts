import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createGoLiveActivities } from '../../src/activities/create-go-live-activities.js';
import { readExchange } from '../../src/checks/preflight/exchange-reading.js';
import { goLiveObstacles, preLiveChecklist } from '../../src/checks/preflight/pre-live-checklist.js';
import { peopleFolder } from '../../src/home/people-folder.js';
import { removePersonKeys } from '../../src/home/person-keys.js';
import type { Runtime } from '../../src/home/runtime.js';
import { ensureSecrets, readSecret, replaceOperatorPassword } from '../../src/home/secrets.js';
import { keepTelegramProof } from '../../src/notify/channel-credentials.js';
import { preflightOfRuntime } from '../../src/operations/go-live/preflight.js';
import type { SignedReport } from '../../src/validation/report/report.js';
import { keepReport, signReport } from '../../src/validation/report/write-report.js';
import { loadDesk, remarksOn } from '../../src/venue/load-desk.js';
import { repository } from '../support/desk-under-test.js';
import { READING_KEY, TRADING_KEY, WITHDRAWING_KEY } from '../venue-binance/support/raw-client.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';
import { type Bench, goReport, preflightBench } from './support/preflight-bench.js';

type Break = (bench: Bench) => void | Promise<void>;

const control =
  (action: string, body: object): Break =>
  async ({ simulator }) => {
    await fetch(`${simulator.address}/_simulator/${action}`, { method: 'POST', body: JSON.stringify(body) });
  };
const key =
  (name: string): Break =>
  ({ env }) => {
    env.BINANCE_API_KEY = name.padEnd(64, '0');
    env.BINANCE_SECRET_KEY = `${name}Secret`.padEnd(64, '0');
  };
const setTo =
  (name: string, value: string): Break =>
  ({ env }) => {
    env[name] = value;
  };
const risk =
  (changes: Partial<Bench['desk']['risk']>): Break =>
  (bench) => {
    bench.desk = { ...bench.desk, risk: { ...bench.desk.risk, ...changes } };
  };

const madeAt =
  (
    kind: 'live' | 'simulator' | 'testnet',
    address: string | null,
    venue: string | null = 'binance',
    more: Partial<SignedReport['market']> = {},
  ): Break =>
  (bench) => {
    const endpoint = { kind, address, ...(venue === null ? {} : { venue }) };
    void bench.report({ market: { ...goReport(bench.configHash).market, endpoint, ...more } });
  };

/** What is broken, which check sees it, what a start does about it, and the words that a person reads. */
const TABLE: readonly [string, Break, string, 'fail' | 'warn' | 'pass', RegExp][] = [
  [
    'the file of the keys is damaged',
    ({ home }) => writeFileSync(join(peopleFolder(home), 'keys.json'), '{', { mode: 0o600 }),
    'approvers-keys',
    'fail',
    /keys.json is damaged; no key is believed. Enrol anew/,
  ],
  [
    'the key is not set',
    ({ env }) => void delete env.BINANCE_API_KEY,
    'api-key',
    'fail',
    /BINANCE_API_KEY is not set/,
  ],
  [
    'the key was deleted',
    control('revoke', { apiKey: 'simDeskTrading'.padEnd(64, '0') }),
    'api-key',
    'fail',
    /-2015|Invalid API-key/,
  ],
  [
    'no order can leave for the venue',
    (bench) => {
      bench.desk = { ...bench.desk, venue: { ...bench.desk.venue, name: 'kraken' } };
    },
    'api-key',
    'fail',
    /real orders can't leave for kraken/,
  ],
  ['the secret is wrong', setTo('BINANCE_SECRET_KEY', 'x'.repeat(64)), 'api-key', 'fail', /-1022|Signature/],
  ['the exchange is in maintenance', control('maintenance', { on: true }), 'api-key', 'fail', /./],
  [
    'the balance is below $100',
    control('balance', { account: 'desk', asset: 'USDT', free: '99.99' }),
    'balance',
    'fail',
    /99\.99 USDT/,
  ],
  [
    'a symbol is halted',
    control('status', { symbol: 'ETHUSDT', status: 'BREAK' }),
    'symbols',
    'fail',
    /ETH\/USDT is not trading/,
  ],
  ['the key may withdraw', key('simDeskWithdrawing'), 'key-permissions', 'fail', /may withdraw/],
  ['the key may not trade', key('simDeskReading'), 'key-permissions', 'fail', /may not trade/],
  ['there is no stop-loss', risk({ stopLossPct: 0 }), 'stop-loss', 'fail', /stopLossPct is 0/],
  [
    'there is no daily loss limit',
    risk({ dailyLossLimitPct: 0 }),
    'daily-loss',
    'fail',
    /dailyLossLimitPct is 0/,
  ],
  [
    'the password is the generated one',
    async (bench) => {
      delete bench.env.DASHBOARD_PASSWORD;
      rmSync(join(bench.home, 'secrets'), { recursive: true });
      await ensureSecrets(bench.home);
      bench.report();
    },
    'password',
    'warn',
    /generated/,
  ],
  [
    'the password is one of the usual ones',
    setTo('DASHBOARD_PASSWORD', 'your-secure-password'),
    'password',
    'warn',
    /usual/,
  ],
  ['the password is short', setTo('DASHBOARD_PASSWORD', 'elevenchars'), 'password', 'warn', /is short/],
  [
    'no password was ever set',
    (bench) => {
      delete bench.env.DASHBOARD_PASSWORD;
      rmSync(join(bench.home, 'secrets', 'operator-password-hash'));
    },
    'password',
    'warn',
    /no password was set yet/,
  ],
  [
    'the password in force is one of the usual ones, whatever the environment still has',
    async (bench) => {
      await replaceOperatorPassword(bench.home, 'changeme');
    },
    'password',
    'warn',
    /usual/,
  ],
  [
    'there is no validation report',
    ({ reportFolder }) => rmSync(reportFolder, { recursive: true }),
    'validation',
    'warn',
    /no validation report/,
  ],
  [
    'the validation is a NO-GO',
    (bench) => void bench.report({ recommendation: 'NO-GO', reasons: ['9 trades, 10 are needed'] }),
    'validation',
    'warn',
    /9 trades, 10 are needed/,
  ],
  [
    'the report was changed by hand',
    (bench) => {
      const file = bench.report({ recommendation: 'NO-GO' });
      writeFileSync(file, readFileSync(file, 'utf8').replace('NO-GO', 'GO'));
    },
    'validation',
    'warn',
    /seal/,
  ],
  [
    'the report is of another desk',
    (bench) => void bench.report({ desk: 'other' }),
    'validation',
    'warn',
    /no report is about this desk/,
  ],
  [
    'the report is of another installation',
    (bench) => void bench.report({}, 'cd'.repeat(32)),
    'validation',
    'warn',
    /seal/,
  ],
  [
    'the report is about another desk file',
    (bench) => void bench.report({ configHash: 'f'.repeat(64) }),
    'validation',
    'warn',
    /another version/,
  ],
  [
    'the GO was on simulated prices',
    (bench) => void bench.report({ goLive: { qualifies: false, because: ['prices were simulated'] } }),
    'validation',
    'warn',
    /prices were simulated/,
  ],
  [
    'a newer validation of the same file was a NO-GO',
    ({ home, configHash }) => {
      const newer = { ...goReport(configHash), created: new Date().toISOString() };
      const refused = { ...newer, recommendation: 'NO-GO', reasons: ['9 trades, 10 are needed'] } as const;
      keepReport(home, signReport(readSecret(home, 'decisionKey'), refused));
    },
    'validation',
    'warn',
    /the newest: NO-GO: 9 trades/,
  ],
  [
    'the GO is of the future',
    (bench) => void bench.report({ created: new Date(Date.now() + 86_400_000).toISOString() }),
    'validation',
    'warn',
    /it is dated in the future, .*: look at the clock/,
  ],
  [
    'a newer validation was a NO-GO, and a clock that was ahead dated a GO after it',
    ({ home, configHash }) => {
      const at = (atMs: number) => ({ ...goReport(configHash), created: new Date(atMs).toISOString() });
      const refused = { ...at(Date.now()), recommendation: 'NO-GO', reasons: ['9 trades'] } as const;
      const key = readSecret(home, 'decisionKey');
      for (const report of [at(Date.now() + 86_400_000), refused]) keepReport(home, signReport(key, report));
    },
    'validation',
    'warn',
    /the newest: NO-GO: 9 trades/,
  ],
  [
    'a newer validation of the same file was for study',
    ({ home, configHash }) => {
      const newer = { ...goReport(configHash), created: new Date().toISOString() };
      const study = { ...newer, goLive: { qualifies: false, because: ['a.csv is for study'] } };
      keepReport(home, signReport(readSecret(home, 'decisionKey'), study));
    },
    'validation',
    'warn',
    /a.csv is for study/,
  ],
  [
    'the GO is older than the desk file lets it stand',
    (bench) => void bench.report({ created: new Date(Date.now() - 15 * 86_400_000).toISOString() }),
    'validation',
    'warn',
    /is too old: it stands for 14 days/,
  ],
  [
    'the GO is of another simulator',
    madeAt('simulator', 'http://127.0.0.1:1'),
    'validation',
    'warn',
    /at the simulator of binance at http:\/\/127.0.0.1:1, and counts there only/,
  ],
  [
    'the GO is of another exchange’s prices',
    madeAt('live', null, 'kraken'),
    'validation',
    'warn',
    /made at kraken, and counts there only; orders go to the simulator of binance/,
  ],
  [
    'the GO is of the testnet',
    madeAt('testnet', null),
    'validation',
    'warn',
    /at the testnet of binance, and counts there only/,
  ],
  [
    'the GO does not say whose prices they were',
    (bench) => void bench.report({ market: {} as SignedReport['market'] }),
    'validation',
    'warn',
    /does not say whose prices/,
  ],
  [
    'Telegram is not configured',
    ({ env }) => void delete env.TELEGRAM_BOT_TOKEN,
    'telegram',
    'warn',
    /TELEGRAM_BOT_TOKEN/,
  ],
  [
    'a Telegram token is given and no test alert ever arrived',
    ({ home }) => rmSync(join(home, 'notify'), { recursive: true }),
    'telegram',
    'warn',
    /no test alert has reached anybody yet .*fermata notify test telegram/,
  ],
  [
    'the test alert was another bot’s',
    setTo('TELEGRAM_BOT_TOKEN', '654321:zyxwvutsrqponmlkjihgfedcba'),
    'telegram',
    'warn',
    /no test alert has reached anybody yet/,
  ],
  [
    'the test alert is long ago',
    ({ home, env }) =>
      keepTelegramProof(home, env.TELEGRAM_BOT_TOKEN!, {
        chatId: '7',
        messageId: 1,
        atMs: Date.now() - 31 * 86_400_000,
      }),
    'telegram',
    'warn',
    /31 days ago/,
  ],
  ['Telegram’s token can’t be one', setTo('TELEGRAM_BOT_TOKEN', 'abc'), 'telegram', 'fail', /token/],
];

const AUDITOR_KEY = {
  BINANCE_AUDITOR_API_KEY: READING_KEY.apiKey,
  BINANCE_AUDITOR_SECRET_KEY: READING_KEY.secret,
};

describe('with everything in place', () => {
  it('the pre-flight passes, and only the person’s review is missing', async () => {
    const bench = await preflightBench();
    const report = await bench.look();
    expect(report.results.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    await madeAt('simulator', bench.simulator.address)(bench);
    expect((await bench.look()).results.find(({ key }) => key === 'validation')?.verdict).toBe('pass');
    await control('balance', { account: 'desk', asset: 'USDT', free: '100' })(bench);
    expect((await bench.look()).results.find(({ key }) => key === 'balance')).toMatchObject({
      ...{ verdict: 'pass', observed: '100.00 USDT', expected: 'at least 100.00 USDT' },
    });
    // What a person reviews.
    expect(report.results.find(({ key }) => key === 'validation')?.observed).toMatch(
      /^GO of \S+: 40 trades, win rate 55\.00 %, Sharpe 1\.20, drawdown 4\.00 %$/,
    );
    expect(report.results.map(({ key }) => key)).toEqual([
      'api-key',
      'balance',
      'symbols',
      'stop-room',
      'rate-limit',
      'stop-loss',
      'daily-loss',
      'password',
      'validation',
      'telegram',
      'key-permissions',
      'auditor-key',
      'approvers-keys',
      'disk-room',
    ]);
    expect(goLiveObstacles(bench.desk, report, 'operator')).toEqual([]);
    expect(goLiveObstacles(bench.desk, report, null)).toEqual([expect.stringMatching(/nobody has reviewed/)]);
  });
});

it('the checklist before real money has the runbook’s eight items, each done only by what was found', async () => {
  const bench = await preflightBench();
  bench.desk = { ...bench.desk, risk: { ...bench.desk.risk, stopLossPct: 0, dailyLossLimitPct: 0 } };
  bench.report({ recommendation: 'NO-GO', reasons: ['9 trades'] });
  const items = preLiveChecklist(bench.desk, await bench.look(), null);
  expect(items.map(({ title, done }) => [title, done])).toEqual([
    ['1 Paper validation returns GO', false],
    ['2 Validation report reviewed', false],
    ['3 Real dashboard password', true],
    ['4 Stop-loss', false],
    ['5 Daily loss limit', false],
    ['6 Conservative risk at first', true],
    ['7 Telegram notifications', true],
    ['8 Key permissions: spot only, no withdrawal', true],
  ]);
  expect(items[3]).toMatchObject({ observed: 'risk.stopLossPct is 0 %', expected: 'above 0 %' });
  expect(items[4]).toMatchObject({ observed: 'risk.dailyLossLimitPct is 0 %', expected: 'above 0 %' });
});

describe('a GO of before reports named the exchange', () => {
  const file = (venue: string) =>
    ({ fetched: { venue, endpoint: 'live' } }) as SignedReport['market']['files'][number];
  it.each([
    ['fetched files of it', { kind: 'recorded', files: [file('binance'), file('binance')] }, 'pass'],
    ['the label of its live prices', { kind: 'live', label: 'live: binance public quotes' }, 'pass'],
    ['fetched files of another one', { kind: 'recorded', files: [file('kraken')] }, 'warn'],
    ['fetched files of two', { kind: 'recorded', files: [file('binance'), file('kraken')] }, 'warn'],
    ['the label of another one’s prices', { kind: 'live', label: 'live: kraken public quotes' }, 'warn'],
    ['nothing', { kind: 'recorded', files: [] }, 'warn'],
  ] as const)('counts by what it proves: %s', async (_what, market, verdict) => {
    const bench = await preflightBench();
    await madeAt('live', null, null, market)(bench);
    const { results } = await bench.look();
    expect(results.find(({ key: check }) => check === 'validation')?.verdict).toBe(verdict);
  });
});

it('counts a GO whatever folder the validation was asked for in', async () => {
  const bench = await preflightBench();
  keepReport(bench.home, JSON.parse(readFileSync(bench.report(), 'utf8')) as SignedReport);
  rmSync(bench.reportFolder, { recursive: true });
  const { results } = await bench.look();
  expect(results.find(({ key: check }) => check === 'validation')?.verdict).toBe('pass');
});

describe('going live is refused', () => {
  it.each(TABLE)('where %s', async (_what, breakIt, check, verdict, words) => {
    const bench = await preflightBench();
    await breakIt(bench);
    const report = await bench.look();
    const result = report.results.find((one) => one.key === check);
    expect([result?.verdict, result?.observed]).toEqual([verdict, expect.stringMatching(words)]);
    expect(report.verdict).toBe(verdict);
    expect(goLiveObstacles(bench.desk, report, 'operator').join('\n')).toMatch(words);
  });

  it('where contracts on margin would lose much at the stop, whatever they are worth', async () => {
    const report = await (await preflightBench()).look();
    const { desk } = loadDesk(join(repository, 'desks/slob/desk.yaml'));
    const sizeOf = (riskPct: number) =>
      goLiveObstacles(
        { ...desk, strategies: desk.strategies.map((one) => ({ ...one, size: { riskPct } })) },
        report,
        'operator',
      ).filter((text) => text.startsWith('6 '));
    expect(desk.goLive.start.maxPositionSizePct).toBeGreaterThan(100);
    expect(sizeOf(1)).toEqual([]);
    expect(sizeOf(2)).toEqual([
      '6 Conservative risk at first: goLive.start: 2 % lost at the stop of a position, 1 position (expected: at most 1 %, 3 positions)',
    ]);
    const onSpot = preflightBench((text) =>
      text.replace(/^ {2}start: .*$/m, '  start: { maxPositionSizePct: 101 }'),
    );
    await expect(onSpot).rejects.toThrow(/goLive\.start\.maxPositionSizePct.*at most 100/s);
  });

  it('by the limits that people have changed since the desk file was read', async () => {
    const bench = await preflightBench();
    const trader = new ScriptedTrader('abc', bench.configHash);
    const { desk } = loadDesk(join(repository, 'desks/slob/desk.yaml'));
    const activities = createGoLiveActivities({
      ...{ configHash: bench.configHash, home: bench.home, reportFolder: bench.reportFolder },
      desk: { ...desk, strategies: desk.strategies.map((one) => ({ ...one, size: { equityPct: 80 } })) },
      pool: null as never,
      trader: trader.client,
      preflight: () =>
        preflightOfRuntime(
          {
            runtime: {
              home: bench.home,
              deskFile: join(bench.home, 'desk.yaml'),
              simulatedVenue: bench.simulator.address,
            } as Runtime,
            trader: trader.client,
          },
          Date.now,
        ),
    });
    const items = async () => {
      const { checklist } = await activities.lookBeforeLive('operator');
      return checklist.flatMap(({ key: item, done, observed }) =>
        ['stop-loss', 'start-size'].includes(item) ? [[done, observed]] : [],
      );
    };
    expect(await items()).toEqual([
      [true, 'risk.stopLossPct is 5 %'],
      [true, 'goLive.start: 0.8 % lost at the stop of a position, 1 position'],
    ]);
    trader.reloaded.push({ values: { 'risk.stopLossPct': 10 }, approvedBy: ['anna'] });
    expect(await items()).toEqual([
      [true, 'risk.stopLossPct is 10 %'],
      [false, 'goLive.start: 8 % lost at the stop of a position, 1 position'],
    ]);
  });

  it('where the desk trades by settings that the validation says nothing of', async () => {
    const bench = await preflightBench();
    const trader = new ScriptedTrader('abc', bench.configHash);
    const { home, simulator } = bench;
    keepReport(home, JSON.parse(readFileSync(bench.report(), 'utf8')) as SignedReport);
    const runtime = {
      ...{ home, deskFile: join(home, 'desk.yaml'), simulatedVenue: simulator.address },
    } as Runtime;
    const validation = async () => {
      const { results } = await preflightOfRuntime({ runtime, trader: trader.client }, Date.now);
      return results.find((one) => one.key === 'validation');
    };
    const [strategy] = bench.desk.strategies;
    const [parameter, inFile] = Object.entries(strategy?.parameters ?? {})[0] as [string, number];
    const changed = `strategies.${strategy?.name}.parameters.${parameter}`;
    trader.reloaded.push({ values: { 'risk.dailyLossLimitPct': 1 }, approvedBy: [] });
    expect(await validation()).toMatchObject({ verdict: 'pass' }); // tighter
    trader.reloaded.push({ values: { [changed]: inFile + 1, 'risk.stopLossPct': 10 }, approvedBy: ['anna'] });
    const found = await validation();
    expect(found?.verdict).toBe('warn');
    expect(found?.observed).toContain(`${changed} is ${inFile + 1} (file: ${inFile})`);
    expect(found?.observed).toContain('risk.stopLossPct is 10 (file: 5)');
    expect(found?.observed).not.toContain('dailyLossLimitPct');
  });

  it('where the exchange does not list a symbol', async () => {
    const bench = await preflightBench((text) => text.replaceAll('ETH/USDT', 'XYZ/USDT'));
    const report = await bench.look();
    expect(report.results.find((one) => one.key === 'symbols')).toMatchObject({
      ...{
        verdict: 'fail',
        observed: 'XYZ/USDT is not listed at the exchange: take it out of the desk file',
      },
    });
    // One of which the exchange says nothing is not listed either.
    const silent = await bench.look({ symbols: { ok: true, value: new Map([['BTC/USDT', null]]) } });
    expect(silent.results.find((one) => one.key === 'symbols')).toMatchObject({
      verdict: 'fail',
      observed: 'XYZ/USDT is not listed at the exchange',
    });
  });

  it('where the exchange does not say what is asked of it', async () => {
    const bench = await preflightBench();
    const silent = { ok: false, why: 'no answer within 10 s' } as const;
    const report = await bench.look({ permissions: silent, balances: silent, symbols: silent });
    expect(report.verdict).toBe('fail');
    const failed = report.results.filter(({ verdict }) => verdict === 'fail');
    expect(failed.map(({ key, observed }) => [key, observed])).toEqual([
      ['api-key', 'no answer within 10 s'],
      ['balance', 'not known: no answer within 10 s'],
      ['symbols', 'not known: no answer within 10 s'],
      ['key-permissions', 'not known: no answer within 10 s'],
    ]);
    // Each answer counts for itself: a key that may read its balance may be unable to say what it may do.
    for (const part of ['permissions', 'balances'] as const) {
      const { results } = await bench.look({ [part]: silent });
      expect(results.find(({ key }) => key === 'api-key')).toMatchObject({
        ...{ verdict: 'fail', observed: 'no answer within 10 s' },
      });
    }
  });

  it('where the balance is in another currency than the desk’s, however much it is', async () => {
    const bench = await preflightBench();
    const { balances } = await readExchange({
      ...{ desk: bench.desk, env: bench.env, simulatedVenue: bench.simulator.address },
    });
    if (!balances.ok) throw new Error(balances.why);
    const report = await bench.look({
      balances: { ok: true, value: { ...balances.value, currency: 'USDC' } },
    });
    expect(report.results.find(({ key }) => key === 'balance')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringMatching(/ USDC$/), expected: 'at least 100.00 USDT' },
    });
  });

  it('where one of several symbols can’t be traded as the desk file says', async () => {
    const bench = await preflightBench();
    const symbols = new Map([
      ['BTC/USDT', null],
      ['ETH/USDT', 'ETH/USDT has the step 0.01, the desk file 0.001'],
    ]);
    const report = await bench.look({ symbols: { ok: true, value: symbols } });
    expect(report.results.find(({ key }) => key === 'symbols')).toMatchObject({
      verdict: 'fail',
      observed: 'ETH/USDT has the step 0.01, the desk file 0.001',
      expected: "BTC/USDT, ETH/USDT: listed and trading, with the desk file's steps",
    });
  });

  it('but not where a key works from any address: a start is warned of it', async () => {
    const bench = await preflightBench();
    const permissions = { ok: true, value: { problems: [], warnings: ['works from any address'] } } as const;
    const report = await bench.look({ permissions });
    expect(report.verdict).toBe('warn');
    expect(report.results.find(({ key }) => key === 'key-permissions')).toMatchObject({
      ...{ verdict: 'warn', observed: 'works from any address' },
    });
    // A list of addresses is no item of the runbook.
    expect(goLiveObstacles(bench.desk, report, 'operator')).toEqual([]);
  });

  it.each([
    ['large positions', 'maxPositionSizePct: 10, maxConcurrentPositions: 2', '10 % a position, 2 positions'],
    ['many positions', 'maxPositionSizePct: 1, maxConcurrentPositions: 4', '1 % a position, 4 positions'],
  ])('where the first live period would not be small: %s', async (_what, start, observed) => {
    const bench = await preflightBench((text) => text.replace(/^ {2}start: .*$/m, `  start: { ${start} }`));
    const report = await bench.look();
    expect(goLiveObstacles(bench.desk, report, 'operator')).toEqual([
      `6 Conservative risk at first: goLive.start: ${observed} (expected: at most 3 % a position, 3 positions)`,
    ]);
    expect(remarksOn(bench.desk)).toEqual([
      `goLive.start: ${observed}; a go-live requires at most 3 % a position, 3 positions`,
    ]);
    expect(remarksOn({ ...bench.desk, mode: 'paper' })).toEqual([]);
  });

  it('but not where it is as large as it may be', async () => {
    const bench = await preflightBench((text) =>
      text.replace(/^ {2}start: .*$/m, '  start: { maxPositionSizePct: 3, maxConcurrentPositions: 3 }'),
    );
    expect(goLiveObstacles(bench.desk, await bench.look(), 'operator')).toEqual([]);
    expect(remarksOn(bench.desk)).toEqual([]);
  });
});

it.each([
  [3, 4, 'warn'],
  [30, 20, 'pass'],
] as const)(
  'a GO stands for as long as the desk file says: %i days, and it is %i old',
  async (days, old, verdict) => {
    const bench = await preflightBench((text) =>
      text.replace(/^goLive:$/m, `goLive:\n  validForDays: ${days}`),
    );
    expect(bench.desk.goLive.validForDays).toBe(days);
    bench.report({ created: new Date(Date.now() - old * 86_400_000).toISOString() });
    const { results } = await bench.look();
    expect(results.find(({ key: check }) => check === 'validation')?.verdict).toBe(verdict);
  },
);

it('a full disk is said before people are asked: the trader would arm nothing', async () => {
  const bench = await preflightBench();
  const lookWith = async (freeMb: number) => {
    bench.free = async () => freeMb * 1024 * 1024;
    return bench.look();
  };
  const full = await lookWith(255);
  expect(full.verdict).toBe('fail');
  expect(goLiveObstacles(bench.desk, full, 'operator')).toEqual([
    'Room on the disk: 255 MB free; fermata doctor shows how much is free (expected: at least 256 MB free where FERMATA_HOME lies)',
  ]);
  expect((await lookWith(256)).verdict).toBe('pass');
});

it('a rate limiter that is off warns, and forbids nothing', async () => {
  const bench = await preflightBench((text) =>
    text.replace('testnet: true', 'testnet: true\n  rateLimit: { enabled: false }'),
  );
  const report = await bench.look();
  expect(report.verdict).toBe('warn');
  expect(report.results.find((one) => one.key === 'rate-limit')).toMatchObject({
    verdict: 'warn',
    observed: 'off: venue.rateLimit.enabled is false, the exchange may ban the address',
    expected: 'requests wait for the exchange’s allowance',
  });
  expect(goLiveObstacles(bench.desk, report, 'operator')).toEqual([]);
});

it('as many strategies in a symbol as the venue takes stops are said, and forbid nothing', async () => {
  const bench = await preflightBench();
  const [first] = bench.desk.strategies;
  const five = Array.from({ length: 5 }, (_, at) => ({ ...first!, name: `s${at}`, symbols: ['BTC/USDT'] }));
  const looked = async (strategies: typeof five) => {
    bench.desk = { ...bench.desk, strategies };
    const report = await bench.look();
    expect(goLiveObstacles(bench.desk, report, 'operator')).toEqual([]);
    return report.results.find(({ key }) => key === 'stop-room');
  };
  expect(await looked(five.slice(1))).toMatchObject({ verdict: 'pass' });
  expect(await looked(five)).toMatchObject({
    verdict: 'warn',
    observed: expect.stringMatching(/^BTC\/USDT: 5 strategies trade it, and binance takes 5 stop orders/),
  });
});

it.each<[string, Readonly<Record<string, string>>, 'pass' | 'warn', string]>([
  ['beside a supervisor takes the trader’s key', {}, 'pass', 'by the trader’s key'],
  ['has a key of its own', AUDITOR_KEY, 'pass', 'by a key of its own'],
  ['alone has a key of its own', { ...AUDITOR_KEY, FERMATA_SEPARATE: '1' }, 'pass', 'by a key of its own'],
  ['alone has none', { FERMATA_SEPARATE: '1' }, 'warn', 'BINANCE_AUDITOR_API_KEY is not set'],
])('an auditor that %s is said by name, and forbids nothing', async (_what, env, verdict, words) => {
  const bench = await preflightBench();
  Object.assign(bench.env, env);
  const report = await bench.look();
  const result = report.results.find(({ key: one }) => one === 'auditor-key');
  expect(result).toMatchObject({ verdict, observed: expect.stringContaining(words) });
  expect(goLiveObstacles(bench.desk, report, 'operator')).toEqual([]);
});

it.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['has no secret', { BINANCE_AUDITOR_SECRET_KEY: '' }, /BINANCE_AUDITOR_SECRET_KEY is not set/],
  ['can’t be one', { BINANCE_AUDITOR_API_KEY: 'abc' }, /BINANCE_AUDITOR_API_KEY does not look like a key/],
  ['is not known', { BINANCE_AUDITOR_API_KEY: 'a'.repeat(64) }, /answered the auditor with 401 \(-2015\)/],
  ['has another secret', { BINANCE_AUDITOR_SECRET_KEY: 'b'.repeat(64) }, /with 400 \(-1022\)/],
  [
    'may trade',
    {
      BINANCE_AUDITOR_API_KEY: TRADING_KEY.apiKey,
      BINANCE_AUDITOR_SECRET_KEY: TRADING_KEY.secret,
    },
    /the key may trade: a read-only key is expected here/,
  ],
  [
    'may withdraw',
    {
      BINANCE_AUDITOR_API_KEY: WITHDRAWING_KEY.apiKey,
      BINANCE_AUDITOR_SECRET_KEY: WITHDRAWING_KEY.secret,
    },
    /the key may withdraw/,
  ],
])(
  'an auditor’s key that %s forbids the start: nobody would watch, or too much could be done with it',
  async (_what, env, words) => {
    const bench = await preflightBench();
    Object.assign(bench.env, AUDITOR_KEY, env);
    const report = await bench.look();
    expect(report.results.filter(({ verdict }) => verdict !== 'pass')).toEqual([
      expect.objectContaining({
        ...{ key: 'auditor-key', verdict: 'fail' },
        observed: expect.stringMatching(words),
      }),
    ]);
    expect(goLiveObstacles(bench.desk, report, 'operator').join()).toMatch(words);
  },
);

it('approvers without a key to sign with are named, with the command for each; asking is not forbidden', async () => {
  const bench = await preflightBench();
  removePersonKeys(bench.home, 'second');
  const report = await bench.look();
  expect(report.verdict).toBe('warn');
  expect(report.results.find(({ key: check }) => check === 'approvers-keys')).toMatchObject({
    verdict: 'warn',
    observed: 'no key: second (fermata person key second)',
    expected: expect.stringContaining('at least 1 of the approvers operator, second'),
  });
  expect(goLiveObstacles(bench.desk, report, 'operator')).toEqual([]);
  removePersonKeys(bench.home, 'operator');
  const nobody = (await bench.look()).results.find(({ key: check }) => check === 'approvers-keys');
  expect(nobody?.observed).toMatch(
    /^real money can’t be approved yet, since 0 of the 1 who must sign can; no key: operator /,
  );
});
