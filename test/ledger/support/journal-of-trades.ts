/** A journal as a trader would write it, from a seed: orders, fills, adopted positions, halts, equity. */

import { type Draw, drawFrom } from '../../../simulators/random.js';
import type { FollowedEntry } from '../../../src/contracts/control.js';
import { buildInstrument } from '../../../src/domain/build-instrument.js';
import type { Fill, OrderIntent, Side } from '../../../src/domain/order.js';
import type { EngineRecord, JournalEntry } from '../../../src/engine/record.js';
import { endsGroup } from '../../../src/trader/journal/followed-group.js';
import { CHAIN_START, FRAME_BYTES } from '../../../src/trader/journal/format.js';
import { chainNext } from '../../../src/trader/journal/v1.js';
import { GroupWriter } from '../../../src/trader/journal/v2/group.js';

export const FEES = { minNotional: '5', makerFeePpm: 1000, takerFeePpm: 1000, kind: 'spot' } as const;
export const INSTRUMENTS = [
  buildInstrument(0, { symbol: 'BTC/USDT', tickSize: '0.01', lotSize: '0.00001', ...FEES }),
  buildInstrument(1, { symbol: 'ETH/USDT', tickSize: '0.01', lotSize: '0.0001', ...FEES }),
];
const START_MS = Date.UTC(2026, 0, 5);

/** As a follower gets them: in commit groups of some records each, after `before`. */
export function entriesOf(
  records: readonly EngineRecord[],
  incarnation: string,
  before: Pick<JournalEntry, 'sequence' | 'chain'> = { sequence: 0, chain: CHAIN_START },
): readonly FollowedEntry[] {
  let { chain } = before;
  const entries: FollowedEntry[] = [];
  for (let at = 0; at < records.length; ) {
    const size = 1 + (at % 5);
    const group = new GroupWriter(incarnation, before.sequence + at + 1, START_MS + at * 10, at * 10);
    for (const record of records.slice(at, at + size)) {
      group.add(record, START_MS + at * 10, at * 10);
      at += 1;
    }
    const sealed = group.seal(chain);
    const groupBytes = sealed.frame.subarray(FRAME_BYTES).toString('base64');
    entries.push(...sealed.entries.map((entry) => (endsGroup(entry) ? { ...entry, groupBytes } : entry)));
    chain = sealed.entries[0]?.chain ?? chain;
  }
  return entries;
}

/** As a trader told them whose journal was of format v1. */
export function firstFormatEntriesOf(
  records: readonly EngineRecord[],
  incarnation: string,
): readonly JournalEntry[] {
  let chain = CHAIN_START;
  return records.map((record, index) => {
    chain = chainNext(chain, JSON.stringify(record));
    return { incarnation, sequence: index + 1, wallMs: START_MS + index * 10, record, chain };
  });
}

export function recordsOfTrades(seed: number, count: number, account = 'paper'): readonly EngineRecord[] {
  const draw = drawFrom(seed);
  const records: EngineRecord[] = [
    {
      type: 'config',
      configHash: 'hash',
      desk: 'crypto-bot',
      symbols: INSTRUMENTS.map((instrument) => instrument.symbol),
      instruments: INSTRUMENTS,
      startingCash: 10_000 * 100_000_000,
      account,
      marketMs: START_MS,
    },
  ];
  for (let number = 1; records.length < count; number += 1) records.push(...oneTrade(draw, number));
  return records.slice(0, count);
}

function oneTrade(draw: Draw, number: number): EngineRecord[] {
  const marketMs = START_MS + number * 60_000;
  const order = intent(draw, number);
  const { clientId } = order;
  const state = (
    next: 'working' | 'cancelling' | 'cancelled' | 'rejected',
    venueId: string | null,
  ): EngineRecord => ({
    type: 'order.state',
    clientId,
    state: next,
    venueId,
    reason: next === 'rejected' ? 'no funds \0 \ud800 here' : '',
    marketMs,
  });
  const kind = draw(10);
  if (kind === 0)
    return [{ type: 'order.denied', order, limit: 'positionSize', reason: 'too large', marketMs }];
  if (kind === 1) return [{ type: 'order.intended', order, marketMs }, state('rejected', null)];
  if (kind === 2) {
    const quantityLots = draw(2) === 0 ? 0 : draw(500) - 250;
    return [
      { type: 'position.adopted', instrument: draw(2), quantityLots, priceTicks: price(draw), marketMs },
    ];
  }
  if (kind === 3) {
    const equity = (9_000 + draw(2_000)) * 100_000_000 + draw(1000);
    return [{ type: 'equity', equity, peak: equity, cash: equity, unrealised: 0, marketMs }];
  }
  const records: EngineRecord[] = [
    { type: 'order.intended', order, marketMs },
    state('working', `v${number}`),
  ];
  const parts = 1 + draw(3);
  let left = order.quantityLots;
  for (let part = 0; part < parts && left > 0; part += 1) {
    if (draw(4) === 0) records.push(state('cancelling', null));
    const quantityLots = part === parts - 1 && draw(2) === 0 ? left : 1 + draw(left);
    left -= quantityLots;
    records.push(fill(draw, order, `t${number}-${part}`, quantityLots, marketMs + part));
  }
  if (left > 0 && draw(2) === 0) records.push(state('cancelled', null));
  return records;
}

function intent(draw: Draw, number: number): OrderIntent {
  return {
    clientId: `fabc123${number.toString(36)}`,
    instrument: draw(2),
    strategy: 'ema-cross',
    purpose: draw(2) === 0 ? 'entry' : 'exit',
    side: draw(2) === 0 ? 'buy' : 'sell',
    type: 'limit',
    quantityLots: 1 + draw(300),
    limitTicks: price(draw),
    stopTicks: null,
    protectTicks: null,
    reduceOnly: false,
    timeInForce: 'GTC',
  };
}

function price(draw: Draw): number {
  return 5_000_000 + draw(1_000_000);
}

/** Now and then from an asset kept for fees. */
function feeIn(draw: Draw): Pick<Fill, 'feeIn'> {
  if (draw(4) > 0) return {};
  const amount = `0.0000${String(1 + draw(900)).padStart(4, '0')}`;
  return { feeIn: { asset: 'BNB', amount, priceTicks: 60_000 } };
}

function fill(
  draw: Draw,
  order: OrderIntent,
  tradeId: string,
  quantityLots: number,
  marketMs: number,
): EngineRecord {
  const side: Side = order.side;
  return {
    type: 'fill',
    fill: {
      tradeId,
      clientId: order.clientId,
      instrument: order.instrument,
      side,
      quantityLots,
      priceTicks: price(draw),
      fee: draw(1_000_000),
      ...feeIn(draw),
      liquidity: 'maker',
      marketMs,
      simulated: true,
    },
  };
}
