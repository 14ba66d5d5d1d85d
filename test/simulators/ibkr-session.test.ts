/** The simulated Gateway with a client as people use it, unchanged: session, accounts, contracts, market data, bars. */
import { connect, type Socket } from 'node:net';
import { BarSizeSetting, type Contract, EventName, SecType, WhatToShow } from '@stoqey/ib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type IbkrSimulator,
  type SimulatorOptions,
  startIbkrSimulator,
} from '../../simulators/ibkr/start.js';
import { encodeFrame } from '../../simulators/ibkr/wire/frames.js';
import { disconnectClients, readyClient, TwsClient } from './support/tws-client.js';

/** A Friday, 10:00 in New York and 9:00 in Chicago. */
const FRIDAY = Date.UTC(2026, 10, 20, 15, 0, 0);
const VERSIONS = [157, 176, 178, 193];
const NQ: Contract = {
  symbol: 'NQ',
  secType: SecType.FUT,
  exchange: 'CME',
  currency: 'USD',
  localSymbol: 'NQZ6',
};

let simulator: IbkrSimulator;
let nowMs = FRIDAY;
const sockets: Socket[] = [];

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startIbkrSimulator({
    wallMs: () => nowMs,
    accounts: [
      {
        id: 'DU1234567',
        cash: '100000.00',
        positions: [{ localSymbol: 'NQZ6', quantity: -2, averagePrice: '15230.25' }],
      },
    ],
    ...options,
  });
}

beforeEach(async () => {
  nowMs = FRIDAY;
  await start();
});
afterEach(async () => {
  disconnectClients();
  for (const socket of sockets.splice(0)) socket.destroy();
  await simulator.close();
});

const ready = (clientId = 7): Promise<TwsClient> => readyClient(simulator.port, clientId);

