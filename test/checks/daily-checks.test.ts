/** The runbook's daily checklist, check by check, on the real store. */
import { mkdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { homePaths } from '../../src/home/runtime.js';
import { makeSecret, readSecret } from '../../src/home/secrets.js';
import { saveDrill } from '../../src/store/backup-rows.js';
import { type Candle, storeBars } from '../../src/store/bars.js';
import { recordValidation } from '../../src/store/go-live-attempts.js';
import type { SignedReport, ValidationReport } from '../../src/validation/report/report.js';
import { keepReport, signReport } from '../../src/validation/report/write-report.js';
import { strategy } from '../incidents/incident-bench.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';
import { CheckBench, MINUTE, NOW } from './check-bench.js';

const DAY = 86_400_000;
/** The prices that the trader of these tests says it trades on. */
const TRADED = 'simulated-303-seed-7';
const bench = new CheckBench();
beforeAll(() => bench.open());
beforeEach(() => bench.renew());
afterAll(() => bench.close());

function candle(symbol: string, openMs: number): Candle {
  const price = {
    open: '100.5',
    high: '101',
    low: '100',
    close: '100.25',
    volume: '2',
    bid: null,
    ask: null,
  };
  return { symbol, openMs, spanMs: MINUTE, ...price };
}

/** Minutes before now, both included. */
async function storeMinutes(symbol: string, from: number, to: number, source = TRADED): Promise<void> {
  const candles = [];
  for (let ago = from; ago >= to; ago -= 1) candles.push(candle(symbol, NOW - ago * MINUTE));
  await storeBars(bench.database.pool, { desk: bench.context.desk.desk, source, simulated: true }, candles);
}

describe('candles-stored', () => {
  it('passes when every minute of every instrument is there up to now', async () => {
    await storeMinutes('BTC/USDT', 60, 1);
    await storeMinutes('ETH/USDT', 60, 1);
    expect(await bench.check('candles-stored')).toMatchObject({
      verdict: 'pass',
      observed: 'BTC/USDT 60, ETH/USDT 60',
    });
  });

  it('names the minutes that are missing', async () => {
    await storeMinutes('BTC/USDT', 60, 31);
    await storeMinutes('BTC/USDT', 28, 1);
    await storeMinutes('ETH/USDT', 60, 1);
    const { verdict, observed } = await bench.check('candles-stored');
    expect(verdict).toBe('warn');
    expect(observed).toContain('BTC/USDT 2 from 2026-03-02T09:30Z');
  });

  it('fails for an instrument without any, and for one whose candles ended', async () => {
    await storeMinutes('BTC/USDT', 120, 60);
    expect(await bench.check('candles-stored')).toMatchObject({
      verdict: 'fail',
      observed: 'BTC/USDT has none since 2026-03-02T09:00Z; ETH/USDT has none',
    });
  });

  it('looks at the prices that are traded on, and at no other market', async () => {
    await storeMinutes('BTC/USDT', 60, 1);
    await storeMinutes('ETH/USDT', 60, 31);
    await storeMinutes('BTC/USDT', 120, 1, 'live-binance');
    await storeMinutes('ETH/USDT', 120, 1, 'live-binance');
    expect(await bench.check('candles-stored')).toMatchObject({
      verdict: 'fail',
      observed: 'ETH/USDT has none since 2026-03-02T09:29Z',
    });
    await storeMinutes('ETH/USDT', 28, 1);
    expect(await bench.check('candles-stored')).toMatchObject({
      verdict: 'warn',
      observed: expect.stringContaining(
        'BTC/USDT 60, ETH/USDT 58; missing: ETH/USDT 2 from 2026-03-02T09:30Z',
      ),
    });
  });

  it('demands none of a market that was closed, nor of the first minute after it opened', async () => {
    const { desk } = bench.context;
    const sessions = { calendar: 'cme-equity-index' as const };
    const [future] = desk.instruments.map((instrument) => ({ ...instrument, symbol: 'NQ/USD', sessions }));
    bench.context = { ...bench.context, desk: { ...desk, instruments: [future] } as typeof desk };
    const at = (market: { marketMs: number; speed: number | null }, hours: number) => {
      bench.trader.market = market;
      return bench.check('candles-stored', { hours });
    };
    const sunday = { marketMs: Date.parse('2026-11-29T17:00Z'), speed: 1 };
    const opened = Date.parse('2026-11-29T23:00Z');
    const none = { verdict: 'pass', observed: 'NQ/USD 0 (none was due)' };
    const missing = { verdict: 'fail', observed: 'NQ/USD has none' };
    expect(await at(sunday, 24)).toMatchObject(none);
    expect(await at({ ...sunday, speed: null }, 24)).toMatchObject(none);
    expect(await at({ marketMs: opened + 30_000, speed: 1 }, 24)).toMatchObject(none);
    expect(await at({ marketMs: opened + 5 * MINUTE, speed: 1 }, 24)).toMatchObject(missing);
    expect(await at({ marketMs: opened + 5 * MINUTE, speed: null }, 24)).toMatchObject(missing);
    // Christmas Day, after the half day before it.
    expect(await at({ marketMs: Date.parse('2026-12-25T21:30Z'), speed: 1 }, 8)).toMatchObject(none);
  });
});

describe('expected-profit', () => {
  /** Closes of the days before today, the oldest first; then today's first point. */
  async function closes(values: readonly number[]): Promise<void> {
    for (const [at, value] of [...values, values.at(-1) ?? 0].entries())
      await bench.equityAt(NOW - (values.length - at) * DAY, value);
  }

  it('is not run before enough days are known', async () => {
    await closes([10_000, 10_100, 10_000]);
    expect(await bench.check('expected-profit')).toMatchObject({ verdict: 'not_run' });
  });

  it('fails below what is usual, warns above it, and passes between', async () => {
    // Five returns before today, 1 % and -1 % in turn: 0.2 %, and two standard deviations of 2.19 %.
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    const today = async (pct: number): Promise<string> => {
      bench.trader.status = ((status) => () => ({
        ...status(),
        // What has come into the account since is no result of the day.
        ...{ dayStartEquity: '9000', returnCountsFrom: '10000' },
        equity: String(10_000 + pct * 100),
      }))(ScriptedTrader.prototype.status.bind(bench.trader));
      return (await bench.check('expected-profit')).verdict;
    };
    const verdicts = [];
    for (const pct of [-2.1, -1.9, 2.3, 2.5]) verdicts.push(await today(pct));
    expect(verdicts).toEqual(['fail', 'pass', 'pass', 'warn']);
    const { observed, expected } = await bench.check('expected-profit', { deviations: 1 });
    expect(observed).toBe('today 2.500 %');
    expect(expected).toMatch(/^between -0\.89\d % and 1\.29\d %: the mean of 5 days before .* ± 1 standard/);
  });

  it('is not run on a day that began with nothing: there is no return to compare', async () => {
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    const status = bench.trader.status.bind(bench.trader);
    bench.trader.status = () => ({ ...status(), returnCountsFrom: '0', equity: '0' });
    expect(await bench.check('expected-profit')).toMatchObject({
      ...{ verdict: 'not_run', observed: 'the day counts from an equity of 0: it has no return' },
    });
  });

  it('takes as a day what the desk counts as one', async () => {
    bench.context = { ...bench.context, desk: { ...bench.context.desk, dayBoundary: '12:00' } };
    for (let day = 1; day <= 7; day += 1) {
      await bench.equityAt(NOW - day * DAY, 10_000);
      // Ten hours later: made up for by noon.
      await bench.equityAt(NOW - day * DAY + DAY / 2, day % 2 === 0 ? 10_300 : 9_700);
    }
    // Each day of the desk ended as it began.
    expect((await today(0.5, 'none')).verdict).toBe('warn');
  });

  /** Hourly returns of 0.1 % and −0.1 % in turn: as a day 0 % ± 0.49 %, and twice that is allowed. */
  function reportOf(
    configHash: string,
    key: string,
    hours: number,
    more: Partial<ValidationReport> = {},
  ): SignedReport {
    const equity = Array.from({ length: hours + 1 }, (_, hour) => [
      new Date(NOW - (hours - hour) * 3_600_000).toISOString(),
      hour % 2 === 0 ? '10000.00' : '10010.00',
    ]);
    const id = `v-${configHash}-${hours}`;
    const created = new Date(NOW).toISOString();
    const of = { id, desk: bench.context.desk.desk, configHash, created, recommendation: 'NO-GO', equity };
    return signReport(key, { ...of, ...more } as unknown as ValidationReport);
  }

  async function validation(
    configHash: string,
    key: string,
    hours = 48,
    more: Partial<ValidationReport> = {},
  ): Promise<void> {
    const report = reportOf(configHash, key, hours, more);
    await recordValidation(bench.database.pool, {
      desk: bench.context.desk.desk,
      validationId: report.id,
      configHash,
      recommendation: 'NO-GO',
      qualifies: false,
      hash: report.hash,
      seal: report.seal ?? '',
      report: JSON.stringify(report),
      createdMs: NOW,
    });
  }

  function sealedWith(): string {
    mkdirSync(homePaths(bench.home).secrets, { recursive: true });
    makeSecret(bench.home, 'decisionKey');
    return readSecret(bench.home, 'decisionKey');
  }

  async function today(pct: number, configHash: string, says: Partial<TraderStatus> = {}) {
    bench.trader.status = ((status) => () => ({
      ...status(),
      ...says,
      configHash,
      returnCountsFrom: '10000',
      equity: String(10_000 + pct * 100),
    }))(ScriptedTrader.prototype.status.bind(bench.trader));
    return bench.check('expected-profit');
  }

  it('compares with the validation of the configuration that is traded, and says so', async () => {
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    const decisionKey = sealedWith();
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
      expect(outcome.expected).toContain(
        'days before (no validation of this configuration says what is usual)',
      );
    }
  });

  it('compares with the report of a validation before the first start, of which there is only a file', async () => {
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    keepReport(bench.home, reportOf('in a file', sealedWith(), 48));
    const { expected } = await today(0.5, 'in a file');
    expect(expected).toMatch(/48 hours of validation v-in a file-48 \(NO-GO\), as a day/);
    expect((await today(0.5, 'another')).expected).toContain('days before');
  });

  it('takes the validation of the desk file where settings only tighten it, as a go-live does', async () => {
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    await validation('of the file', sealedWith());
    const settings = (changed: TraderStatus['settings']['changed']) => ({
      settings: { version: 1, changed, fileConfigHash: 'of the file' },
    });
    const { maxDrawdownPct } = bench.context.desk.risk;
    const at = async (pct: number) =>
      (await today(0.5, 'in force', settings({ 'risk.maxDrawdownPct': pct }))).expected;
    expect(await at(maxDrawdownPct - 1)).toMatch(/48 hours of validation v-of the file-48/);
    expect(await at(maxDrawdownPct + 1)).toContain('no validation of this configuration says what is usual');
  });

  it('compares with whole days alone: the first one of the span is compared with nothing before it', async () => {
    await bench.equityAt(NOW - 31 * 86_400_000, 5_000);
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    expect((await today(0.5, 'no validation')).expected).toContain(' 5 days before (no validation');
  });

  it('takes the figures of a validation of a year, whose chart has a point for several hours', async () => {
    const decisionKey = sealedWith();
    // 0.1 % an hour are 9.3595 % a year and 0.48990 % a day; a mean of 0.24 % a day is 0.01 % an hour.
    const figures = { volatilityPct: 0.1 * Math.sqrt(8_760), sharpe: 0.1 * Math.sqrt(8_760) };
    const results = { hourlyReturns: 8_760 };
    const year = { figures, results } as unknown as Partial<ValidationReport>;
    await validation('of a year', decisionKey, 8_760, year);
    const { expected } = await today(0.5, 'of a year');
    expect(expected).toMatch(
      /^between -0\.740 % and 1\.220 %: the mean of 8760 hours of validation v-of a year-8760 \(NO-GO\), as a day/,
    );
    const verdicts = [];
    for (const pct of [-0.8, 0.5, 1.3]) verdicts.push((await today(pct, 'of a year')).verdict);
    expect(verdicts).toEqual(['fail', 'pass', 'warn']);
  });

  it('takes no validation that held nothing: a day with a trade would be beyond what it makes likely', async () => {
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    const decisionKey = sealedWith();
    const results = { hourlyReturns: 48 };
    const idle = {
      figures: { volatilityPct: 0, sharpe: null },
      results,
    } as unknown as Partial<ValidationReport>;
    await validation('idle', decisionKey, 48, idle);
    const outcome = await today(-1.5, 'idle');
    expect(outcome).toMatchObject({ verdict: 'pass' });
    expect(outcome.expected).toContain(
      '5 days before (no validation of this configuration says what is usual)',
    );
  });

  it('takes no chart of an older report for hours that it may not have', async () => {
    await closes([10_000, 10_100, 9_999, 10_098.99, 9_998, 10_098, 9_997]);
    const decisionKey = sealedWith();
    await validation('of a month', decisionKey, 743);
    expect((await today(0.1, 'of a month')).expected).toContain('743 hours of validation');
    await validation('longer', decisionKey, 744);
    expect((await today(0.1, 'longer')).expected).toContain('days before');
  });
});

