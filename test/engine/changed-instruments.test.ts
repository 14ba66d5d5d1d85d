/**
 * Where the desk file's instruments change, everything in the state stays with its symbol. Desks that number their
 * instruments differently live through the same: after the same changes they have the same state.
 */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Fill, OrderIntent, Side } from '../../src/domain/order.js';
import type { Signal } from '../../src/domain/signal.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { createState, type EngineState, emptyHolding } from '../../src/engine/state.js';
import { coins } from '../support/engine-config.js';

const START_MS = Date.UTC(2026, 0, 5, 12);
const at = { marketMs: START_MS };
const said = { by: 'operator', reason: 'test', ...at };

/** `incarnation`: of the journal; a new one is that of a restored journal. */
function config(names: readonly string[], incarnation: string, lotSize?: string): EngineRecord {
  const instruments = coins(names).map((one) => ({ ...one, lotSize: lotSize ?? one.lotSize }));
  const symbols = instruments.map(({ symbol }) => symbol);
  return {
    ...{ type: 'config', desk: 'desk', configHash: 'hash', symbols, instruments, incarnation, ...at },
    ...{ startingCash: 1_000_000_000_000, accountId: '12' },
  };
}

/** Fills every member of the state that a change of the instruments may find filled. */
function historyOf(names: readonly string[]): EngineRecord[] {
  const former = [...names, 'XRP'];
  const fill = (name: string, tradeId: string, side: Side, more: Partial<Fill> = {}): EngineRecord => ({
    type: 'fill',
    fill: {
      ...{ tradeId, clientId: 'web', instrument: former.indexOf(name), side, quantityLots: 1_000, ...at },
      ...{ priceTicks: 10_000, fee: 0, liquidity: 'taker', simulated: true, ...more },
    },
  });
  const signal = (name: string): EngineRecord => ({
    ...{ type: 'signal', by: 'operator', ...at },
    signal: {
      ...{ source: 'tv', id: name, revision: 1, instrument: former.indexOf(name), action: 'buy', text: '' },
      ...{ entryTicks: 9_990, stopTicks: 9_800, targetTicks: [10_200] },
      ...{ issuedMs: START_MS, expiresMs: START_MS + 600_000 },
    } satisfies Signal,
  });
  const ofEach = (name: string, place: number): EngineRecord[] => {
    const symbol = `${name}/USDT`;
    const order: OrderIntent = {
      ...{ clientId: `fabc123${place + 1}`, instrument: names.indexOf(name), strategy: 'cross' },
      ...{ purpose: 'entry', side: 'buy', type: 'limit', quantityLots: 1_000, limitTicks: 10_000 },
      ...{ stopTicks: null, protectTicks: 9_500, reduceOnly: false, timeInForce: 'GTC' },
    };
    const feeIn = { asset: 'BNB', amount: `0.00${place + 1}`, unvalued: true } as const;
    return [
      { type: 'order.intended', order, ...at },
      fill(name, `${name}1`, 'buy', { clientId: order.clientId }),
      fill(name, `${name}2`, 'sell', { feeIn }),
      fill(name, `${name}3`, 'buy', { quantityLots: place + 1 }),
      signal(name),
      { type: 'coins.counted', symbol, coins: { nobodys: place, foreign: 7, toMove: 0 }, ...said },
      { type: 'stop.gap', symbol, ms: 5 + place, why: 'opened', ended: 'protected', ...at },
      {
        ...{ type: 'dividend', actionId: `a${place}`, instrument: names.indexOf(name), perShare: '0.01' },
        ...{ amount: 1_000_000, ...said },
      },
      {
        ...{ type: 'reconciled', requestId: place, clean: false, fillsThroughMs: START_MS, ...at },
        differences: [{ what: 'position', symbol, ours: '1', venues: '2', rule: 'flag' }],
      },
    ];
  };
  return [
    config(former, 'abc123'),
    fill('XRP', 'XRP1', 'buy'),
    fill('XRP', 'XRP2', 'sell'),
    signal('XRP'),
    config(names, 'abc123'),
    ...['BTC', 'ETH', 'SOL'].flatMap(ofEach),
    config(names, 'def456'),
  ];
}

function stateAfter(records: readonly EngineRecord[]): EngineState {
  const state = createState();
  for (const record of records) applyRecord(state, record);
  return state;
}

