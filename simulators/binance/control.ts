/**
 * The control endpoint (`/_simulator/…`, JSON): what a test or a person does to the exchange. Not part of the venue's
 * protocol.
 */
import { randomBytes } from 'node:crypto';
import { balanceOf, type PastTrade, SPOT_ONLY } from './accounts.js';
import { move } from './exchange/movements.js';
import { addPast } from './exchange/past.js';
import { expire } from './exchange/settle.js';
import type { Fault } from './faults.js';
import type { Simulation } from './simulation.js';
import type { EventFault, SocketApi } from './streams/socket-api.js';
import { formatUnits, units } from './units.js';

export interface Sockets {
  /** Breaks every WebSocket. */
  drop(): void;
  /** Keeps the connections open but neither reads nor writes: half-open. */
  freeze(frozen: boolean): void;
  /** Silently loses the subscriptions to one symbol. */
  forget(symbol: string): void;
  /** Resolves once every client has read what was sent to it so far. */
  heard(): Promise<void>;
}

type Body = Record<string, unknown>;
type Action = (body: Body) => unknown;

export const CONTROL_HELP: readonly (readonly [string, string])[] = [
  ['GET  /_simulator', 'accounts, open orders, waiting faults, requests seen'],
  [
    'POST /_simulator/price',
    '{"symbol":"BTCUSDT","price":"61000"}: moves the market, triggers stops, fills crossed orders',
  ],
  [
    'POST /_simulator/quote',
    '{"symbol":"BTCUSDT","bid":"60999.99","ask":"61000.01"}: a price of a recording',
  ],
  [
    'POST /_simulator/minute',
    '{"symbol":"BTCUSDT","openMs":1772409600000,"open":"61000","high":"61010","low":"60990","close":"61005","volume":"3"}',
  ],
  [
    'POST /_simulator/depth',
    '{"symbol":"BTCUSDT","levels":20,"levelValue":"50000"}: 0 levels, nobody offers',
  ],
  ['POST /_simulator/status', '{"symbol":"BTCUSDT","status":"BREAK"}: TRADING, HALT or BREAK'],
  ['POST /_simulator/delist', '{"symbol":"ETHUSDT"}: its orders expire, and nothing knows it any more'],
  [
    'POST /_simulator/filters',
    '{"symbol":"BTCUSDT","marketMaxQty":"0.5"}: stepSize, tickSize, maxQty or marketMaxQty from now on',
  ],
  ['POST /_simulator/balance', '{"account":"desk","asset":"BTC","free":"0.5"}'],
  ['POST /_simulator/account', '{"account":"desk","canTrade":false,"feesInBnb":true}'],
  ['POST /_simulator/deposit', '{"account":"desk","asset":"USDT","amount":"500"}: told and listed as one'],
  ['POST /_simulator/withdraw', '{"account":"desk","asset":"USDT","amount":"500","fee":"1"}'],
  ['POST /_simulator/transfer', '{"account":"desk","asset":"USDT","amount":"500","direction":"out"}: or in'],
  ['POST /_simulator/dividend', '{"account":"desk","asset":"USDT","amount":"0.5","info":"Simple Earn"}'],
  [
    'POST /_simulator/dust',
    '{"account":"desk","asset":"BTC","amount":"0.00001","bnb":"0.001","charge":"0.00002"}',
  ],
  [
    'POST /_simulator/past',
    '{"account":"desk","trades":[{"symbol":"BTCUSDT","side":"BUY","quantity":"1","price":"500","agoMs":9000000}]}',
  ],
  [
    'POST /_simulator/key',
    '{"account":"desk","publicKey":"PEM","spot":true}: RSA or Ed25519; answers apiKey; without one, its secret too',
  ],
  ['POST /_simulator/revoke', '{"apiKey":"…"}: the key is no longer known'],
  [
    'POST /_simulator/fault',
    '{"method":"POST","path":"/api/v3/order","times":1,"applyFirst":true,"effect":{"kind":"hang"}}',
  ],
  ['POST /_simulator/calm', '{}: no fault waits any more'],
  ['POST /_simulator/latency', '{"ms":100}: of every answer'],
  ['POST /_simulator/clock', '{"skewMs":15000}: the venue’s clock against this machine’s'],
  ['POST /_simulator/maintenance', '{"on":true}: every request gets a page with 503'],
  ['POST /_simulator/ban', '{"status":418,"seconds":30}: 0 seconds lifts it'],
  ['POST /_simulator/streams', '{"do":"drop"}: drop, freeze, thaw or terminate'],
  ['POST /_simulator/forget', '{"symbol":"ETHUSDT"}: subscriptions to its prices are lost, without a word'],
  [
    'POST /_simulator/events',
    '{"faults":["swallow","duplicate","swap"]}: the next executions on user streams',
  ],
];

