/** What the auditor takes a position for, told by a Gateway of a few messages: its instrument, its month, its lots. */
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { AccountConnection, type AccountToRead } from '../../src/venue/ibkr/audit-reading.js';
import { eventually } from '../support/eventually.js';
import { NQ, startSimulator } from './support/at-gateway.js';

/** Reads the same account again with each call. */
function accountReading(account: AccountToRead) {
  const connection = new AccountConnection(account);
  return () => connection.read(account);
}

const NO_FEES = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
/** Without a month: the one that the continuous future stands for, or a roll's. */
const crude = (contractMonth?: string) =>
  buildInstrument(0, {
    ...{ symbol: 'CL/USD', kind: 'future', tickSize: '0.01', lotSize: '1' },
    ...{ multiplier: '1000', exchange: 'NYMEX', contractMonth, ...NO_FEES },
  });
const APPLE = buildInstrument(0, {
  ...{ symbol: 'AAPL/USD', kind: 'stock', tickSize: '0.01', lotSize: '1', ...NO_FEES },
});
/** The date of its last trade stands for the contract's id, too. */
const ofCrude = (expiry: string, name: string, quantity: string) => [
  expiry,
  'CL',
  'FUT',
  expiry,
  '0.0',
  '',
  '1000',
  'NYMEX',
  'USD',
  name,
  'CL',
  quantity,
  '70000',
];
const ofApple = (quantity: string) => [
  '8',
  'AAPL',
  'STK',
  '',
  '0.0',
  '',
  '',
  'NASDAQ',
  'USD',
  'AAPL',
  'NMS',
  quantity,
  '230.10',
];

function send(socket: Socket, ...fields: readonly string[]): void {
  const body = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  socket.write(Buffer.concat([length, body]));
}