const ORDERS = [
  ['BTC', 'ETH', 'SOL'],
  ['ETH', 'BTC', 'SOL'],
  ['SOL', 'BTC', 'ETH'],
] as const;

describe('a change of the instruments', () => {
  it.each([
    ['in another order', ['ETH', 'SOL', 'BTC']],
    ['with fewer', ['ETH', 'BTC']],
    ['with others', ['LTC', 'SOL', 'XRP', 'ETH']],
    ['with none of before', ['LTC']],
  ])('%s leaves everything with its symbol, whatever number this had', (_, names) => {
    const all = config(['LTC', 'XRP', 'SOL', 'ETH', 'BTC'], 'def456');
    const [one, ...others] = ORDERS.map((before) =>
      stateAfter([...historyOf(before), config(names, 'def456'), all]),
    );
    for (const other of others) expect(other).toEqual(one);
    expect(one?.putBack).toEqual(new Set([0, 1, 2, 3, 4]));
    const known = [...(one?.signals.values() ?? [])].map(({ signal }) => [signal?.id, signal?.instrument]);
    expect(known.sort()).toEqual([
      ['BTC', 4],
      ['ETH', 3],
      ['SOL', 2],
      ['XRP', 1],
    ]);
  });

  it('was tried on every member of the state', () => {
    const [state, empty] = [stateAfter(historyOf(ORDERS[0])), createState()];
    const members = Object.keys(state) as (keyof EngineState)[];
    const untouched = members.filter((member) => isDeepStrictEqual(state[member], empty[member]));
    expect(untouched.sort()).toEqual(
      [
        // They hold no number of an instrument.
        ...[
          'settings',
          'goLive',
          'goLiveEnded',
          'fillHorizonMs',
          'fillsThroughMs',
          'capitalMoved',
          'movementsBooked',
          'volumes',
        ],
        ...[
          'cashDiffersSinceMs',
          'cashExplained',
          'corrections',
          'feesElsewhere',
          'feesExpected',
          'halts',
          'mode',
          'closeAll',
          'flatMs',
          'day',
          'peak',
        ],
        ...['equityMs', 'toggles', 'lossesInARow', 'sizeFactorPpm', 'signalsRefused'],
        // They are empty when instruments change: a start first tells what was closed, and ends what waits.
        ...['tradesToTell', 'waiting'],
        // Nothing but dust is held then, which has no stop.
        'mayBeClosed',
      ].sort(),
    );
  });

  it('keeps the ids of fills only for as long as the venue may list them', () => {
    const state = stateAfter([...historyOf(ORDERS[0]), config(['LTC'], 'def456')]);
    expect([...state.formerFills.keys()].sort()).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'XRP/USDT']);
    const fillsThroughMs = START_MS + 86_400_000;
    applyRecord(state, {
      ...{ type: 'reconciled', requestId: 9, clean: true, differences: [], fillsThroughMs },
      marketMs: fillsThroughMs,
    });
    expect(state.formerFills).toEqual(new Map());
  });

  it('leaves what fees in coins earned or cost between two trades to the next one, also that of a part', () => {
    const state = stateAfter([config(['BTC', 'ETH'], 'abc123')]);
    const [position] = state.positions;
    Object.assign(position!, { carried: -7n, parts: [{ ...emptyHolding(0), carried: 3n }] });
    applyRecord(state, config(['ETH', 'BTC'], 'abc123'));
    expect(state.positions.map(({ carried }) => carried)).toEqual([0n, -4n]);
  });

  it.each([
    ['0.0001', { nobodys: 150, foreign: 70, toMove: 0 }],
    ['0.00001', { nobodys: 1_500, foreign: 700, toMove: 0 }],
    ['0.01', { nobodys: 1, foreign: 0, toMove: 0 }],
  ])('to a lot of %s leaves coins that are not the desk’s the same amount', (lotSize, expected) => {
    const state = stateAfter([
      config(['BTC'], 'abc123', '0.001'),
      {
        ...{ type: 'coins.counted', symbol: 'BTC/USDT', coins: { nobodys: 15, foreign: 7, toMove: 0 } },
        ...said,
      },
      config(['BTC'], 'abc123', lotSize),
    ]);
    expect(state.coins.get('BTC/USDT')).toEqual(expected);
  });
});