export function controlActions(
  simulation: Simulation,
  api: SocketApi,
  sockets: Sockets,
): Map<string, Action> {
  const { exchange, faults, limits } = simulation;
  return new Map<string, Action>([
    ['', () => summary(simulation)],
    ['price', (body) => simulation.setPrice(text(body, 'symbol'), text(body, 'price'))],
    ['quote', (body) => simulation.playQuote(text(body, 'symbol'), text(body, 'bid'), text(body, 'ask'))],
    [
      'minute',
      (body) =>
        simulation.playMinute(text(body, 'symbol'), {
          openMs: number(body, 'openMs'),
          open: units(text(body, 'open')),
          high: units(text(body, 'high')),
          low: units(text(body, 'low')),
          close: units(text(body, 'close')),
          volume: units(text(body, 'volume')),
        }),
    ],
    [
      'depth',
      (body) =>
        simulation.setDepth(text(body, 'symbol'), {
          levels: number(body, 'levels'),
          levelValue: units(text(body, 'levelValue')),
        }),
    ],
    [
      'status',
      (body) => {
        exchange.market(text(body, 'symbol')).symbol.status = text(body, 'status') as 'TRADING';
      },
    ],
    ['delist', (body) => delist(simulation, text(body, 'symbol'))],
    [
      'filters',
      (body) => {
        const { symbol } = exchange.market(text(body, 'symbol'));
        for (const name of ['stepSize', 'tickSize', 'maxQty', 'marketMaxQty'] as const)
          if (body[name] !== undefined) symbol[name] = units(text(body, name));
      },
    ],
    [
      'balance',
      (body) => {
        balanceOf(exchange.account(text(body, 'account')), text(body, 'asset')).free = units(
          text(body, 'free'),
        );
      },
    ],
    [
      'account',
      (body) => {
        const account = exchange.account(text(body, 'account'));
        if (typeof body.canTrade === 'boolean') account.canTrade = body.canTrade;
        if (typeof body.feesInBnb === 'boolean') account.feesInBnb = body.feesInBnb;
      },
    ],
    ...cashActions(simulation),
    ['past', (body) => addPast(exchange, text(body, 'account'), pastOf(body))],
    ['key', (body) => makeKey(simulation, body)],
    ['revoke', (body) => exchange.keys.delete(text(body, 'apiKey'))],
    ['fault', (body) => simulation.addFault(body as unknown as Fault)],
    ['calm', () => faults.clear()],
    [
      'latency',
      (body) => {
        simulation.latencyMs = number(body, 'ms');
      },
    ],
    [
      'clock',
      (body) => {
        simulation.skewMs = number(body, 'skewMs');
      },
    ],
    [
      'maintenance',
      (body) => {
        simulation.maintenance = body.on === true;
      },
    ],
    ['ban', (body) => limits.ban(number(body, 'status'), number(body, 'seconds') * 1000)],
    ['streams', (body) => streamAction(text(body, 'do'), api, sockets)],
    ['forget', (body) => sockets.forget(text(body, 'symbol'))],
    ['events', (body) => api.spoilEvents(body.faults as EventFault[])],
  ]);
}

function delist({ exchange }: Simulation, symbol: string): void {
  exchange.market(symbol);
  for (const order of [...exchange.open])
    if (order.symbol.name === symbol) expire(exchange, order, 'DELISTED');
  exchange.markets.delete(symbol);
}

