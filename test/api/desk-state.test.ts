/** What the addresses about the state of the desk say, not only that they answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeOpenApi } from '../../src/api/open-api.js';
import { scriptedStatus } from '../support/trader-status.js';
import { startWebUnderTest, type WebUnderTest } from './web-under-test.js';

let web: WebUnderTest;
let token: string;
beforeAll(async () => {
  web = await startWebUnderTest(null);
  token = (await web.signIn('vera')).accessToken;
});
afterAll(() => web.stop());

async function read(path: string): Promise<unknown> {
  const answer = await web.call('GET', path, { token });
  expect(answer.status).toBe(200);
  return answer.json();
}

describe('open positions', () => {
  it('are told with side, quantity, prices, result and stop', async () => {
    const [held] = scriptedStatus().positions;
    expect(held).toMatchObject({ symbol: 'BTC/USDT', side: 'long', protection: 'confirmed' });
    expect(await read('/api/positions')).toEqual({ positions: [held] });
    const both = [held!, { ...held!, symbol: 'ETH/USDT', stopPrice: '2100', protection: 'pending' as const }];
    web.trader.status = scriptedStatus({ positions: both, openPositions: 2 });
    await expect.poll(() => read('/api/positions')).toEqual({ positions: both });
    web.trader.status = scriptedStatus({ positions: [], openPositions: 0 });
    await expect.poll(() => read('/api/positions')).toMatchObject({ positions: [] });
  });
});

describe('the reconciliation', () => {
  it('tells each difference, and which positions have no confirmed stop', async () => {
    const [held] = scriptedStatus().positions;
    if (!held) throw new Error('the scripted trader holds nothing');
    const difference = {
      what: 'position',
      symbol: 'BTC/USDT',
      ours: '0.00696',
      venues: '0.005',
      rule: 'halt',
    } as const;
    web.trader.status = scriptedStatus();
    await expect
      .poll(() => read('/api/reconciliation'))
      .toMatchObject({ clean: true, openPositions: 1, openOrders: 2, differences: [], unprotected: [] });
    web.trader.status = scriptedStatus({
      reconciliation: { state: 'pending', atWallMs: null, differences: [] },
    });
    await expect.poll(() => read('/api/reconciliation')).toMatchObject({ clean: false, state: 'pending' });
    const atWallMs = Date.now();
    web.trader.status = scriptedStatus({
      reconciliation: { state: 'differences', atWallMs, differences: [difference] },
      positions: [
        { ...held, protection: 'missing' },
        { ...held, symbol: 'ETH/USDT' },
      ],
    });
    await expect
      .poll(() => read('/api/reconciliation'))
      .toMatchObject({
        ...{ clean: false, state: 'differences', atWallMs },
        ...{ differences: [difference], unprotected: ['BTC/USDT'] },
      });
  });
});

describe('the pre-flight checks', () => {
  it('are told one by one with what was observed and expected', async () => {
    expect(await read('/api/preflight')).toMatchObject({
      verdict: 'fail',
      results: [{ key: 'stop-loss', verdict: 'fail', observed: '0', expected: '> 0' }],
    });
    const results = (['pass', 'warn', 'fail'] as const).map((verdict, at) => ({
      ...{ key: `check-${at}`, title: `Check ${at}`, verdict },
      ...{ observed: `observed ${at}`, expected: `expected ${at}` },
    }));
    const about = { desk: 'crypto-bot', configHash: 'abc', endpoint: 'Binance spot testnet', atMs: 5 };
    const report = { ...about, verdict: 'fail' as const, results };
    const other = await startWebUnderTest(null, {}, { preflight: async () => report });
    try {
      const { accessToken } = await other.signIn('vera');
      const answer = await other.call('GET', '/api/preflight', { token: accessToken });
      expect(await answer.json()).toEqual(report);
    } finally {
      await other.stop();
    }
  });
});

/** Spelt out: an address that is opened by mistake would also be described as open. */
const OPEN = [
  'GET /api/ws', // takes nothing and says nothing before it was shown a token
  'GET /health',
  'POST /api/auth/link',
  'POST /api/auth/login',
  'POST /api/auth/passkey',
  'POST /api/auth/passkey/challenge',
  'POST /api/auth/refresh',
];

describe('every address that the description names', () => {
  it('refuses who is not signed in, but for those that it says are open', async () => {
    const { paths } = (await makeOpenApi()) as {
      paths: Record<string, Record<string, { readonly security?: readonly unknown[] }>>;
    };
    const all = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, 'x'),
        open: operations[method]?.security?.length === 0,
      })),
    );
    const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
    expect(
      all
        .filter(({ open }) => open)
        .map(nameOf)
        .sort(),
    ).toEqual(OPEN);
    const closed = all.filter((address) => !OPEN.includes(nameOf(address)));
    expect(closed.length).toBeGreaterThan(25);
    const before = web.trader.calls.length;
    for (const { method, path } of closed) {
      const body = method === 'GET' ? undefined : {};
      expect((await web.call(method, path, { body })).status, `${method} ${path}`).toBe(401);
    }
    expect(web.trader.calls).toHaveLength(before);
  });
});
