/** The simulator's own books: whatever is asked of it at random, what is locked is what open orders need, and coins add up. */
import { expect, it } from 'vitest';
import { type ApiKey, DEFAULT_KEYS } from '../../simulators/binance/accounts.js';
import type { Order } from '../../simulators/binance/exchange/order.js';
import { endpointFor } from '../../simulators/binance/requests/endpoints.js';
import { Parameters } from '../../simulators/binance/requests/parameters.js';
import { Refusal } from '../../simulators/binance/requests/refusal.js';
import { Simulation } from '../../simulators/binance/simulation.js';
import { seededRandom } from '../../simulators/random.js';

const STEPS = 800;

it.each([1, 2, 3, 4])(
  'stay whole with seed %i: random orders, lists, amendments, cancels and moves',
  (seed) => {
    const random = seededRandom(seed);
    let nowMs = 1_800_000_000_000;
    const simulation = new Simulation({
      seed,
      wallMs: () => nowMs,
      accounts: ['desk', 'other'].map((name) => ({
        name,
        balances: { USDT: '100000', BTC: '2', BNB: '5' },
        feesInBnb: name === 'other',
      })),
    });
    const { exchange } = simulation;
    const keys = [DEFAULT_KEYS[0], DEFAULT_KEYS[3]] as [ApiKey, ApiKey];
    const counts = { accepted: 0, refused: 0 };
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const near = (spread: number) =>
      (
        Math.round((Number(exchange.market('BTCUSDT').last) / 1e6) * (1 + (random() - 0.5) * spread)) / 100
      ).toFixed(2);
    const quantity = () => (0.0002 + random() * 0.02).toFixed(5);

    function ask(method: string, path: string, values: Record<string, string>): void {
      const endpoint = endpointFor(method, `/api/v3/${path}`);
      try {
        const parameters = new Parameters(new Map(Object.entries({ symbol: 'BTCUSDT', ...values })));
        endpoint?.run(exchange, pick(keys), parameters);
        counts.accepted += 1;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        counts.refused += 1;
      }
    }

    const side = () => pick(['BUY', 'SELL']);
    const known = () => ({ orderId: String(pick([...exchange.open])?.orderId ?? 1) });
    const mode = () => pick(['EXPIRE_MAKER', 'EXPIRE_TAKER', 'EXPIRE_BOTH', 'DECREMENT']);
    const limit = () => ({
      type: 'LIMIT',
      timeInForce: pick(['GTC', 'GTC', 'IOC', 'FOK']),
      price: near(0.004),
    });
    const stop = () => ({ type: pick(['STOP_LOSS', 'TAKE_PROFIT']), stopPrice: near(0.02) });
    const actions: (() => void)[] = [
      () =>
        ask('POST', 'order', {
          side: side(),
          quantity: quantity(),
          selfTradePreventionMode: mode(),
          ...limit(),
        }),
      () => ask('POST', 'order', { side: side(), type: 'MARKET', quantity: quantity() }),
      () => ask('POST', 'order', { side: side(), quantity: quantity(), ...stop() }),
      () =>
        ask('POST', 'orderList/oco', {
          side: 'SELL',
          quantity: quantity(),
          aboveType: 'LIMIT_MAKER',
          abovePrice: near(0.02),
          belowType: 'STOP_LOSS',
          belowStopPrice: near(0.02),
        }),
      () =>
        ask('POST', 'orderList/oto', {
          workingType: 'LIMIT',
          workingTimeInForce: 'GTC',
          workingSide: side(),
          workingPrice: near(0.004),
          workingQuantity: quantity(),
          pendingType: 'MARKET',
          pendingSide: side(),
          pendingQuantity: quantity(),
        }),
      () => ask('PUT', 'order/amend/keepPriority', { ...known(), newQty: quantity() }),
      () => ask('DELETE', 'order', known()),
      () => {
        const { orderId: cancelOrderId } = known();
        const replaced = { cancelReplaceMode: pick(['STOP_ON_FAILURE', 'ALLOW_FAILURE']), cancelOrderId };
        ask('POST', 'order/cancelReplace', { ...replaced, side: side(), quantity: quantity(), ...limit() });
      },
      () => simulation.setPrice('BTCUSDT', near(0.006)),
    ];

    for (let step = 0; step < STEPS; step += 1) {
      nowMs += 700;
      pick(actions)();
      check(exchange, step);
    }
    expect(counts.accepted).toBeGreaterThan(STEPS / 4);
    expect(exchange.trades.length).toBeGreaterThan(100);
  },
);

function check(exchange: Simulation['exchange'], step: number): void {
  for (const account of exchange.accounts.values()) {
    const expected = new Map<string, bigint>([
      ['USDT', 100_000n * 10n ** 8n],
      ['BTC', 2n * 10n ** 8n],
      ['BNB', 5n * 10n ** 8n],
    ]);
    const add = (asset: string, amount: bigint) => expected.set(asset, (expected.get(asset) ?? 0n) + amount);
    for (const trade of exchange.trades) {
      if (trade.account !== account.name) continue;
      add('BTC', trade.buyer ? trade.quantity : -trade.quantity);
      add('USDT', trade.buyer ? -trade.quote : trade.quote);
      add(trade.commissionAsset, -trade.commission);
    }
    const locks = new Set(exchange.openOf(account.name).map((order: Order) => order.lock));
    for (const [asset, { free, locked }] of account.balances) {
      const where = `${account.name} ${asset} at step ${step}`;
      expect(free >= 0n && locked >= 0n, `${where}: ${free} free, ${locked} locked`).toBe(true);
      expect(free + locked, where).toBe(expected.get(asset) ?? 0n);
      const held = [...locks].reduce((sum, lock) => (lock.asset === asset ? sum + lock.amount : sum), 0n);
      expect(locked, `${where}: locked for open orders`).toBe(held);
    }
  }
}
