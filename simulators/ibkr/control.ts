/** The control endpoint (`/_simulator/…`, JSON): what a test or a person does to the Gateway. No part of the protocol. */
import { cents, moneyText, priceText, ticksOf } from './decimals.js';
import { PERMISSIONS, type Simulation } from './simulation.js';

type Body = Record<string, unknown>;
export type Action = (body: Body) => unknown;

export const CONTROL_HELP: readonly (readonly [string, string])[] = [
  ['GET  /_simulator', 'accounts, positions, prices, clients'],
  ['POST /_simulator/price', '{"localSymbol":"NQZ6","price":"15240.25","size":2}: others trade there'],
  ['POST /_simulator/cash', '{"account":"DU1234567","cash":"90000.00"}'],
  [
    'POST /_simulator/position',
    '{"account":"DU1234567","localSymbol":"NQZ6","quantity":-1,"averagePrice":"15234.25"}: 0 is none',
  ],
  [
    'POST /_simulator/depth',
    '{"localSymbol":"NQZ6","levels":2,"size":1}: what others offer; 0 levels: nothing',
  ],
  [
    'POST /_simulator/correct',
    '{"execId":"…","price":"15233.5"}: the trade had another price; without one it is taken back',
  ],
  ['POST /_simulator/permission', `{"permission":"delayed"}: ${PERMISSIONS.join(', ')}`],
  ['POST /_simulator/halt', '{"localSymbol":"NQZ6","halted":true}'],
  ['POST /_simulator/clock', '{"skewMs":15000}: the Gateway’s clock against this machine’s'],
];

export function controlActions(simulation: Simulation): ReadonlyMap<string, Action> {
  return new Map<string, Action>([
    ['', () => summary(simulation)],
    [
      'price',
      (body) =>
        simulation.setPrice(
          text(body, 'localSymbol'),
          text(body, 'price'),
          body.size === undefined ? 1 : whole(body, 'size'),
        ),
    ],
    [
      'cash',
      (body) => {
        const account = accountOf(simulation, body);
        account.cash = cents(text(body, 'cash'));
        simulation.changed(account);
      },
    ],
    ['position', (body) => setPosition(simulation, body)],
    [
      'depth',
      (body) =>
        simulation.market(text(body, 'localSymbol')).setDepth({
          levels: whole(body, 'levels'),
          size: body.size === undefined ? null : whole(body, 'size'),
        }),
    ],
    ['correct', (body) => correct(simulation, body)],
    [
      'permission',
      (body) => {
        const found = PERMISSIONS.find((one) => one === body.permission);
        if (found === undefined) throw new Error(`expected "permission" as one of ${PERMISSIONS.join(', ')}`);
        simulation.permission = found;
      },
    ],
    [
      'halt',
      (body) => {
        simulation.market(text(body, 'localSymbol')).halted = body.halted === true;
      },
    ],
    [
      'clock',
      (body) => {
        simulation.skewMs = whole(body, 'skewMs');
      },
    ],
  ]);
}

/** As if the position had been there: told to those who asked for positions, also when it is gone. */
function setPosition(simulation: Simulation, body: Body): void {
  const account = accountOf(simulation, body);
  const { instrument } = simulation.market(text(body, 'localSymbol'));
  const quantity = whole(body, 'quantity');
  const averageCost =
    quantity === 0 ? 0 : ticksOf(text(body, 'averagePrice'), instrument.tick) * instrument.tickCents;
  account.positions.set(instrument.conId, { instrument, quantity, averageCost });
  simulation.changed(account);
  if (quantity === 0) account.positions.delete(instrument.conId);
}

function correct({ orders }: Simulation, body: Body): void {
  const execution = orders.executions.find(text(body, 'execId'));
  if (execution === undefined) throw new Error(`no execution ${text(body, 'execId')}`);
  if (body.price === undefined) orders.bust(execution);
  else orders.correct(execution, ticksOf(text(body, 'price'), execution.order.terms.instrument.tick));
}

function accountOf(simulation: Simulation, body: Body) {
  const account = simulation.accounts.get(text(body, 'account'));
  if (account === undefined) throw new Error(`no account ${text(body, 'account')}`);
  return account;
}

function summary(simulation: Simulation): object {
  const { accounts, markets, clients, orders, permission, skewMs, serverVersion } = simulation;
  return {
    serverVersion,
    permission,
    skewMs,
    clients: [...clients.keys()],
    accounts: [...accounts.values()].map((account) => ({
      id: account.id,
      cash: moneyText(account.cash),
      netLiquidation: moneyText(account.netLiquidation),
      positions: [...account.positions.values()].map(({ instrument, quantity }) => ({
        localSymbol: instrument.localSymbol,
        quantity,
      })),
    })),
    orders: orders.open.map(({ clientId, orderId, permId, status, held, filled, terms }) => ({
      ...{ clientId, orderId, permId, status, held, filled },
      localSymbol: terms.instrument.localSymbol,
      action: terms.action,
      quantity: terms.quantity,
      type: terms.type,
      orderRef: terms.orderRef,
    })),
    prices: Object.fromEntries(
      [...markets.values()].map(({ instrument, last }) => [
        instrument.localSymbol,
        priceText(last, instrument.tick),
      ]),
    ),
  };
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`expected "${name}" as text`);
  return value;
}

function whole(body: Body, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new Error(`expected "${name}" as a whole number`);
  return value;
}