/** Actions that change a balance without a trade. */
function cashActions({ exchange }: Simulation): [string, Action][] {
  const common = (body: Body) => ({ asset: text(body, 'asset'), amount: units(text(body, 'amount')) });
  const added = (body: Body, movement: Parameters<typeof move>[2]) => ({
    id: move(exchange, text(body, 'account'), movement).id,
  });
  return [
    ['deposit', (body) => added(body, { kind: 'deposit', ...common(body) })],
    [
      'withdraw',
      (body) =>
        added(body, {
          kind: 'withdrawal',
          ...common(body),
          fee: body.fee === undefined ? 0n : units(text(body, 'fee')),
        }),
    ],
    [
      'transfer',
      (body) => {
        const direction = text(body, 'direction');
        if (direction !== 'in' && direction !== 'out') throw new Error('expected "direction" as in or out');
        return added(body, { kind: 'transfer', ...common(body), direction });
      },
    ],
    ['dividend', (body) => added(body, { kind: 'dividend', ...common(body), info: text(body, 'info') })],
    [
      'dust',
      (body) =>
        added(body, {
          kind: 'dust',
          ...common(body),
          bnb: units(text(body, 'bnb')),
          serviceCharge: body.charge === undefined ? 0n : units(text(body, 'charge')),
        }),
    ],
  ];
}

function pastOf(body: Body): readonly PastTrade[] {
  if (!Array.isArray(body.trades)) throw new Error('expected "trades" as a list');
  return body.trades.map((trade: Body) => {
    const side = text(trade, 'side');
    if (side !== 'BUY' && side !== 'SELL') throw new Error('expected "side" as BUY or SELL');
    return {
      symbol: text(trade, 'symbol'),
      side,
      quantity: text(trade, 'quantity'),
      price: text(trade, 'price'),
      agoMs: number(trade, 'agoMs'),
      ...(trade.commission === undefined ? {} : { commission: text(trade, 'commission') }),
      ...(trade.commissionAsset === undefined ? {} : { commissionAsset: text(trade, 'commissionAsset') }),
    };
  });
}

/** A key, as a person makes it: by its public half, or one that the exchange generates with its secret. */
function makeKey({ exchange }: Simulation, body: Body): object {
  const [apiKey, generated] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const key =
    body.publicKey === undefined ? { secret: generated } : { secret: '', publicKey: text(body, 'publicKey') };
  const permissions = {
    ...SPOT_ONLY,
    ...(body.spot === undefined ? {} : { spot: body.spot === true }),
    ...(body.withdrawals === undefined ? {} : { withdrawals: body.withdrawals === true }),
  };
  const { name } = exchange.account(text(body, 'account'));
  exchange.keys.set(apiKey, { apiKey, account: name, permissions, ...key });
  return body.publicKey === undefined ? { apiKey, secret: generated } : { apiKey };
}

function streamAction(action: string, api: SocketApi, sockets: Sockets): void {
  if (action === 'drop') sockets.drop();
  else if (action === 'freeze') sockets.freeze(true);
  else if (action === 'thaw') sockets.freeze(false);
  else if (action === 'terminate') api.terminate();
  else throw new Error(`expected drop, freeze, thaw or terminate, found ${action}`);
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`expected "${name}" as text`);
  return value;
}

function number(body: Body, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`expected "${name}" as a number`);
  return value;
}

function summary({ exchange, faults, requests, maintenance, latencyMs, skewMs }: Simulation): object {
  return {
    accounts: [...exchange.accounts.values()].map((account) => ({
      name: account.name,
      balances: Object.fromEntries(
        [...account.balances].map(([asset, { free, locked }]) => [
          asset,
          { free: formatUnits(free), locked: formatUnits(locked) },
        ]),
      ),
    })),
    prices: Object.fromEntries([...exchange.markets].map(([name, { last }]) => [name, formatUnits(last)])),
    openOrders: [...exchange.open.values()].map(({ orderId, account, clientOrderId }) => ({
      orderId,
      account,
      clientOrderId,
    })),
    faults: faults.waiting,
    requests: requests.length,
    maintenance,
    latencyMs,
    skewMs,
  };
}
