/** The runbook's daily checklist, check by check, on the real store. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckContext, CheckOutcome, CheckParameters } from '../../src/checks/check.js';
import { readLinesBackwards } from '../../src/checks/read-lines-backwards.js';
import { CHECKS } from '../../src/checks/registry.js';
import { loadDesk } from '../../src/desk/load.js';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { makeSecret, readSecret } from '../../src/home/secrets.js';
import { REPORTS } from '../../src/reports/registry.js';
import { type Candle, storeBars } from '../../src/store/bars.js';
import { recordValidation } from '../../src/store/validation-report.js';
import { rolesInOrder } from '../../src/supervisor/roles.js';
import type { ValidationReport } from '../../src/validation/report/report.js';
import { signReport } from '../../src/validation/report/sign-report.js';
import { CRYPTO_DESK_FILE } from '../operations/support/crypto-desk.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const { desk: shipped } = loadDesk(CRYPTO_DESK_FILE);
const NOW = Date.parse('2026-03-02T10:00:00Z');
const ROLES = rolesInOrder(true);
const MINUTE = 60_000;
const DAY = 86_400_000;
/** The prices that the trader of these tests says it trades on. */
const TRADED = 'simulated-303-seed-7';
let database: TestDatabase;
let home: string;
let trader: ScriptedTrader;
let desks = 0;
let context: CheckContext;

beforeAll(async () => {
  database = await createTestDatabase();
  home = mkdtempSync(join(tmpdir(), 'fermata-daily-'));
});
afterAll(async () => {
  await database?.drop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  desks += 1;
  trader = new ScriptedTrader('abc123');
  const desk = { ...shipped, desk: `desk-${desks}` };
  context = { runtime: { home } as Runtime, desk, trader: trader.client, pool: database.pool };
});

async function check(name: string, parameters: CheckParameters = {}): Promise<CheckOutcome> {
  const found = CHECKS.get(name);
  if (!found) throw new Error(`no check ${name}`);
  return found(context, parameters);
}

async function report(name: string): Promise<string> {
  return (await REPORTS.get(name)?.({ ...context, marketMs: NOW }, { days: 7 })) ?? '';
}

function candle(symbol: string, openMs: number): Candle {
  const price = { open: '100.5', high: '101', low: '100', close: '100.25', volume: '2' };
  return { symbol, openMs, spanMs: MINUTE, ...price };
}

/** Minutes before now, both included. */
async function storeMinutes(symbol: string, from: number, to: number, source = TRADED): Promise<void> {
  const candles = [];
  for (let ago = from; ago >= to; ago -= 1) candles.push(candle(symbol, NOW - ago * MINUTE));
  await storeBars(database.pool, { desk: context.desk.desk, source, simulated: true }, candles);
}

async function equityAt(marketMs: number, equity: number): Promise<void> {
  await database.pool.query(
    'insert into equity (desk, market, equity, peak, cash, unrealised, simulated) values ($1, $2, $3, $3, $3, 0, true)',
    [context.desk.desk, new Date(marketMs), equity],
  );
}

describe('candles-stored', () => {
  it('passes when every minute of every instrument is there up to now', async () => {
    await storeMinutes('BTC/USDT', 60, 1);
    await storeMinutes('ETH/USDT', 60, 1);
    expect(await check('candles-stored')).toMatchObject({
      verdict: 'pass',
      observed: 'BTC/USDT 60, ETH/USDT 60',
    });
  });

  it('names the minutes that are missing', async () => {
    await storeMinutes('BTC/USDT', 60, 31);
    await storeMinutes('BTC/USDT', 28, 1);
    await storeMinutes('ETH/USDT', 60, 1);
    const { verdict, observed } = await check('candles-stored');
    expect(verdict).toBe('warn');
    expect(observed).toContain('BTC/USDT 2 from 2026-03-02T09:30Z');
  });

  it('fails for an instrument without any, and for one whose candles ended', async () => {
    await storeMinutes('BTC/USDT', 120, 60);
    expect(await check('candles-stored')).toMatchObject({
      verdict: 'fail',
      observed: 'BTC/USDT has none since 2026-03-02T09:00Z; ETH/USDT has none',
    });
  });

  it('looks at the prices that are traded on, and at no other market', async () => {
    await storeMinutes('BTC/USDT', 60, 1);
    await storeMinutes('ETH/USDT', 60, 31);
    await storeMinutes('BTC/USDT', 120, 1, 'live-binance');
    await storeMinutes('ETH/USDT', 120, 1, 'live-binance');
    expect(await check('candles-stored')).toMatchObject({
      verdict: 'fail',
      observed: 'ETH/USDT has none since 2026-03-02T09:29Z',
    });
    await storeMinutes('ETH/USDT', 28, 1);
    expect(await check('candles-stored')).toMatchObject({
      verdict: 'warn',
      observed: expect.stringContaining(
        'BTC/USDT 60, ETH/USDT 58; missing: ETH/USDT 2 from 2026-03-02T09:30Z',
      ),
    });
  });
});

