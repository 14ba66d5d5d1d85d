/**
 * The control endpoint (`/_simulator/…`, JSON): what a test or a person does to the Gateway. Not part of the
 * protocol.
 */
import { cents, moneyText, priceText, ticksOf } from './decimals.js';
import { readFault } from './faults.js';
import { ORDER_TYPES, TIMES_IN_FORCE } from './orders/order.js';
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
  ['POST /_simulator/read-only', '{"readOnly":true}: nothing about orders is taken, lists of them too'],
  ['POST /_simulator/halt', '{"localSymbol":"NQZ6","halted":true}'],
  [
    'POST /_simulator/order',
    '{"account":"DU1234567","localSymbol":"NQZ6","action":"SELL","quantity":1,"type":"LMT","limit":"15300"}: typed by hand',
  ],
  [
    'POST /_simulator/misreport',
    '{"account":"DU1234567","key":"NetLiquidation","value":"1.00"}: what TWS says of a figure; without a value: the truth',
  ],
  [
    'POST /_simulator/fault',
    '{"answer":11,"clientId":7,"times":1,"skip":0,"probability":1,"effect":{"kind":"lose"}}: lose, double, late (ms), swap, break, short, say ({"fields":{"permId":"0"}}); {"request":3,…}: lose, silence, refuse (code, text)',
  ],
  ['POST /_simulator/calm', '{}: no fault waits any more'],
  ['POST /_simulator/cut', '{"bytes":3}: everything leaves in pieces of so many bytes; 0: whole'],
  ['POST /_simulator/half-open', '{"clientId":7}: its connection stands, and nothing passes'],
  ['POST /_simulator/link', '{"up":false}: 1100; {"up":true,"data":"lost"}: 1101; "kept": 1102'],
  ['POST /_simulator/farm', '{"farm":"market","up":false}: market or history'],
  ['POST /_simulator/restart', '{"downMs":2000}: as each day'],
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
    ['order', (body) => typeOrder(simulation, body)],
    [
      'misreport',
      (body) => {
        const account = accountOf(simulation, body);
        if (body.value === undefined) account.misreported.delete(text(body, 'key'));
        else account.misreported.set(text(body, 'key'), text(body, 'value'));
        simulation.changed(account);
      },
    ],
    ['fault', (body) => simulation.faults.add(readFault(body))],
    ['calm', () => simulation.faults.clear()],
    [
      'cut',
      (body) => {
        const bytes = whole(body, 'bytes');
        simulation.pieceBytes = bytes > 0 ? bytes : null;
      },
    ],
    [
      'half-open',
      (body) => {
        const client = simulation.clients.get(whole(body, 'clientId'));
        if (client === undefined) throw new Error(`no client ${whole(body, 'clientId')}`);
        client.die();
      },
    ],
    [
      'link',
      (body) => {
        if (body.up === false) simulation.breakLink();
        else simulation.restoreLink(oneOf(body, 'data', ['lost', 'kept']) === 'kept');
      },
    ],
    ['farm', (body) => simulation.setFarm(oneOf(body, 'farm', ['market', 'history']), body.up === true)],
    ['restart', (body) => simulation.restart(whole(body, 'downMs'))],
    [
      'permission',
      (body) => {
        const found = PERMISSIONS.find((one) => one === body.permission);
        if (found === undefined) throw new Error(`expected "permission" as one of ${PERMISSIONS.join(', ')}`);
        simulation.permission = found;
      },
    ],
    [
      'read-only',
      (body) => {
        simulation.readOnly = body.readOnly === true;
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

/** Sets a position as if it had always been there; subscribed clients get the update, even if it is gone. */
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

/** An order typed into TWS: it belongs to no client and is at the exchange at once. */
function typeOrder(simulation: Simulation, body: Body): void {
  const { instrument } = simulation.market(text(body, 'localSymbol'));
  const price = (name: string) =>
    body[name] === undefined ? null : ticksOf(text(body, name), instrument.tick);
  simulation.orders.type({
    account: accountOf(simulation, body),
    instrument,
    exchange: instrument.exchange,
    action: oneOf(body, 'action', ['BUY', 'SELL']),
    quantity: whole(body, 'quantity'),
    type: oneOf(body, 'type', ORDER_TYPES),
    limit: price('limit'),
    stop: price('stop'),
    tif: body.tif === undefined ? 'GTC' : oneOf(body, 'tif', TIMES_IN_FORCE),
    outsideRth: false,
    parent: null,
    ocaGroup: '',
    ocaType: 3,
    orderRef: '',
    transmit: true,
  });
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
    faults: simulation.faults.waiting,
    linkBroken: simulation.link.broken,
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

function oneOf<const Names extends readonly string[]>(body: Body, name: string, names: Names): Names[number] {
  const found = names.find((one) => one === body[name]);
  if (found === undefined) throw new Error(`expected "${name}" as one of ${names.join(', ')}`);
  return found;
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
