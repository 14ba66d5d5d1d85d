import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { METRICS_TOKEN, startWebUnderTest, type WebUnderTest } from './web-under-test.js';

let web: WebUnderTest;

beforeAll(async () => {
  web = await startWebUnderTest(null);
  await eventually(async () => expect((await web.call('GET', '/health')).status).toBe(200));
});
afterAll(() => web.stop());

const scrape = async (): Promise<string> =>
  (await web.call('GET', '/metrics', { token: METRICS_TOKEN })).text();

describe('metrics', () => {
  it('need the metrics token or a signed-in person', async () => {
    expect((await web.call('GET', '/metrics')).status).toBe(401);
    expect((await web.call('GET', '/metrics', { token: 'wrong' })).status).toBe(401);
    expect((await web.call('GET', '/metrics', { token: METRICS_TOKEN })).status).toBe(200);
    expect((await web.call('GET', '/api/status', { token: METRICS_TOKEN })).status).toBe(401);
  });

  it('tell the desk, the process and the requests', async () => {
    const text = await scrape();
    for (const line of [
      'bot_running{desk="crypto-bot"} 1',
      'trading_halted{desk="crypto-bot"} 0',
      'total_equity{desk="crypto-bot"} 10042.18',
      'daily_pnl{desk="crypto-bot"} 42.18',
      'open_positions{desk="crypto-bot"} 1',
      'drawdown_percent{desk="crypto-bot"} 0.21',
      'fills_total{desk="crypto-bot"} 14',
      'signals_refused_total{limit="age",desk="crypto-bot"} 2',
      'trading_mode{mode="ACTIVE",desk="crypto-bot"} 1',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toContain('nodejs_eventloop_lag_seconds');
    expect(text).toMatch(
      /http_request_duration_seconds_count\{desk="crypto-bot",method="GET",route="\/health",status="200"/,
    );
  });

  it('do not grow with addresses that nobody serves', async () => {
    await Promise.all(Array.from({ length: 5 }, (_, at) => web.call('GET', `/made-up-${at}`)));
    expect(await scrape()).not.toContain('made-up');
  });

  it('show nothing stale once the trader is gone', async () => {
    await web.trader.stop();
    await expect.poll(scrape).toContain('bot_running{desk="crypto-bot"} 0');
    expect(await scrape()).not.toMatch(/^total_equity\{/m);
  });
});