describe('log-errors', () => {
  const logs = (): string => join(home, 'logs');
  const line = (minutesAgo: number, level: string, message: string): string =>
    `${JSON.stringify({ time: new Date(Date.now() - minutesAgo * MINUTE).toISOString(), role: 'web', level, message })}\n`;
  beforeEach(() => {
    rmSync(logs(), { recursive: true, force: true });
    mkdirSync(logs(), { recursive: true });
  });

  it('counts the errors of the time asked for, over rotated files, and quotes the newest', async () => {
    writeFileSync(
      join(logs(), 'fermata.jsonl.1'),
      line(3_000, 'error', 'too old') + line(120, 'error', 'before'),
    );
    writeFileSync(join(logs(), 'fermata.jsonl'), line(60, 'info', 'calm') + line(30, 'error', 'the newest'));
    appendFileSync(join(logs(), 'fermata.jsonl'), 'a torn line');
    expect(await check('log-errors', { hours: 24 })).toEqual({
      verdict: 'fail',
      observed: '2 errors (web 2); the newest: web: the newest',
      expected: 'at most 0 errors in the log of the last 24 hours',
    });
    expect(await check('log-errors', { hours: 1, errorsMax: 1 })).toMatchObject({ verdict: 'pass' });
  });

  it('counts in every log where each role keeps its own, and quotes the newest of all', async () => {
    for (const role of ROLES) writeFileSync(join(logs(), `${role}.jsonl`), line(1, 'info', 'calm'));
    writeFileSync(join(logs(), 'auditor.jsonl'), line(20, 'error', 'the older'));
    writeFileSync(join(logs(), 'web.jsonl.1'), line(10, 'error', 'the newer'));
    expect(await check('log-errors')).toMatchObject({
      verdict: 'fail',
      observed: '2 errors (web 2); the newest: web: the newer',
    });
  });

  it('is not run where a log can’t be found, and fails for what the others hold', async () => {
    expect(await check('log-errors')).toMatchObject({
      verdict: 'not_run',
      observed: `there is no log in ${logs()}: nothing was counted`,
    });
    for (const role of ROLES.filter((name) => name !== 'trader'))
      writeFileSync(join(logs(), `${role}.jsonl`), line(1, 'info', 'calm'));
    expect(await check('log-errors')).toMatchObject({
      verdict: 'not_run',
      observed: 'no errors; no log of trader',
    });
    appendFileSync(join(logs(), 'ledger.jsonl'), line(1, 'error', 'broken'));
    expect(await check('log-errors')).toMatchObject({
      verdict: 'fail',
      observed: '1 errors (web 1); the newest: web: broken; no log of trader',
    });
  });

  it('reads long files from their end', async () => {
    const path = join(logs(), 'long.txt');
    const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number}`);
    writeFileSync(path, `${lines.join('\n')}\n`);
    const read = [];
    for await (const text of readLinesBackwards(path)) read.push(text);
    expect(read).toEqual(lines.toReversed());
  });
});

describe('expected-profit', () => {
  /** Closes of the days before today, the oldest first; then today's first point. */
  async function closes(values: readonly number[]): Promise<void> {
    for (const [at, value] of [...values, values.at(-1) ?? 0].entries())
      await equityAt(NOW - (values.length - at) * DAY, value);
  }

  it('is not run before enough days are known', async () => {
    await closes([10_000, 10_100, 10_000]);
    expect(await check('expected-profit')).toMatchObject({ verdict: 'not_run' });
  });

  it('fails below what is usual, warns above it, and passes between', async () => {
    // Returns of 1 % and -1 % in turn: mean close to 0, two standard deviations about 2.2 %.
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    const today = async (pct: number): Promise<string> => {
      trader.status = ((status) => () => ({
        ...status(),
        dayStartEquity: '10000',
        equity: String(10_000 + pct * 100),
      }))(ScriptedTrader.prototype.status.bind(trader));
      return (await check('expected-profit')).verdict;
    };
    expect([await today(-3), await today(0.5), await today(3)]).toEqual(['fail', 'pass', 'warn']);
  });

  /** Hourly returns of 0.1 % and −0.1 % in turn: as a day 0 % ± 0.49 %, and twice that is allowed. */
  async function validation(configHash: string, key: string, hours = 48): Promise<void> {
    const equity = Array.from({ length: hours + 1 }, (_, hour) => [
      new Date(NOW - (hours - hour) * 3_600_000).toISOString(),
      hour % 2 === 0 ? '10000.00' : '10010.00',
    ]);
    const id = `v-${configHash}-${hours}`;
    const report = signReport(key, { id, recommendation: 'NO-GO', equity } as unknown as ValidationReport);
    await recordValidation(database.pool, {
      desk: context.desk.desk,
      validationId: id,
      configHash,
      recommendation: 'NO-GO',
      qualifies: false,
      hash: report.hash,
      seal: report.seal ?? '',
      report: JSON.stringify(report),
      createdMs: NOW,
    });
  }

  it('compares with the validation of the configuration that is traded, and says so', async () => {
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    mkdirSync(homePaths(home).secrets, { recursive: true });
    makeSecret(home, 'decisionKey');
    const decisionKey = readSecret(home, 'decisionKey');
    const today = async (pct: number, configHash: string) => {
      trader.status = ((status) => () => ({
        ...status(),
        configHash,
        dayStartEquity: '10000',
        equity: String(10_000 + pct * 100),
      }))(ScriptedTrader.prototype.status.bind(trader));
      return check('expected-profit');
    };
    await validation('validated', decisionKey);
    await validation('other-key', '0'.repeat(64));
    await validation('too-short', decisionKey, 12);
    const verdicts = [];
    for (const pct of [-1.5, 0.5, 1.5]) verdicts.push(await today(pct, 'validated'));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['fail', 'pass', 'warn']);
    expect(verdicts[0]?.expected).toMatch(/48 hours of validation v-validated-48 \(NO-GO\), as a day/);
    for (const configHash of ['other-key', 'too-short', 'changed since']) {
      const outcome = await today(-1.5, configHash);
      expect(outcome).toMatchObject({ verdict: 'pass' });
      expect(outcome.expected).toContain('days before (there is no validation of this configuration)');
    }
  });
});

describe('profit-and-positions and strategies-on', () => {
  it('say what the day earned and what is open, and fail for a position without a stop', async () => {
    expect((await check('profit-and-positions')).verdict).toBe('warn');
    await equityAt(NOW - 3 * 3_600_000, 9_950);
    await equityAt(NOW - 1_000, 10_000);
    const good = await check('profit-and-positions');
    expect(good).toMatchObject({ verdict: 'pass' });
    expect(good.observed).toContain('equity curve: 2 hours between 9950.00 and 10000.00');
    const position = {
      symbol: 'BTC/USDT',
      side: 'long',
      quantity: '0.01',
      unrealised: '5.00',
      protection: 'missing',
    };
    trader.held = [position as never];
    const bare = await check('profit-and-positions');
    expect(bare).toMatchObject({ verdict: 'fail' });
    expect(bare.observed).toContain('WITHOUT A STOP: BTC/USDT');
  });

  it('name the strategies that are switched off', async () => {
    expect(await check('strategies-on')).toMatchObject({ verdict: 'pass' });
    trader.strategies = [
      { name: 'ema-cross', symbol: 'BTC/USDT', enabled: false, state: '5 losses in a row' } as never,
    ];
    expect(await check('strategies-on')).toMatchObject({
      verdict: 'warn',
      observed: 'off: ema-cross on BTC/USDT (5 losses in a row)',
    });
  });
});

describe('the reports of a review', () => {
  async function fill(id: string, given: object): Promise<void> {
    const row = {
      purpose: 'exit',
      side: 'sell',
      quantity: 1,
      price: 100,
      fee: 0.1,
      realised: 0,
      strategy: 'ema-cross',
    };
    const { purpose, side, quantity, price, fee, realised, strategy } = { ...row, ...given };
    await database.pool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ($1, 'BTC/USDT', $2, $2, $3, $4, $5, $6, 'taker', $7, $8, $9, true, $10, $10, 'abc123', 1)`,
      [context.desk.desk, id, side, quantity, price, fee, purpose, strategy, realised, new Date(NOW - 1_000)],
    );
  }

  it('give figures that were worked out by hand', async () => {
    await fill('e1', { purpose: 'entry', side: 'buy' });
    await fill('x1', { realised: 10 });
    await fill('x2', { realised: 0.05 });
    await fill('x3', { realised: -4, strategy: 'other' });
    await database.pool.query(
      `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, simulated,
         created_market, created, updated) values ($1, 'x3', 'BTC/USDT', 'sell', 'stop', 'stop', 'other', 'filled', 1, 101.5,
         true, $2, $2, $2), ($1, 'd1', 'BTC/USDT', 'buy', 'limit', 'entry', 'other', 'denied', 1, 1, true, $2, $2, $2)`,
      [context.desk.desk, new Date(NOW - 2_000)],
    );
    await database.pool.query(`update orders set reason = 'positionSize: too large' where client_id = 'd1'`);
    for (const [hours, equity] of [
      [60, 10_000],
      [40, 11_000],
      [30, 9_900],
      [1, 10_450],
    ] as const)
      await equityAt(NOW - hours * 3_600_000, equity);
    const performance = await report('performance');
    expect(performance).toContain('equity 10000.00 to 10450.00 (4.50 %)');
    // x2 earned 0.05 and cost 0.1 in fees: a loss.
    expect(performance).toContain('win rate 33.33 % of 3 closings');
    expect(performance).toContain('largest drawdown 10.00 %');
    expect(await report('strategies')).toContain('ema-cross 9.85 (1 of 2 won), other -4.10 (0 of 1 won)');
    const costs = await report('costs');
    expect(costs).toContain('fees 0.40 (0.10 % of 400.00) in 4 fills');
    expect(costs).toContain('slippage of stops 1.50 in 1 fills');
    expect(await report('limits')).toContain('largest drawdown 10.00 % of 15 % allowed');
    expect(await report('limits')).toContain('orders denied: positionSize 1');
    expect(await report('versions')).toContain('Postgres 15');
  });
});