/** A Gateway whose account holds this. */
async function gatewayWith(
  held: readonly (readonly string[])[],
  told: Readonly<Record<string, string>> = {},
) {
  const server = createServer((socket) => {
    socket.once('data', () => {
      send(socket, '177', '20261120 10:00:00 EST');
      socket.once('data', () => {
        send(socket, '15', '1', 'DU1');
        send(socket, '9', '1', '1');
        for (const position of held) send(socket, '61', '3', 'DU1', ...position);
        send(socket, '62', '1');
        const ledger = { NetLiquidationByCurrency: '100000.00', CashBalance: '100000.00', ...told };
        for (const [tag, value] of Object.entries(ledger))
          send(socket, '63', '1', '1', 'DU1', tag, value, 'USD');
        send(socket, '64', '1', '1');
      });
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

/** What a desk of this instrument holds of it. */
async function heldOf(
  instrument: Instrument,
  ...held: readonly (readonly string[])[]
): Promise<number | undefined> {
  const address = await gatewayWith(held);
  const reading = accountReading({ address, clientId: 9, account: null, instruments: [instrument] });
  return (await reading()).positions.get(instrument.symbol);
}

it('interest that is not posted yet is neither cash nor equity', async () => {
  const interest = { NetLiquidationByCurrency: '100008.87', AccruedCash: '8.87' };
  for (const instrument of [crude(), APPLE]) {
    const address = await gatewayWith([], interest);
    const reading = accountReading({ address, clientId: 9, account: null, instruments: [instrument] });
    const hundredThousand = 100_000 * 100_000_000;
    expect(await reading()).toMatchObject({ cash: hundredThousand, equity: hundredThousand });
  }
});

describe('the month of a future', () => {
  it('is the one that it is named after, also where its last trade is in the month before', async () => {
    expect(await heldOf(crude('202612'), ofCrude('20261119', 'CLZ6', '2'))).toBe(2);
    expect(await heldOf(crude('202701'), ofCrude('20261218', 'CLF7', '-1'))).toBe(-1);
    await expect(heldOf(crude('202611'), ofCrude('20261119', 'CLZ6', '1'))).rejects.toThrow(
      'holds 1 CLZ6, which this desk does not trade',
    );
  });

  it('is that of its last trade where the name tells none', async () => {
    expect(await heldOf(crude('202612'), ofCrude('20261218', 'CL 18DEC26 M', '1'))).toBe(1);
  });

  it('is any where the desk file names none, but one: a long of one and a short of another are not flat', async () => {
    expect(await heldOf(crude(), ofCrude('20261218', 'CLF7', '-1'))).toBe(-1);
    await expect(
      heldOf(crude(), ofCrude('20261119', 'CLZ6', '1'), ofCrude('20261218', 'CLF7', '-1')),
    ).rejects.toThrow('the account holds several contracts of CL/USD (1 CLZ6, -1 CLF7)');
  });
});

describe('of futures under one symbol', () => {
  const future = (symbol: string, multiplier: string) =>
    buildInstrument(0, {
      ...{ symbol, kind: 'future', tickSize: '0.005', lotSize: '1' },
      ...{ multiplier, exchange: 'COMEX', ...NO_FEES },
    });
  const [silver, micro] = [future('SI/USD', '5000'), future('SIL/USD', '1000')];
  const position = (symbol: string, name: string, tradingClass: string, multiplier: string) => [
    ...[name, symbol, 'FUT', '20261229', '0.0', '', multiplier, 'COMEX', 'USD', `${name}Z6`],
    ...[tradingClass, '1', '250000'],
  ];
  const [ofSilver, ofMicro] = [position('SI', 'SI', 'SI', '5000'), position('SI', 'SIL', 'SIL', '1000')];

  it('each has its own positions', async () => {
    const address = await gatewayWith([ofMicro, ofSilver.with(-2, '-3')]);
    const both = { address, clientId: 9, account: null, instruments: [silver, micro] };
    expect([...(await accountReading(both)()).positions]).toEqual([
      ['SIL/USD', 1],
      ['SI/USD', -3],
    ]);
    expect(await heldOf(future('SI/USD', '1000'), ofMicro)).toBe(1);
  });

  it('one that the desk does not trade is not taken for the one that it does', async () => {
    await expect(heldOf(silver, ofMicro)).rejects.toThrow('holds 1 SILZ6, which this desk does not trade');
    await expect(heldOf(micro, ofSilver)).rejects.toThrow('holds 1 SIZ6, which this desk does not trade');
    const mini = position('DAX', 'FDXM', 'FDXM', '5');
    await expect(heldOf(future('DAX/USD', '25'), mini)).rejects.toThrow('which this desk does not trade');
  });

  it('one that is quoted in cents has the multiplier of whole dollars', async () => {
    expect(await heldOf(future('ZC/USD', '50'), position('ZC', 'ZC', 'ZC', '5000'))).toBe(1);
  });
});

describe('a part of a share', () => {
  it('is neither none nor a whole one: the account is not read as if it had whole shares', async () => {
    expect(await heldOf(APPLE, ofApple('10'))).toBe(10);
    for (const quantity of ['10.5', '0.4'])
      await expect(heldOf(APPLE, ofApple(quantity))).rejects.toThrow(
        `the account holds ${quantity} AAPL, which is no whole number of 1`,
      );
  });
});

it('a position that is told twice, since it has changed, is as it was told last', async () => {
  expect(await heldOf(APPLE, ofApple('10'), ofApple('4'))).toBe(4);
  expect(await heldOf(APPLE, ofApple('10'), ofApple('0'))).toBeUndefined();
});

it('of several accounts the one that is named is read, and none where none is', async () => {
  const accounts = ['DU1', 'DU2'].map((id, at) => ({ id, cash: `${at + 1}0000.00` }));
  const simulator = await startSimulator({ accounts });
  onTestFinished(() => simulator.close());
  const connection = new AccountConnection({
    ...{ address: { host: '127.0.0.1', port: simulator.port }, clientId: 9 },
  });
  onTestFinished(() => connection.end());
  const read = (account: string | null) => connection.read({ account, instruments: [NQ] });
  expect(await read('DU2')).toMatchObject({ equity: 20_000 * 100_000_000 });
  await expect(read(null)).rejects.toThrow('IBKR_ACCOUNT: expected one of DU1, DU2, found none named');
  await expect(read('DU3')).rejects.toThrow('IBKR_ACCOUNT: expected one of DU1, DU2, found DU3');
});

describe('the connection of readings', () => {
  const HELD = [{ localSymbol: 'NQZ6', quantity: 2, averagePrice: '15234' }];
  const CLIENT = 9;

  async function auditing() {
    const simulator = await startSimulator({ accounts: [{ id: 'DU1', cash: '100000.00', positions: HELD }] });
    onTestFinished(() => simulator.close());
    const address = { host: '127.0.0.1', port: simulator.port };
    const reading = accountReading({ address, clientId: CLIENT, account: null, instruments: [NQ] });
    const client = () => simulator.simulation.clients.get(CLIENT);
    const account = simulator.simulation.accounts.get('DU1');
    if (account === undefined) throw new Error('no account');
    return { simulator, reading, client, account };
  }

  it('is one, over which nothing is told between them: each tells what the account holds by then', async () => {
    const { simulator, reading, client, account } = await auditing();
    expect((await reading()).positions).toEqual(new Map([['NQ/USD', 2]]));
    const first = client();
    await eventually(() =>
      expect([first?.subscriptions.positions, first?.subscriptions.summaries.size]).toEqual([false, 0]),
    );
    const { instrument } = simulator.simulation.market('NQZ6');
    account.traded(instrument, -2, 15_234 * 4, 0);
    for (let times = 0; times < 3; times += 1) {
      const { positions, cash } = await reading();
      expect([positions, cash]).toEqual([new Map(), expect.any(Number)]);
    }
    expect([first === undefined, client()]).toEqual([false, first]);
  });

  it('is made anew after the Gateway has restarted, or has lost the broker', async () => {
    const { simulator, reading, client } = await auditing();
    await reading();
    const first = client();
    simulator.simulation.restart(20);
    await eventually(reading);
    expect(client()).not.toBe(first);
    simulator.simulation.breakLink();
    await eventually(() => expect(client()).toBeUndefined());
    await expect(reading()).rejects.toThrow('IB Gateway at 127.0.0.1');
    simulator.simulation.restoreLink(true);
    expect((await eventually(reading)).positions).toEqual(new Map([['NQ/USD', 2]]));
  });

  it('ends where nobody reads over it: another auditor may want its client id', async () => {
    const { simulator, client } = await auditing();
    const address = { host: '127.0.0.1', port: simulator.port };
    const connection = new AccountConnection({ address, clientId: CLIENT }, 50);
    await connection.read({ account: null, instruments: [NQ] });
    await eventually(() => expect(client()).toBeUndefined());
    await connection.read({ account: null, instruments: [NQ] });
    connection.end();
    await eventually(() => expect(client()).toBeUndefined());
  });
});