async function control(path: string, body?: object): Promise<unknown> {
  const response = await fetch(`http://${simulator.address}/_simulator${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  expect(response.status, JSON.stringify(answer)).toBe(200);
  return answer;
}

const GREETING = Buffer.concat([Buffer.from('API\0'), Buffer.from([0, 0, 0, 9]), Buffer.from('v100..193')]);

/** A socket without a library: frames as lists of fields. */
class Raw {
  readonly socket: Socket;
  readonly frames: string[][] = [];
  closed = false;
  #kept = Buffer.alloc(0);

  constructor() {
    this.socket = connect(simulator.port, '127.0.0.1');
    sockets.push(this.socket);
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.on('data', (chunk) => {
      this.#kept = Buffer.concat([this.#kept, chunk]);
      while (this.#kept.length >= 4 && this.#kept.length >= 4 + this.#kept.readInt32BE()) {
        const end = 4 + this.#kept.readInt32BE();
        this.frames.push(
          this.#kept
            .subarray(4, end - 1)
            .toString()
            .split('\0'),
        );
        this.#kept = this.#kept.subarray(end);
      }
    });
  }

  send(...fields: string[]): void {
    this.socket.write(encodeFrame(fields));
  }

  async heard(count: number): Promise<string[][]> {
    await vi.waitFor(() => expect(this.frames.length).toBeGreaterThanOrEqual(count), {
      timeout: 20_000,
      interval: 10,
    });
    return this.frames;
  }

  async ended(): Promise<void> {
    await vi.waitFor(() => expect(this.closed).toBe(true), { timeout: 20_000, interval: 10 });
  }

  /** Greeted, started, and what is said then read away. */
  async started(clientId: number): Promise<void> {
    this.socket.write(GREETING);
    await this.heard(1);
    this.send('71', '2', String(clientId), '');
    await this.heard(6);
    this.frames.length = 0;
  }
}

describe('a client connects', () => {
  it.each(VERSIONS)(
    'and reads everything at version %i without a word about decoding',
    async (serverVersion) => {
      await start({ serverVersion });
      const client = await ready();
      const { api } = client;
      expect(api.serverVersion).toBe(serverVersion);
      api.reqPositions();
      api.reqAccountUpdates(true, 'DU1234567');
      api.reqAccountUpdatesMulti(1, 'DU1234567', '', false);
      api.reqAccountSummary(2, 'All', 'NetLiquidation');
      api.reqPnL(3, 'DU1234567', '');
      api.reqContractDetails(4, NQ);
      api.reqMktData(5, NQ, '', false, false);
      api.reqHistoricalData(6, NQ, '', '1 D', BarSizeSetting.MINUTES_ONE, WhatToShow.TRADES, 0, 1, false);
      api.reqOpenOrders();
      api.reqAllOpenOrders();
      api.reqCompletedOrders(false);
      api.reqExecutions(7, {});
      for (const name of [
        EventName.positionEnd,
        EventName.accountDownloadEnd,
        EventName.accountUpdateMultiEnd,
        EventName.accountSummaryEnd,
        EventName.pnl,
        EventName.contractDetailsEnd,
        EventName.tickGeneric,
        EventName.historicalData,
        EventName.openOrderEnd,
        EventName.completedOrdersEnd,
        EventName.execDetailsEnd,
      ])
        await client.heard(name);
      expect(client.errors).toEqual([]);
    },
  );

  it('and is told accounts, its next order id and that data is there', async () => {
    const client = await ready();
    expect(client.of(EventName.managedAccounts)).toEqual([['DU1234567']]);
    expect(client.of(EventName.nextValidId)).toEqual([[1]]);
    expect(client.infos.map(({ code }) => code)).toEqual([2104, 2106, 2158]);
    expect(client.of(EventName.server)).toEqual([[193, '20261120 10:00:00 US/Eastern']]);
    client.api.reqCurrentTime();
    expect(await client.heard(EventName.currentTime)).toEqual([[FRIDAY / 1000]]);
  });

  it('and the second with its id is told 326 and sent away; the first stays, and the id is free when it goes', async () => {
    const first = await ready();
    const second = new TwsClient(simulator.port, 7);
    await second.heard(EventName.disconnected);
    expect(second.infos).toEqual([
      {
        code: 326,
        text: 'Unable to connect as the client id is already in use. Retry with a unique client id.',
      },
    ]);
    expect(second.of(EventName.nextValidId)).toEqual([]);
    first.api.reqCurrentTime();
    await first.heard(EventName.currentTime);
    first.api.disconnect();
    await vi.waitFor(() => expect([...simulator.simulation.clients.keys()]).toEqual([]), { timeout: 20_000 });
    await ready();
  });

  it('beside others with other ids', async () => {
    await ready(1);
    await ready(2);
    expect([...simulator.simulation.clients.keys()]).toEqual([1, 2]);
  });
});

describe('what is not the protocol', () => {
  it('is refused with 320 for one field too many or too few, and the connection goes on', async () => {
    const raw = new Raw();
    await raw.started(1);
    raw.send('49', '1', '');
    raw.send('1', '11', '9');
    raw.send('12345');
    raw.send('49', 'x');
    raw.send('49', '1');
    const frames = await raw.heard(5);
    expect(frames.slice(0, 4).map((frame) => frame.slice(0, 4))).toEqual(
      Array(4).fill(['4', '2', '-1', '320']),
    );
    expect(frames.slice(0, 4).map((frame) => frame[4]?.split('cause - ')[1])).toEqual([
      'reqCurrentTime: 1 more than its fields',
      'no field conId',
      'Unknown message id 12345',
      'version: x is no whole number',
    ]);
    expect(frames[4]?.slice(0, 2)).toEqual(['49', '1']);
  });

  it('is not heard before startApi', async () => {
    const raw = new Raw();
    raw.socket.write(GREETING);
    await raw.heard(1);
    raw.send('49', '1');
    raw.send('71', '2', '1', '');
    expect((await raw.heard(6)).map(([id]) => id)).toEqual(['193', '15', '9', '4', '4', '4']);
  });

  it.each<[string, Buffer]>([
    ['a greeting of something else', Buffer.from('HELO there\r\n')],
    [
      'versions that are too old',
      Buffer.concat([Buffer.from('API\0'), Buffer.from([0, 0, 0, 4]), Buffer.from('v100')]),
    ],
    ['a frame without a length', Buffer.concat([GREETING, Buffer.from([0, 0, 0, 0])])],
  ])('ends the connection: %s', async (_, bytes) => {
    const raw = new Raw();
    raw.socket.write(bytes);
    await raw.ended();
  });

  it('is read right however the bytes are cut', async () => {
    const raw = new Raw();
    raw.socket.setNoDelay(true);
    const bytes = Buffer.concat([GREETING, encodeFrame(['71', '2', '1', '']), encodeFrame(['49', '1'])]);
    for (const byte of bytes) {
      raw.socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect((await raw.heard(7)).map(([id]) => id)).toEqual(['193', '15', '9', '4', '4', '4', '49']);
  });

  it('is more than fifty messages a second: 100, and the third time the connection ends', async () => {
    const raw = new Raw();
    await raw.started(1);
    raw.socket.write(Buffer.concat(Array.from({ length: 153 }, () => encodeFrame(['49', '1']))));
    await raw.ended();
    expect(raw.frames.filter(([id]) => id === '49')).toHaveLength(150);
    expect(raw.frames.filter(([id]) => id === '4').map((frame) => frame.slice(3))).toEqual(
      [1, 2, 3].map((times) => [
        '100',
        `Max rate of messages per second has been exceeded:max=50 rec=51 (${times})`,
        '',
      ]),
    );
  });
});

describe('accounts', () => {
  it('sum up: a short of two, 3.75 points against it, $20 a point', async () => {
    const client = await ready();
    client.api.reqAccountSummary(
      9001,
      'All',
      'NetLiquidation,TotalCashValue,InitMarginReq,AvailableFunds,NoSuchTag',
    );
    await client.heard(EventName.accountSummaryEnd);
    expect(client.of(EventName.accountSummary).map((args) => args.slice(1))).toEqual([
      ['DU1234567', 'NetLiquidation', '99850.00', 'USD'],
      ['DU1234567', 'TotalCashValue', '100000.00', 'USD'],
      ['DU1234567', 'InitMarginReq', '42000.00', 'USD'],
      ['DU1234567', 'AvailableFunds', '57850.00', 'USD'],
    ]);
  });

  it('sum up for two requests at a time, then 322, until one is cancelled', async () => {
    const client = await ready();
    for (const id of [1, 2, 3]) client.api.reqAccountSummary(id, 'All', 'NetLiquidation');
    expect(await client.refused(3)).toEqual({
      code: 322,
      text: "Error processing request.-'bO' : cause - Maximum number of account summary requests exceeded; desubscribe to previous request first",
    });
    client.api.cancelAccountSummary(1);
    client.api.reqAccountSummary(4, 'All', 'NetLiquidation');
    await client.heard(EventName.accountSummaryEnd, 3);
    expect(client.errors.map(({ id }) => id)).toEqual([3]);
  });

  it('sum up by currency, and for no group but All', async () => {
    const client = await ready();
    client.api.reqAccountSummary(1, 'All', '$LEDGER:USD');
    await client.heard(EventName.accountSummaryEnd);
    expect(client.of(EventName.accountSummary).map((args) => args.slice(2))).toEqual([
      ['Currency', 'USD', 'USD'],
      ['CashBalance', '100000.00', 'USD'],
      ['TotalCashBalance', '100000.00', 'USD'],
      ['AccruedCash', '0.00', 'USD'],
      ['NetLiquidationByCurrency', '99850.00', 'USD'],
      ['UnrealizedPnL', '-150.00', 'USD'],
      ['RealizedPnL', '0.00', 'USD'],
      ['ExchangeRate', '1.00', 'USD'],
    ]);
    client.api.reqAccountSummary(2, 'Mine', 'NetLiquidation');
    expect((await client.refused(2)).code).toBe(321);
  });

  it('list positions, and tell of one that others changed, until it is cancelled', async () => {
    const client = await ready();
    client.api.reqPositions();
    await client.heard(EventName.positionEnd);
    const [[account, contract, quantity, cost]] = client.of(EventName.position) as [
      [string, Contract, number, number],
    ];
    expect([account, quantity, cost]).toEqual(['DU1234567', -2, 304605]);
    expect(contract).toMatchObject({
      symbol: 'NQ',
      secType: 'FUT',
      localSymbol: 'NQZ6',
      multiplier: 20,
      exchange: 'CME',
    });
    const position = { account: 'DU1234567', localSymbol: 'NQZ6', quantity: 0 };
    await control('/position', position);
    expect((await client.heard(EventName.position, 2))[1]?.slice(2)).toEqual([0, 0]);
    client.api.cancelPositions();
    client.api.reqCurrentTime();
    await client.heard(EventName.currentTime);
    await control('/position', { ...position, quantity: 1, averagePrice: '15234.5' });
    client.api.reqCurrentTime();
    await client.heard(EventName.currentTime, 2);
    expect(client.of(EventName.position)).toHaveLength(2);
  });

  it('are downloaded, and change', async () => {
    const client = await ready();
    client.api.reqAccountUpdates(true, '');
    await client.heard(EventName.accountDownloadEnd);
    const value = (key: string) =>
      client
        .of(EventName.updateAccountValue)
        .findLast(([its, , currency]) => its === key && currency !== 'BASE')?.[1];
    expect([value('AccountReady'), value('NetLiquidation'), value('UnrealizedPnL')]).toEqual([
      'true',
      '99850.00',
      '-150.00',
    ]);
    expect(client.of(EventName.updatePortfolio)[0]?.slice(1)).toEqual([
      -2,
      15234,
      -609360,
      304605,
      -150,
      0,
      'DU1234567',
    ]);
    expect(client.of(EventName.updateAccountTime)).toEqual([['10:00']]);
    await control('/cash', { account: 'DU1234567', cash: '90000.00' });
    await vi.waitFor(() => expect(value('NetLiquidation')).toBe('89850.00'), {
      timeout: 20_000,
      interval: 10,
    });
  });

  it('of what is quoted in cents are in whole dollars, and so is what a position cost', async () => {
    await start({
      commodities: ['ZC'],
      accounts: [
        {
          ...{ id: 'DU1234567', cash: '100000.00' },
          positions: [{ localSymbol: 'ZCZ6', quantity: -2, averagePrice: '446.25' }],
        },
      ],
    });
    const client = await ready();
    client.api.reqAccountUpdates(true, '');
    await client.heard(EventName.accountDownloadEnd);
    expect(client.of(EventName.updatePortfolio)[0]?.slice(1)).toEqual([
      ...[-2, 4.4525, -44_525, 22_312.5, 100, 0, 'DU1234567'],
    ]);
  });

  it('of several each has its own updates, and another code than theirs is refused', async () => {
    await start({
      accounts: [
        { id: 'DU1', cash: '1.00' },
        { id: 'DU2', cash: '2.00' },
      ],
    });
    const client = await ready();
    expect(client.of(EventName.managedAccounts)).toEqual([['DU1,DU2']]);
    client.api.reqAccountUpdatesMulti(1, 'DU2', '', false);
    await client.heard(EventName.accountUpdateMultiEnd);
    const all = client.of(EventName.accountUpdateMulti);
    expect(new Set(all.map(([, account]) => account))).toEqual(new Set(['DU2']));
    expect(all.find(([, , , key]) => key === 'NetLiquidation')?.[4]).toBe('2.00');
    client.api.reqPnL(2, 'U9', '');
    expect(await client.refused(2)).toEqual({
      code: 321,
      text: "Error validating request.-'bN' : cause - Invalid account code 'U9'",
    });
    // An update that names none of two accounts has no request id to be refused by.
    client.api.reqAccountUpdates(true, '');
    await vi.waitFor(() => expect(client.infos.map(({ code }) => code)).toContain(321), { timeout: 20_000 });
  });

  it('tell profit and loss as the price moves', async () => {
    const client = await ready();
    client.api.reqPnL(1, 'DU1234567', '');
    expect(await client.heard(EventName.pnl)).toEqual([[1, -150, -150, 0]]);
    await control('/price', { localSymbol: 'NQZ6', price: '15220.5' });
    expect((await client.heard(EventName.pnl, 2))[1]).toEqual([1, 390, 390, 0]);
    client.api.cancelPnL(1);
  });
});

interface Details {
  readonly contract: Contract;
  readonly contractMonth: string;
  readonly tradingHours: string;
  readonly liquidHours: string;
  readonly timeZoneId: string;
  readonly minTick: number;
}
const detailsOf = async (contract: Contract): Promise<Details[]> => {
  const client = await ready();
  client.api.reqContractDetails(1, contract);
  await client.heard(EventName.contractDetailsEnd);
  return client.of(EventName.contractDetails).map(([, details]) => details as Details);
};

describe('contract details', () => {
  it('list each month that is not expired', async () => {
    const found = await detailsOf({ symbol: 'NQ', secType: SecType.FUT, exchange: 'CME' });
    expect(
      found.map(({ contract }) => [contract.localSymbol, contract.lastTradeDateOrContractMonth]),
    ).toEqual([
      ['NQZ6', '20261218'],
      ['NQH7', '20270319'],
      ['NQM7', '20270618'],
      ['NQU7', '20270917'],
      ['NQZ7', '20271217'],
    ]);
  });

  it('of oil is named after the month of its delivery, and gold is listed for each month', async () => {
    await start({ commodities: ['CL', 'GC'] });
    const listed = async (symbol: string, exchange: string, month?: string) => {
      const asked = { symbol, secType: SecType.FUT, exchange };
      const found = await detailsOf(
        month === undefined ? asked : { ...asked, lastTradeDateOrContractMonth: month },
      );
      disconnectClients();
      return found.map(({ contract, contractMonth }) => [
        ...[contract.localSymbol, contract.lastTradeDateOrContractMonth, contractMonth],
      ]);
    };
    expect((await listed('CL', 'NYMEX')).slice(0, 3)).toEqual([
      ['CLZ6', '20261120', '202612'],
      ['CLF7', '20261221', '202701'],
      ['CLG7', '20270120', '202702'],
    ]);
    expect(await listed('CL', 'NYMEX', '202701')).toEqual([['CLF7', '20261221', '202701']]);
    expect((await listed('GC', 'COMEX')).slice(0, 3)).toEqual([
      ['GCX6', '20261125', '202611'],
      ['GCZ6', '20261229', '202612'],
      ['GCF7', '20270127', '202701'],
    ]);
    nowMs = Date.UTC(2026, 10, 20, 19, 30, 0);
    expect((await listed('CL', 'NYMEX'))[0]).toEqual(['CLF7', '20261221', '202701']);
  });

  it('tell multiplier, tick and hours of one', async () => {
    const [details, ...more] = await detailsOf({
      symbol: 'NQ',
      secType: SecType.FUT,
      lastTradeDateOrContractMonth: '202612',
    });
    expect(more).toEqual([]);
    expect(details).toMatchObject({
      contract: { multiplier: 20, exchange: 'CME', currency: 'USD', tradingClass: 'NQ' },
      minTick: 0.25,
      timeZoneId: 'US/Central',
    });
    expect(details?.tradingHours.split(';').slice(0, 4)).toEqual([
      '20261119:1700-20261120:1600',
      '20261121:CLOSED',
      '20261122:CLOSED',
      '20261122:1700-20261123:1600',
    ]);
    expect(details?.liquidHours.split(';')[0]).toBe('20261120:0830-20261120:1600');
  });

  it('of silver are of both sizes, unless the trading class or the multiplier is told', async () => {
    await start({ commodities: ['SI'] });
    const silver: Contract = { symbol: 'SI', secType: SecType.FUT, exchange: 'COMEX', currency: 'USD' };
    const december = { ...silver, lastTradeDateOrContractMonth: '202612' };
    const continuous = { ...silver, secType: SecType.CONTFUT };
    const listed = async (asked: Contract) => {
      const found = await detailsOf(asked);
      disconnectClients();
      return found.map(({ contract: { localSymbol, tradingClass, multiplier } }) =>
        [localSymbol, tradingClass, multiplier].join(' '),
      );
    };
    expect(await listed(december)).toEqual(['SIZ6 SI 5000', 'SILZ6 SIL 1000']);
    expect(await listed({ ...december, tradingClass: 'SIL' })).toEqual(['SILZ6 SIL 1000']);
    expect(await listed({ ...december, multiplier: 5_000 })).toEqual(['SIZ6 SI 5000']);
    expect(await listed(continuous)).toEqual(['SIX6 SI 5000', 'SILX6 SIL 1000']);
    expect(await listed({ ...continuous, tradingClass: 'SIL' })).toEqual(['SILX6 SIL 1000']);
    const client = await ready();
    client.api.reqMktData(5, december, '', false, false);
    expect((await client.refused(5)).text).toMatch(/SI is ambiguous; you must specify the multiplier/);
    client.api.reqContractDetails(6, { ...december, symbol: 'SIL' });
    expect((await client.refused(6)).code).toBe(200);
  });

  it('of corn are for prices in whole dollars, and tell that it is quoted in cents', async () => {
    await start({ commodities: ['ZC'] });
    const found = await detailsOf({ symbol: 'ZC', secType: SecType.FUT, exchange: 'CBOT' });
    expect(
      found.map(({ contract }) => [contract.localSymbol, contract.lastTradeDateOrContractMonth]),
    ).toEqual([
      ['ZCZ6', '20261214'],
      ['ZCH7', '20270312'],
      ['ZCK7', '20270514'],
      ['ZCN7', '20270714'],
    ]);
    expect(found[0]).toMatchObject({
      ...{ contract: { multiplier: 5_000, tradingClass: 'ZC' }, minTick: 0.0025, priceMagnifier: 100 },
      liquidHours: expect.stringMatching(/^20261120:0830-20261120:1320;/),
    });
    disconnectClients();
    const client = await ready();
    client.api.reqMktData(5, { ...NQ, symbol: 'ZC', exchange: 'CBOT', localSymbol: 'ZCZ6' }, '', true, false);
    await client.heard(EventName.tickSnapshotEnd);
    const prices = client.of(EventName.tickPrice).map(([, type, price]) => [type, price]);
    expect(Object.fromEntries(prices)).toMatchObject({ 1: 445, 2: 445.5, 4: 445.25 });
  });

  it('tell of a month that has expired where that is asked for, and of a stock', async () => {
    const [expired] = await detailsOf({ ...NQ, localSymbol: 'NQU6', includeExpired: true });
    expect(expired?.contract.lastTradeDateOrContractMonth).toBe('20260918');
    disconnectClients();
    await vi.waitFor(() => expect(simulator.simulation.clients.size).toBe(0), { timeout: 20_000 });
    const [stock] = await detailsOf({
      symbol: 'AAPL',
      secType: SecType.STK,
      exchange: 'NASDAQ',
      currency: 'USD',
    });
    expect(stock).toMatchObject({
      contract: { symbol: 'AAPL', exchange: 'SMART', primaryExch: 'NASDAQ', conId: 265598 },
      minTick: 0.01,
      timeZoneId: 'US/Eastern',
    });
  });

  it.each([
    ['before the week of expiry the month that expires next', Date.UTC(2026, 11, 13, 23), 'NQZ6'],
    ['from its Monday on the one after it', Date.UTC(2026, 11, 14, 15), 'NQH7'],
  ])('of the continuous future are %s', async (_, at, localSymbol) => {
    nowMs = at;
    await start({ accounts: [{ id: 'DU1234567', cash: '1.00' }] });
    const found = await detailsOf({ symbol: 'NQ', secType: SecType.CONTFUT, exchange: 'CME' });
    expect(found.map(({ contract }) => [contract.secType, contract.localSymbol])).toEqual([
      ['CONTFUT', localSymbol],
    ]);
  });

  it.each<[string, Contract, number, string]>([
    [
      'nobody knows',
      { symbol: 'XX', secType: SecType.FUT },
      200,
      'No security definition has been found for the request',
    ],
    [
      'has expired',
      { ...NQ, localSymbol: 'NQU6' },
      200,
      'No security definition has been found for the request',
    ],
    [
      'is on another exchange',
      { ...NQ, exchange: 'GLOBEX' },
      200,
      'No security definition has been found for the request',
    ],
    ['has no type', { symbol: 'NQ' }, 321, 'Please enter a valid security type'],
    ['has no name', { secType: SecType.FUT }, 321, 'Please enter a local symbol or a symbol'],
  ])('are refused of what %s', async (_, contract, code, words) => {
    const client = await ready();
    client.api.reqContractDetails(5, contract);
    const refusal = await client.refused(5);
    expect(refusal.code).toBe(code);
    expect(refusal.text.endsWith(words)).toBe(true);
  });
});

describe('market data', () => {
  it('is a quote, its trades and the day, and moves', async () => {
    const client = await ready();
    client.api.reqMktData(5, NQ, '', false, false);
    await client.heard(EventName.tickGeneric);
    const prices = () =>
      Object.fromEntries(client.of(EventName.tickPrice).map(([, type, price]) => [type as number, price]));
    const sizes = () =>
      Object.fromEntries(client.of(EventName.tickSize).map(([, type, size]) => [type as number, size]));
    expect(prices()).toMatchObject({ 1: 15233.75, 2: 15234.25, 4: 15234 });
    expect(prices()[6]).toBeGreaterThanOrEqual(15234);
    expect(prices()[7]).toBeLessThanOrEqual(15234);
    expect(prices()[9]).toBeGreaterThan(0);
    expect(sizes()).toMatchObject({ 0: 7, 3: 9, 5: 1, 8: 0 });
    expect(client.of(EventName.marketDataType)).toEqual([[5, 1]]);
    expect(client.of(EventName.tickReqParams)).toHaveLength(1);
    await control('/price', { localSymbol: 'NQZ6', price: '15240.25', size: 3 });
    await vi.waitFor(() => expect(prices()).toMatchObject({ 1: 15240, 2: 15240.5, 4: 15240.25 }), {
      timeout: 20_000,
    });
    await vi.waitFor(() => expect(sizes()).toMatchObject({ 5: 3, 8: 3 }), { timeout: 20_000 });
    expect(client.of(EventName.tickString).at(-1)).toEqual([5, 45, String(FRIDAY / 1000)]);
  });

  it('ends when it is cancelled, and what nobody asked for cannot be', async () => {
    const client = await ready();
    client.api.reqMktData(5, NQ, '', false, false);
    await client.heard(EventName.tickGeneric);
    client.api.cancelMktData(5);
    client.api.cancelMktData(6);
    expect(await client.refused(6)).toEqual({ code: 300, text: "Can't find EId with tickerId:6" });
    const before = client.of(EventName.tickPrice).length;
    await control('/price', { localSymbol: 'NQZ6', price: '15240.25' });
    client.api.reqCurrentTime();
    await client.heard(EventName.currentTime);
    expect(client.of(EventName.tickPrice)).toHaveLength(before);
  });

  it('of a snapshot comes once', async () => {
    const client = await ready();
    client.api.reqMktData(5, NQ, '', true, false);
    await client.heard(EventName.tickSnapshotEnd);
    client.api.cancelMktData(5);
    expect((await client.refused(5)).code).toBe(300);
  });

  it.each<[string, Contract, string, number, string]>([
    [
      'the continuous future',
      { symbol: 'NQ', secType: SecType.CONTFUT, exchange: 'CME' },
      '',
      321,
      'Please enter a valid security type',
    ],
    [
      'a future without a month',
      { symbol: 'NQ', secType: SecType.FUT, exchange: 'CME' },
      '',
      321,
      'Please enter a local symbol or an expiry',
    ],
    ['no exchange', { ...NQ, exchange: '' }, '', 321, 'Please enter exchange'],
    [
      'several',
      { ...NQ, localSymbol: '', lastTradeDateOrContractMonth: '2027' },
      '',
      200,
      'The contract description specified for NQ is ambiguous; you must specify the multiplier or trading class.',
    ],
    [
      'ticks that are not built',
      NQ,
      '100',
      321,
      'Incorrect generic tick list of 100.  Legal ones for (FUT) are: 233(RTVolume)',
    ],
  ])('is refused for %s', async (_, contract, ticks, code, words) => {
    const client = await ready();
    client.api.reqMktData(5, contract, ticks, false, false);
    const refusal = await client.refused(5);
    expect(refusal.code).toBe(code);
    expect(refusal.text.endsWith(words)).toBe(true);
  });

  it('has one line for an id', async () => {
    const client = await ready();
    client.api.reqMktData(5, NQ, '', false, false);
    client.api.reqMktData(5, NQ, '', false, false);
    expect(await client.refused(5)).toEqual({
      code: 322,
      text: "Error processing request.-'bO' : cause - Duplicate ticker id",
    });
  });

  it('has a hundred lines for a client', async () => {
    const raw = new Raw();
    await raw.started(1);
    const ask = (id: number) =>
      raw.send(
        '1',
        '11',
        String(id),
        '',
        'NQ',
        'FUT',
        '',
        '',
        '',
        '',
        'CME',
        '',
        'USD',
        'NQZ6',
        '',
        '0',
        '',
        '0',
        '0',
        '',
      );
    const taken = () => raw.frames.filter(([id]) => id === '58').length;
    for (let id = 1; id <= 101; id += 1) {
      ask(id);
      if (id % 40 !== 0) continue;
      // Fifty a second are the limit: a second after these were taken the next may come.
      await vi.waitFor(() => expect(taken()).toBe(id), { timeout: 20_000, interval: 10 });
      await new Promise((resolve) => setTimeout(resolve, 1010));
    }
    await vi.waitFor(() => expect(raw.frames.filter(([id]) => id === '4')).toHaveLength(1), {
      timeout: 20_000,
      interval: 10,
    });
    expect(raw.frames.find(([id]) => id === '4')?.slice(2, 5)).toEqual([
      '101',
      '101',
      'Max number of tickers has been reached',
    ]);
  });

  it('tells each trade as text where 233 is asked for, and that trading is halted', async () => {
    await control('/halt', { localSymbol: 'NQZ6', halted: true });
    const client = await ready();
    client.api.reqMktData(5, NQ, '233', false, false);
    await client.heard(EventName.tickGeneric);
    expect(client.of(EventName.tickGeneric)).toEqual([[5, 49, 1]]);
    await control('/price', { localSymbol: 'NQZ6', price: '15240.25', size: 3 });
    await vi.waitFor(
      () =>
        expect(
          client
            .of(EventName.tickString)
            .filter(([, type]) => type === 48)
            .at(-1)?.[2],
        ).toBe(`15240.25;3;${FRIDAY};3;15240.25;true`),
      { timeout: 20_000, interval: 10 },
    );
  });

  it('is frozen while the exchange is closed, for those who ask for that', async () => {
    nowMs = FRIDAY + 24 * 3_600_000;
    const client = await ready();
    for (const [id, type] of [
      [1, 1],
      [2, 2],
    ] as const) {
      client.api.reqMarketDataType(type);
      client.api.reqMktData(id, NQ, '', false, false);
    }
    expect(await client.heard(EventName.marketDataType, 2)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it.each([
    ['none', 1, 354, null],
    ['delayed', 1, 10168, null],
    ['delayed', 3, 10167, 66],
    ['partial', 1, 10090, 1],
    ['competing', 1, 10197, null],
  ])('with permission %s and type %i says %i', async (permission, type, code, bid) => {
    await control('/permission', { permission });
    const client = await ready();
    client.api.reqMarketDataType(type);
    client.api.reqMktData(5, NQ, '', false, false);
    expect((await client.refused(5)).code).toBe(code);
    client.api.reqCurrentTime();
    await client.heard(EventName.currentTime);
    const bids = client
      .of(EventName.tickPrice)
      .filter(([, its, price]) => (its === 1 || its === 66) && price === 15233.75);
    expect(bids.map(([, its]) => its)).toEqual(bid === null ? [] : [bid]);
    expect(client.of(EventName.marketDataType)).toEqual(bid === null ? [] : [[5, type]]);
  });
});

describe('bars of five seconds', () => {
  it('come when their five seconds are over, with what was traded in them', async () => {
    const client = await ready();
    client.api.reqRealTimeBars(5, NQ, 5, WhatToShow.TRADES, false);
    client.api.reqRealTimeBars(6, NQ, 5, WhatToShow.BID, false);
    client.api.reqCurrentTime();
    await client.heard(EventName.currentTime);
    nowMs = FRIDAY + 1000;
    await control('/price', { localSymbol: 'NQZ6', price: '15240.25', size: 3 });
    await control('/price', { localSymbol: 'NQZ6', price: '15238', size: 1 });
    nowMs = FRIDAY + 5000;
    const bars = await client.heard(EventName.realtimeBar, 2);
    expect(bars).toEqual([
      [5, FRIDAY / 1000, 15240.25, 15240.25, 15238, 15238, 4, 15239.688, 2],
      [6, FRIDAY / 1000, 15240, 15240, 15237.75, 15237.75, -1, -1, -1],
    ]);
  });

  it('are refused as ticks are', async () => {
    const client = await ready();
    client.api.reqRealTimeBars(5, { ...NQ, exchange: '' }, 5, WhatToShow.TRADES, false);
    expect((await client.refused(5)).text).toBe(
      "Error validating request.-'bN' : cause - Please enter exchange",
    );
    await control('/permission', { permission: 'none' });
    client.api.reqRealTimeBars(6, NQ, 5, WhatToShow.TRADES, false);
    expect((await client.refused(6)).code).toBe(420);
    client.api.cancelRealTimeBars(6);
    await vi.waitFor(() => expect(client.errors.map(({ code }) => code)).toEqual([321, 420, 300]), {
      timeout: 20_000,
    });
  });
});

type AskedBars = Partial<{
  contract: Contract;
  end: string;
  duration: string;
  size: string;
  shown: string;
  liquid: number;
  format: number;
  keep: boolean;
}>;
async function bars(client: TwsClient, id: number, asked: AskedBars): Promise<unknown[][]> {
  const { contract = NQ, end = '', duration = '1 D', size = '1 min', shown = 'TRADES' } = asked;
  const { liquid = 0, format = 1, keep = false } = asked;
  client.api.reqHistoricalData(
    id,
    contract,
    end,
    duration,
    size as BarSizeSetting,
    shown as never,
    liquid,
    format,
    keep,
  );
  const mine = () => client.of(EventName.historicalData).filter(([its]) => its === id);
  await vi.waitFor(() => expect(String(mine().at(-1)?.[1])).toMatch(/^finished/), {
    timeout: 20_000,
    interval: 10,
  });
  return mine().map((args) => args.slice(1));
}

describe('historical bars', () => {
  it('of a day begin with its session, in the time of the exchange', async () => {
    const client = await ready();
    const all = await bars(client, 1, {});
    expect(all).toHaveLength(16 * 60 + 1);
    expect(all[0]?.[0]).toBe('20261119 17:00:00 US/Central');
    expect(all.at(-2)?.[0]).toBe('20261120 08:59:00 US/Central');
    expect(all.at(-2)?.[4]).toBe(15234);
    expect(all.at(-1)?.[0]).toBe('finished-20261119 18:00:00 US/Eastern-20261120 10:00:00 US/Eastern');
    for (const [, open, high, low, close] of all.slice(0, -1) as [string, number, number, number, number][]) {
      expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
      expect(low).toBeLessThanOrEqual(Math.min(open, close));
    }
  });

  it('of fifteen minutes are those of one, joined; of a day is all of them', async () => {
    const client = await ready();
    const minutes = (await bars(client, 1, { format: 2 })).slice(0, -1) as [
      string,
      number,
      number,
      number,
      number,
      number,
    ][];
    const quarters = (await bars(client, 2, { format: 2, size: '15 mins' })).slice(0, -1);
    const first = minutes.slice(0, 15);
    expect(quarters).toHaveLength(64);
    expect(quarters[0]?.slice(0, 6)).toEqual([
      String(Date.UTC(2026, 10, 19, 23) / 1000),
      first[0]?.[1],
      Math.max(...first.map(([, , high]) => high)),
      Math.min(...first.map(([, , , low]) => low)),
      first.at(-1)?.[4],
      first.reduce((sum, [, , , , , volume]) => sum + volume, 0),
    ]);
    const [day] = await bars(client, 3, { size: '1 day' });
    expect(day?.slice(0, 5)).toEqual([
      '20261120',
      minutes[0]?.[1],
      Math.max(...minutes.map(([, , high]) => high)),
      Math.min(...minutes.map(([, , , low]) => low)),
      15234,
    ]);
  });

  it('of two days leave out the hour between the sessions, in regular hours the night', async () => {
    const client = await ready();
    const whole = await bars(client, 1, { duration: '2 D', size: '1 hour' });
    expect(whole.slice(0, -1)).toHaveLength(23 + 16);
    const regular = await bars(client, 2, { duration: '2 D', size: '30 mins', liquid: 1 });
    expect(regular[0]?.[0]).toBe('20261119 08:30:00 US/Central');
    expect(regular.slice(0, -1)).toHaveLength(15 + 1);
  });

  it('end where they are asked to, in UTC or a zone', async () => {
    const client = await ready();
    const inUtc = await bars(client, 1, { end: '20261120-14:30:00', duration: '1800 S' });
    const named = await bars(client, 2, { end: '20261120 08:30:00 US/Central', duration: '1800 S' });
    expect(inUtc).toHaveLength(31);
    expect(inUtc[0]?.[0]).toBe('20261120 08:00:00 US/Central');
    expect(named).toEqual(inUtc);
  });

  it('of the continuous future are those of its month', async () => {
    const client = await ready();
    const lead = await bars(client, 1, { duration: '3600 S' });
    const contract = { symbol: 'NQ', secType: SecType.CONTFUT, exchange: 'CME' };
    expect(await bars(client, 2, { contract, duration: '3600 S' })).toEqual(lead);
  });

  it('of quotes stand beside the trades and have no volume', async () => {
    const client = await ready();
    const [trade] = (await bars(client, 1, { duration: '60 S' })) as [[string, number, ...number[]]];
    const [ask] = (await bars(client, 2, { duration: '60 S', shown: 'ASK' })) as [
      [string, number, ...number[]],
    ];
    expect(ask[1]).toBe(trade[1] + 0.25);
    expect(ask.slice(5, 8)).toEqual([-1, -1, -1]);
  });

  it('are kept up to date where that is asked for', async () => {
    const client = await ready();
    await bars(client, 1, { duration: '3600 S', keep: true });
    nowMs = FRIDAY + 1000;
    await control('/price', { localSymbol: 'NQZ6', price: '15240.25', size: 3 });
    await control('/price', { localSymbol: 'NQZ6', price: '15236', size: 1 });
    const updates = await client.heard(EventName.historicalDataUpdate, 2);
    expect(updates[1]).toEqual([
      1,
      '20261120 09:00:00 US/Central',
      15240.25,
      15240.25,
      15236,
      15236,
      4,
      2,
      15239.188,
    ]);
    client.api.cancelHistoricalData(1);
    expect(await client.refused(1)).toEqual({
      code: 162,
      text: 'Historical Market Data Service error message:API historical data query cancelled: 1',
    });
  });

  it.each<[string, AskedBars, number, string]>([
    [
      'a size that there is not',
      { size: '7 mins' },
      321,
      'Historical data bar size setting is invalid. Legal ones are: 1 min,',
    ],
    ['a duration that is none', { duration: '1 day' }, 321, 'Historical data query duration must be'],
    [
      'an end that is no time',
      { end: '2026-11-20' },
      10314,
      'End Date/Time: The date, time, or time-zone entered is invalid.',
    ],
    ['an end in a zone that is none', { end: '20261120 10:00:00 Nowhere/Land' }, 10314, 'End Date/Time:'],
    [
      'an end of the continuous future',
      { contract: { ...NQ, localSymbol: '', secType: SecType.CONTFUT }, end: '20261120-14:30:00' },
      10339,
      'Setting end date/time for continuous',
    ],
    [
      'bars kept up to date that end',
      { keep: true, end: '20261120-14:30:00' },
      321,
      'End date/time is not supported',
    ],
    [
      'a time before everything',
      { end: '20200101-00:00:00' },
      162,
      'HMDS query returned no data: NQZ6@CME Trades',
    ],
    ['what is not shown', { shown: 'OPTION_IMPLIED_VOLATILITY' }, 321, 'Invalid whatToShow'],
  ])('are refused for %s', async (_, asked, code, words) => {
    const client = await ready();
    const waiting = bars(client, 1, asked).catch(() => {});
    const refusal = await client.refused(1);
    expect(refusal.code).toBe(code);
    expect(refusal.text).toContain(words);
    client.told.push([EventName.historicalData, 1, 'finished']);
    await waiting;
  });

  it('that are through cannot be cancelled', async () => {
    const client = await ready();
    await bars(client, 1, { duration: '60 S' });
    client.api.cancelHistoricalData(1);
    expect(await client.refused(1)).toEqual({
      code: 366,
      text: 'No historical data query found for ticker id:1',
    });
  });
});

describe('orders typed by hand', () => {
  it('are those of client 0 alone', async () => {
    const [zero, one] = [await ready(0), await ready(1)];
    zero.api.reqAutoOpenOrders(true);
    one.api.reqAutoOpenOrders(true);
    for (const client of [zero, one]) {
      client.api.reqCurrentTime();
      await client.heard(EventName.currentTime);
    }
    expect(zero.infos.map(({ code }) => code)).not.toContain(327);
    expect(one.infos.at(-1)).toEqual({
      code: 327,
      text: 'Only API connections with clientId set to 0 can set the auto bind TWS orders property.',
    });
  });
});

describe('the control', () => {
  it('shows how things stand, on the port of the protocol', async () => {
    await ready(3);
    expect(await control('')).toMatchObject({
      serverVersion: 193,
      permission: 'live',
      clients: [3],
      accounts: [
        { id: 'DU1234567', netLiquidation: '99850.00', positions: [{ localSymbol: 'NQZ6', quantity: -2 }] },
      ],
      prices: { NQZ6: '15234', AAPL: '210' },
    });
  });

  it.each([
    ['/price', { localSymbol: 'NQZ6', price: '15240.1' }, '15240.1 is no price in steps of 0.25'],
    ['/price', { localSymbol: 'XX', price: '1' }, 'the simulator has no XX'],
    ['/permission', { permission: 'all' }, 'expected "permission" as one of'],
    ['/nothing', {}, 'no such control: /_simulator/nothing'],
  ])('says what is wrong with %s', async (path, body, words) => {
    const response = await fetch(`http://${simulator.address}/_simulator${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { problem: string }).problem).toContain(words);
  });
});
