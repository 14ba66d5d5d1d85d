/** One connection to IB Gateway over the real library: when it is ready, when it is not, and when it stands no more. */
import { type Contract, type ContractDetails, EventName } from '@stoqey/ib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IbkrSimulator } from '../../simulators/ibkr/start.js';
import { REQ_POSITIONS } from '../../simulators/ibkr/wire/from-client.js';
import { ACCOUNT_SUMMARY_END, MANAGED_ACCTS, NEXT_VALID_ID } from '../../simulators/ibkr/wire/to-client.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { dateText } from '../../src/domain/civil-date.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { rolledSeries } from '../../src/domain/sessions/contract-series.js';
import { contractDetails, followingContract, resolveContract } from '../../src/venue/ibkr/contracts.js';
import definition from '../../src/venue/ibkr/definition.js';
import {
  after,
  currentTime,
  GATEWAY_TIMES,
  type Gateway,
  type GatewayOptions,
  Refused,
} from '../../src/venue/ibkr/gateway.js';
import { ledger, openOrders, positions } from '../../src/venue/ibkr/questions.js';
import { VenueUnavailable } from '../../src/venue/port.js';
import { eventually } from '../support/eventually.js';
import {
  APPLE,
  CORN,
  FRIDAY,
  gatewayTo,
  NQ,
  QUICK,
  SI,
  SIL,
  startSimulator,
  type Watched,
} from './support/at-gateway.js';

let simulator: IbkrSimulator;
const open: Gateway[] = [];

beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.close()));
  await simulator.close();
});

function connect(options: Partial<GatewayOptions> = {}, port = simulator.port): Watched {
  const watched = gatewayTo(port, options);
  open.push(watched.gateway);
  return watched;
}