describe('profit-and-positions and strategies-on', () => {
  it('say what the day earned and what is open, and fail for a position without a stop', async () => {
    expect((await bench.check('profit-and-positions')).verdict).toBe('warn');
    await bench.equityAt(NOW - 30 * 3_600_000, 9_000);
    await bench.equityAt(NOW - 3 * 3_600_000, 9_950);
    await bench.equityAt(NOW - 1_000, 10_000);
    const good = await bench.check('profit-and-positions');
    expect(good).toMatchObject({ verdict: 'pass' });
    expect(good.observed).toContain('equity curve: 2 hours between 9950.00 and 10000.00');
    expect(good.observed).toMatch(/^equity 10000 USDT, today 0, drawdown 0 %; nothing is open/);
    const status = bench.trader.status.bind(bench.trader);
    bench.trader.status = () => ({ ...status(), equity: '9950', dayPnl: '-50', drawdownPct: '2.5' });
    expect((await bench.check('profit-and-positions')).observed).toMatch(
      /^equity 9950 USDT, today -50, drawdown 2\.5 %; nothing is open/,
    );
    const position = {
      symbol: 'BTC/USDT',
      side: 'long',
      quantity: '0.01',
      unrealised: '5.00',
      protection: 'missing',
    };
    bench.trader.held = [{ ...position, protection: 'confirmed' } as never];
    expect(await bench.check('profit-and-positions')).toMatchObject({
      verdict: 'pass',
      observed: expect.stringContaining('open: BTC/USDT long 0.01 (5.00)'),
    });
    const parts = [
      { strategy: 'up', side: 'long', quantity: '0.02' },
      { strategy: 'down', side: 'short', quantity: '0.01' },
    ];
    bench.trader.held = [{ ...position, protection: 'confirmed', parts } as never];
    expect((await bench.check('profit-and-positions')).observed).toContain(
      'open: BTC/USDT long 0.01 (5.00), of which up long 0.02 and down short 0.01',
    );
    bench.trader.held = [position as never];
    const bare = await bench.check('profit-and-positions');
    expect(bare).toMatchObject({ verdict: 'fail' });
    expect(bare.observed).toContain('WITHOUT A STOP: BTC/USDT');
    // Its stop is gone, and it is being closed.
    bench.trader.held = [{ ...position, symbol: 'ETH/USDT', protection: 'closing' } as never];
    expect(await bench.check('profit-and-positions')).toMatchObject({
      ...{ verdict: 'fail', observed: expect.stringContaining('WITHOUT A STOP: ETH/USDT') },
    });
  });

  it('say the equity of an account in a coin with every place', async () => {
    await bench.equityAt(NOW - 3 * 3_600_000, 0.50123);
    await bench.equityAt(NOW - 1_000, 0.50456);
    const status = bench.trader.status.bind(bench.trader);
    bench.trader.status = () => ({ ...status(), currency: 'BTC' });
    expect((await bench.check('profit-and-positions')).observed).toContain(
      'equity curve: 2 hours between 0.50123000 and 0.50456000',
    );
  });

  it('name the strategies that are switched off', async () => {
    expect(await bench.check('strategies-on')).toMatchObject({ verdict: 'pass' });
    // What it would enter next is no reason.
    const state = 'next entry: when the fast average crosses above the slow one';
    const off = { automatic: true, by: 'fermata', reason: '5 losses in a row', atMarketMs: NOW };
    const nextReviewMarketMs = Date.UTC(2026, 2, 3, 10);
    bench.trader.strategies = [
      strategy('ema-cross', { enabled: false, state, off: { ...off, nextReviewMarketMs } }),
      strategy('stopped', {
        ...{ enabled: false, state },
        off: { ...off, automatic: false, by: 'anna', nextReviewMarketMs: null },
      }),
      strategy('breakout', { enabled: false, state, off: null }),
      strategy('runs', {}),
    ];
    expect(await bench.check('strategies-on')).toMatchObject({
      verdict: 'warn',
      observed:
        'off: ema-cross on BTC/USDT (switched off by fermata: 5 losses in a row; looked at again at 2026-03-03 10:00 UTC by market time), ' +
        'stopped on BTC/USDT (switched off by anna: 5 losses in a row), breakout on BTC/USDT (the desk file has it off)',
    });
  });
});

describe('drill-age', () => {
  const drilled = (id: string, verdict: 'pass' | 'fail', daysAgo: number): Promise<void> =>
    saveDrill(bench.database.pool, {
      ...{
        desk: bench.context.desk.desk,
        workflowId: `drill-${bench.context.desk.desk}-${id}`,
        firstRunId: id,
      },
      ...{ backupId: id, verdict, detail: 'compared', tookMs: 1_000 },
      finishedMs: Date.now() - daysAgo * DAY,
    });

  it('goes by the newest drill, however far ahead a wrong clock has dated another one', async () => {
    expect(await bench.check('drill-age')).toMatchObject({ verdict: 'not_run' });
    await drilled('ahead', 'pass', -300);
    expect(await bench.check('drill-age')).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/^the drill of ahead is dated ahead of now: /),
    });
    await drilled('good', 'pass', 2);
    expect(await bench.check('drill-age')).toMatchObject({
      ...{ verdict: 'pass', observed: 'good pass, 2.0 days ago: compared' },
    });
    await drilled('broken', 'fail', 1);
    expect(await bench.check('drill-age')).toMatchObject({
      ...{ verdict: 'fail', observed: 'broken fail, 1.0 days ago: compared' },
    });
  });
});