describe('a connection', () => {
  it.each([
    ['accounts', MANAGED_ACCTS.id],
    ['the next order id', NEXT_VALID_ID.id],
  ])('is not ready before %s are told, however connected it is', async (_what, answer) => {
    simulator.simulation.faults.add({ answer, times: 1, effect: { kind: 'lose' } });
    const { gateway, told } = connect({ times: { ...QUICK, readyMs: 300 } });
    await gateway.started;
    expect(gateway.session).toBeNull();
    await expect(gateway.ask(currentTime())).rejects.toThrow('not connected to the Gateway');
    await eventually(() => expect(told.at(-1)).toBe('ready DU1234567 1'));
    expect(told[0]).toContain('told no accounts and no order id within 300 ms');
  });

  it('that stood is dialled again after the first pause; one that is not made, after longer and longer ones', async () => {
    const pauses: number[] = [];
    const { gateway, told } = connect({
      random: () => 1,
      pause: async (ms) => {
        pauses.push(ms);
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    await gateway.started;
    const { port } = simulator;
    await simulator.close();
    await eventually(() => expect(pauses.length).toBeGreaterThan(4));
    expect(pauses.slice(0, 5)).toEqual([20, 40, 80, 100, 100]);
    simulator = await startSimulator({ port });
    await eventually(() => expect(told.at(-1)).toBe('ready DU1234567 1'));
    const before = pauses.length;
    simulator.simulation.restart(0);
    await eventually(() => expect(pauses.length).toBeGreaterThan(before));
    expect(pauses[before]).toBe(20);
  });

  it('that is dead is noticed within ten seconds, and looked for twice a minute; another program’s place is left alone', () => {
    const { heartbeatMs, heartbeatAnswerMs, readyMs, questionMs, reconnect, inUseMs } = GATEWAY_TIMES;
    expect(heartbeatMs + heartbeatAnswerMs).toBeLessThanOrEqual(10_000);
    expect(Math.max(readyMs, questionMs)).toBeLessThanOrEqual(10_000);
    expect(reconnect.mostMs).toBeLessThanOrEqual(30_000);
    expect(inUseMs).toBeGreaterThanOrEqual(60_000);
  });

  it('that is new has a link to the broker until it is told that there is none', async () => {
    const { gateway, told } = connect();
    await gateway.started;
    simulator.simulation.breakLink();
    await eventually(() => expect(gateway.linkBroken).toBe(true));
    const { port } = simulator;
    await simulator.close();
    simulator = await startSimulator({ port });
    await eventually(() => expect(told.at(-1)).toBe('ready DU1234567 1'));
    expect(gateway.linkBroken).toBe(false);
    expect(await gateway.ask(positions())).toEqual([]);
  });

  it('of which another program has the client id says so once, and dials again only after a long pause', async () => {
    await connect().gateway.started;
    const pauses: number[] = [];
    let goOn: () => void = () => {};
    const { gateway, told } = connect({
      pause: (ms, signal) => {
        pauses.push(ms);
        return new Promise((resolve) => {
          goOn = resolve;
          signal.addEventListener('abort', () => resolve());
        });
      },
    });
    await gateway.started;
    await eventually(() => expect(pauses).toEqual([QUICK.inUseMs]));
    expect(told).toEqual([expect.stringContaining('client id 10 is in use')]);
    expect(told[0]).toContain('(326)');
    await open[0]?.close();
    await eventually(() => expect([...simulator.simulation.clients.keys()]).toEqual([]));
    goOn();
    await eventually(() => expect(told.at(-1)).toBe('ready DU1234567 1'));
    expect(pauses).toHaveLength(1);
  });

  it('to a Gateway whose API is read-only ends with what to do, and is made again only after a long pause', async () => {
    simulator.simulation.readOnly = true;
    const pauses: number[] = [];
    const { gateway, told } = connect({
      pause: (ms, signal) => {
        pauses.push(ms);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    });
    await gateway.started;
    const why = `the API of IB Gateway at 127.0.0.1:${simulator.port} is read-only (321): take the tick of Read-Only API away in its settings`;
    await expect(gateway.ask(openOrders(true))).rejects.toThrow(why);
    expect([told.at(-1), pauses]).toEqual([why, [QUICK.inUseMs]]);
  });

  it('without a Gateway says which address it is, and is made as soon as there is one', async () => {
    const { port } = simulator;
    await simulator.close();
    const { gateway, told } = connect({}, port);
    await gateway.started;
    expect(told[0]).toContain(`no connection to IB Gateway at 127.0.0.1:${port}`);
    simulator = await startSimulator({ port });
    await eventually(() => expect(told.at(-1)).toBe('ready DU1234567 1'));
  });

  it('to an address that no socket takes is not made, and its process goes on', async () => {
    const { gateway, told } = connect({}, 65_536);
    await gateway.started;
    expect(told[0]).toContain('no connection to IB Gateway at 127.0.0.1:65536');
    expect(gateway.session).toBeNull();
  });

  it('that is half-open is noticed by the deadline of the clock, and made anew with the same client id', async () => {
    const { gateway, told } = connect({ times: { ...QUICK, heartbeatMs: 50, heartbeatAnswerMs: 400 } });
    await gateway.started;
    simulator.simulation.clients.get(10)?.die();
    await eventually(() => expect(told).toHaveLength(3));
    expect(told[1]).toBe('time was not answered within 400 ms');
    expect(told[2]).toBe('ready DU1234567 1');
    expect([...simulator.simulation.clients.keys()]).toEqual([10]);
  });

  it('stands while the Gateway has lost the broker: what needs him is refused at once, the clock is not', async () => {
    const { gateway, told } = connect();
    await gateway.started;
    simulator.simulation.breakLink();
    await eventually(() => expect(gateway.linkBroken).toBe(true));
    await expect(gateway.ask(contractDetails({ symbol: 'AAPL' }))).rejects.toThrow(
      'no connection to the broker',
    );
    expect(await gateway.ask(currentTime())).toBe(FRIDAY);
    simulator.simulation.restoreLink(false);
    await eventually(() => expect(gateway.linkBroken).toBe(false));
    expect(told).toEqual(['ready DU1234567 1', 'notice 1100', 'notice 1101']);
  });

  it('is made anew where a list that was asked for as the broker was lost is not told once he is back', async () => {
    simulator.simulation.faults.add({ request: REQ_POSITIONS.id, times: 1, effect: { kind: 'lose' } });
    const { gateway, told } = connect({ times: { ...QUICK, questionMs: 400 } });
    await gateway.started;
    const lost = gateway.ask(positions());
    simulator.simulation.breakLink();
    await expect(lost).rejects.toThrow('no answer within 400 ms');
    simulator.simulation.restoreLink(true);
    await eventually(() => expect(told).toContain('positions was not answered within 400 ms'));
    await eventually(() => expect(told.at(-1)).toBe('ready DU1234567 1'));
    expect(await gateway.ask(positions(), 5_000)).toEqual([]);
  });

  it('that is made while the broker is away knows it', async () => {
    simulator.simulation.breakLink();
    const { gateway } = connect();
    await gateway.started;
    await eventually(() => expect(gateway.linkBroken).toBe(true));
  });

  it('comes back after the daily restart, and what was asked meanwhile was refused, not sent later', async () => {
    const { gateway, told } = connect();
    await gateway.started;
    simulator.simulation.faults.add({ request: 49, times: 1, effect: { kind: 'silence' } });
    const asked = gateway.ask(currentTime());
    simulator.simulation.restart(100);
    await expect(asked).rejects.toThrow(VenueUnavailable);
    await eventually(() => expect(told.at(-1)).toBe('ready DU1234567 1'));
    expect(told[1]).toBe('the Gateway ended the connection');
  });

  it.each([
    [176, 'speaks version 176 of the protocol'],
    [177, 'ready DU1234567 1'],
  ])('to a Gateway of version %i is told: %s', async (serverVersion, expected) => {
    await simulator.close();
    simulator = await startSimulator({ serverVersion });
    const { gateway, told } = connect();
    await gateway.started;
    expect(told[0]).toContain(expected);
    expect(gateway.session === null).toBe(serverVersion < 177);
  });

  it.each(['of a question', 'of events', 'of its readiness'])(
    'at whose message a listener %s throws ends with that, and is made anew',
    async (which) => {
      let throws = true;
      const fails = () => {
        if (throws) throw new TypeError('so it is');
      };
      const { gateway, told } = connect({
        ...(which === 'of events' ? { onEvent: fails } : {}),
        ...(which === 'of its readiness'
          ? { onReady: async () => void (throws ? fails() : told.push('ready')) }
          : {}),
      });
      await gateway.started;
      if (which === 'of a question') {
        const { send } = currentTime();
        await expect(gateway.ask({ name: 'x', send, hear: fails })).rejects.toThrow('so it is');
      }
      await eventually(() => expect(told.join()).toContain('could not be handled: so it is'));
      throws = false;
      await eventually(() => expect(told.at(-1)).toContain('ready'));
      expect(await gateway.ask(currentTime())).toBe(FRIDAY);
    },
  );

  it('sends no more than the Gateway takes, however much is asked', async () => {
    const { gateway } = connect();
    await gateway.started;
    const sentMs: number[] = [];
    gateway.session?.api.on(EventName.sent, () => sentMs.push(performance.now()));
    const asked = Array.from({ length: 80 }, () => gateway.ask(contractDetails({ symbol: 'AAPL' }), 60_000));
    await Promise.allSettled(asked);
    expect(sentMs.length).toBeGreaterThanOrEqual(80);
    const inASecond = sentMs.map((from) => sentMs.filter((ms) => ms >= from && ms < from + 1000).length);
    // What the definition says, and where a timer is a hair early one tenth of a second more.
    const [{ limit, windowMs } = { limit: 0, windowMs: 0 }] = definition.live?.rates ?? [];
    expect({ limit, windowMs }).toEqual({ limit: 40, windowMs: 1000 });
    expect(Math.max(...inASecond)).toBeLessThanOrEqual(limit * 1.1);
  });

  it('asks one question without an id at a time, and gives each its own answer', async () => {
    const { gateway } = connect();
    await gateway.started;
    let skew = 0;
    const answers = [1, 2, 3].map(async () => {
      const answer = await gateway.ask(currentTime());
      skew += 1000;
      simulator.simulation.skewMs = skew;
      return answer;
    });
    expect(await Promise.all(answers)).toEqual([FRIDAY, FRIDAY + 1000, FRIDAY + 2000]);
  });
});

it('what came while this process stood still is read before an answer counts as late', async () => {
  const late = vi.fn();
  after(10, late);
  const untilMs = performance.now() + 400;
  while (performance.now() < untilMs);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(late).not.toHaveBeenCalled();
  await eventually(() => expect(late).toHaveBeenCalledOnce());
});

it('a summary of the account that is not answered in time is ended: the Gateway gives two at a time, and no more', async () => {
  simulator.simulation.faults.add({ answer: ACCOUNT_SUMMARY_END.id, times: 2, effect: { kind: 'lose' } });
  const { gateway } = connect({ times: { ...QUICK, questionMs: 300 } });
  await gateway.started;
  const asked = () => gateway.ask(ledger('DU1234567', 'USD'));
  for (const _ of [1, 2]) await expect(asked()).rejects.toThrow('no answer within 300 ms');
  expect((await asked()).get('CashBalance')).toBe('100000.00');
});

describe('a contract', () => {
  const resolved = async (instrument = NQ, held: Parameters<typeof resolveContract>[2] = []) => {
    const [gateway = connect().gateway] = open;
    await gateway.started;
    return resolveContract(gateway, instrument, held);
  };

  /** A position's contract, as the Gateway lists it. */
  const heldIn = (name: string): Contract => {
    const { instruments } = simulator.simulation;
    const found = instruments.find(({ localSymbol }) => localSymbol === name);
    if (found === undefined) throw new Error(`no ${name}`);
    const { conId, symbol, localSymbol, tradingClass, multiplier, currency } = found;
    return { conId, symbol, localSymbol, tradingClass, multiplier, currency, secType: 'FUT' as never };
  };

  it('of a future is its front month, never the continuous one', async () => {
    expect(await resolved()).toMatchObject({
      contract: { secType: 'FUT', localSymbol: 'NQZ6', exchange: 'CME', currency: 'USD' },
      name: 'NQZ6',
      problem: null,
    });
  });

  it('of one month is that month, whatever else is held', async () => {
    const march = { ...NQ, contractMonth: '202703' };
    expect(await resolved(march, [heldIn('NQZ6')])).toMatchObject({ name: 'NQH7', problem: null });
    expect(await resolved({ ...NQ, contractMonth: '202604' })).toMatchObject({
      problem: 'NQ/USD 202604 is not listed at the broker (200): it has expired, or there is no such month',
    });
  });

  it('of oil and gold is that of its month, and as the broker lists it: what follows, however little it is traded', async () => {
    await simulator.close();
    simulator = await startSimulator({ commodities: ['CL', 'GC'] });
    const { gateway } = connect();
    await gateway.started;
    const followed = async (symbol: string, exchange: string, multiplier: string, contractMonth: string) => {
      const fields = {
        kind: 'future' as const,
        tickSize: '0.1',
        lotSize: '1',
        multiplier,
        exchange,
        contractMonth,
      };
      const instrument = buildInstrument(0, {
        ...fields,
        symbol,
        minNotional: '0',
        makerFeePpm: 0,
        takerFeePpm: 0,
      });
      const found = await resolveContract(gateway, instrument, []);
      if (!('contract' in found)) throw new Error(found.problem);
      return { listed: found.listed, following: await followingContract(gateway, found) };
    };
    // It trades for the last time in the month before its own, and on the day that the calendar has, too.
    expect(await followed('CL/USD', 'NYMEX', '1000', '202701')).toEqual({
      listed: { name: 'CLF7', month: '202701', lastTradeDay: '2026-12-21' },
      following: { name: 'CLG7', month: '202702', lastTradeDay: '2027-01-20' },
    });
    expect(await followed('GC/USD', 'COMEX', '100', '202612')).toEqual({
      listed: { name: 'GCZ6', month: '202612', lastTradeDay: '2026-12-29' },
      following: { name: 'GCF7', month: '202701', lastTradeDay: '2027-01-27' },
    });
    for (const [symbol, month, day] of [
      ['CL/USD', '202701', '2026-12-21'],
      ['GC/USD', '202612', '2026-12-29'],
    ] as const)
      expect(dateText(rolledSeries(symbol).lastTradeDay(month))).toBe(day);
  });

  describe('of silver', () => {
    beforeEach(async () => {
      await simulator.close();
      simulator = await startSimulator({ commodities: ['SI'] });
    });

    it('is full-size or micro, which the broker lists under one symbol, by the desk file', async () => {
      const in202612 = { contractMonth: '202612' };
      expect(await resolved({ ...SI, ...in202612 })).toMatchObject({ name: 'SIZ6', problem: null });
      expect(await resolved({ ...SIL, ...in202612 })).toMatchObject({ name: 'SILZ6', problem: null });
      expect(await resolved(SI)).toMatchObject({ name: 'SIX6', problem: null });
      expect(await resolved(SIL)).toMatchObject({ name: 'SILX6', problem: null });
      expect(await resolved({ ...SI, multiplier: '1000' })).toMatchObject({ name: 'SILX6', problem: null });
      expect((await resolved({ ...SI, multiplier: '50' })).problem).toBe(
        'SI/USD: multiplier is 5000 (SIX6) or 1000 (SILX6) at the broker, 50 in the desk file',
      );
      expect((await resolved({ ...SIL, multiplier: '5000' })).problem).toBe(
        'SIL/USD: multiplier is 1000 at the broker, 5000 in the desk file',
      );
    });

    it('is that of its own position, not of one in the other size', async () => {
      const held = [heldIn('SIZ6'), heldIn('SILF7')];
      expect(await resolved(SI, held)).toMatchObject({ name: 'SIZ6' });
      expect(await resolved(SIL, held)).toMatchObject({ name: 'SILF7' });
      expect(await resolved(SI, [heldIn('SILF7')])).toMatchObject({ name: 'SIX6' });
      const option = { ...heldIn('SIZ6'), conId: 7, secType: 'FOP' as never };
      expect(await resolved(SI, [option])).toMatchObject({ name: 'SIX6' });
    });

    it('is followed by a month of its own size', async () => {
      const { gateway } = connect();
      await gateway.started;
      for (const [instrument, name] of [
        [SI, 'SIZ6'],
        [SIL, 'SILZ6'],
      ] as const) {
        const found = await resolveContract(gateway, instrument, []);
        if (!('contract' in found)) throw new Error(found.problem);
        expect(await followingContract(gateway, found)).toMatchObject({ name, lastTradeDay: '2026-12-29' });
      }
    });
  });

  it('of a stock is the one that is listed where the desk file says', async () => {
    expect(await resolved({ ...APPLE, exchange: 'NASDAQ' })).toMatchObject({ name: 'AAPL', problem: null });
    expect(await resolved({ ...APPLE, exchange: 'NYSE' })).toMatchObject({
      problem: 'AAPL/USD is not listed at the broker (200)',
    });
  });

  it('of a stock goes by the broker’s own routing', async () => {
    expect(await resolved(APPLE)).toMatchObject({
      contract: { conId: 265_598, secType: 'STK', exchange: 'SMART' },
      problem: null,
    });
  });

  it('of which a later month is held stays that month, and of several held months none is traded', async () => {
    expect(await resolved(NQ, [heldIn('NQH7')])).toMatchObject({ name: 'NQH7', problem: null });
    const both = await resolved(NQ, [heldIn('NQZ6'), heldIn('NQH7')]);
    expect(both).toEqual({
      instrument: NQ,
      problem: 'NQ/USD: positions or orders in several months (NQZ6, NQH7); close all but one',
    });
    // Its position and its stop.
    expect(await resolved(NQ, [heldIn('NQH7'), heldIn('NQH7')])).toMatchObject({ name: 'NQH7' });
  });

  it.each([
    [{ ...NQ, tickSize: '0.5' }, 'NQ/USD: tickSize is 0.25 at the broker, 0.5 in the desk file'],
    [{ ...NQ, multiplier: '2' }, 'NQ/USD: multiplier is 20 at the broker, 2 in the desk file'],
    [{ ...NQ, lotSize: '0.1' }, 'NQ/USD: lotSize is 1 at the broker, 0.1 in the desk file'],
    [{ ...APPLE, base: 'NONE', symbol: 'NONE/USD' }, 'NONE/USD is not listed at the broker (200)'],
  ])('that is otherwise than the desk file says is not traded: %#', async (instrument, problem) => {
    expect((await resolved(instrument)).problem).toBe(problem);
  });

  it('that is quoted in cents is as the desk file says if that describes it in cents', async () => {
    await simulator.close();
    simulator = await startSimulator({ commodities: ['ZC'] });
    expect(await resolved(CORN)).toMatchObject({ name: 'ZCZ6', problem: null });
    const inDollars = { ...CORN, tickSize: '0.0025', multiplier: '5000' };
    expect((await resolved(inDollars)).problem).toBe(
      'ZC/USD: tickSize is 0.25 at the broker, 0.0025 in the desk file; multiplier is 50 at the broker, 5000 in the desk file (the broker quotes it in 1/100 USD)',
    );
  });

  /** At a Gateway that describes the contract so. */
  const described = async (instrument: Instrument, told: Partial<ContractDetails>) => {
    const { kind, base, quote } = instrument;
    const contract = {
      ...{ conId: 1, symbol: base, localSymbol: base, tradingClass: base },
      secType: kind === 'stock' ? 'STK' : 'FUT',
      ...{ currency: quote, lastTradeDateOrContractMonth: '20261218', ...told.contract },
    };
    const gateway = { ask: async () => [{ contractMonth: '202612', ...told, contract }] };
    return (await resolveContract(gateway as unknown as Gateway, instrument, [])).problem;
  };

  it.each([
    ['live cattle', '0.025', '400', 0.00025, 40_000, 100],
    ['soy oil', '0.01', '600', 0.0001, 60_000, 100],
    ['rupees', '0.01', '500', 0.000001, 5_000_000, 10_000],
    ['yen', '0.0000005', '12500000', 0.0000005, 12_500_000, 1],
    ['gold in grams', '0.02', '32.15', 0.02, 32.15, 0],
  ])(
    'of %s is compared by exact decimals',
    async (_, tickSize, point, minTick, multiplier, priceMagnifier) => {
      const instrument = { ...NQ, tickSize, multiplier: point };
      expect(await described(instrument, { minTick, priceMagnifier, contract: { multiplier } })).toBeNull();
    },
  );

  it('of a share that is quoted in pence is not traded: a desk counts its prices in whole pounds', async () => {
    const share = { ...APPLE, symbol: 'IQE/GBP', base: 'IQE', quote: 'GBP' };
    expect(await described(share, { minTick: 0.0001, priceMagnifier: 100 })).toBe(
      'IQE/GBP: multiplier is 0.01 at the broker, 1 in the desk file (the broker quotes it in 1/100 GBP)',
    );
  });

  it('is refused by its code where the Gateway refuses the question', async () => {
    const { gateway } = connect();
    await gateway.started;
    const asked = gateway.ask(contractDetails({ symbol: 'AAPL', secType: 'XYZ' as never }));
    await expect(asked).rejects.toThrow(Refused);
    await expect(asked).rejects.toThrow(/^321 /);
  });
});
