/**
 * Random fills, crossings and adoptions of three strategies side by side, against an exact model: the trades and what nobody
 * owns add up to the venue's net at every step, cash is what the venue counts for that net, and equity is the sum of the
 * trades.
 */

import { describe, expect, it } from 'vitest';
import { drawFrom } from '../../simulators/random.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { InstrumentKind } from '../../src/domain/instrument.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import { fundsOf, heldPositions } from '../../src/engine/books.js';
import { MarketBook } from '../../src/engine/market-book.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { createState, type EngineState } from '../../src/engine/state.js';
import { stateHash } from '../../src/engine/state-hash.js';

const SEEDS = 15;
const STEPS = 300;
const START = 1_000_000_000_000n;
const OWNERS = ['a', 'b', 'c'] as const;
const NOBODY = 'fermata';

interface Steps {
  readonly kind: InstrumentKind;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly multiplier?: string;
}

/** Units of 1e-8 in a tick of a lot: 0.01 × 0.001, and 0.25 × 20. */
const KINDS: readonly (readonly [Steps, perTickLot: bigint])[] = [
  [{ kind: 'linear', tickSize: '0.01', lotSize: '0.001' }, 1_000n],
  [{ kind: 'future', tickSize: '0.25', lotSize: '1', multiplier: '20' }, 500_000_000n],
];

interface Book {
  lots: bigint;
  cost: bigint;
  /** Gross of what is closed, less fees. */
  result: bigint;
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);
const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);

/** Halves away from zero. */
function part(whole: bigint, of: bigint, all: bigint): bigint {
  const rounded = (2n * size(whole) * of + all) / (2n * all);
  return whole < 0n ? -rounded : rounded;
}

/** Average cost; what is more than is held opens the other side. Gives what was gained. */
function trade(book: Book, signedLots: bigint, perLot: bigint): bigint {
  const reduces = book.lots !== 0n && book.lots > 0n !== signedLots > 0n;
  const out = reduces ? least(size(signedLots), size(book.lots)) * (book.lots > 0n ? 1n : -1n) : 0n;
  const costOut = out === 0n ? 0n : part(book.cost, size(out), size(book.lots));
  const gained = out * perLot - costOut;
  book.cost += (signedLots + out) * perLot - costOut;
  book.lots += signedLots;
  book.result += gained;
  return gained;
}

class Walk {
  readonly state: EngineState = createState();
  readonly records: EngineRecord[] = [];
  readonly net: Book = { lots: 0n, cost: 0n, result: 0n };
  readonly trades = new Map<string, Book>();
  /** Results of trades that are closed. */
  closed = 0n;
  cash = START;
  ticks = 10_000;
  #count = 0;

  constructor(
    readonly steps: Steps,
    readonly perTickLot: bigint,
    readonly draw: (below: number) => number,
  ) {
    const fees = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
    const instruments = [buildInstrument(0, { symbol: 'X/USD', ...steps, ...fees, sideBySide: true })];
    this.take({
      ...{ type: 'config', configHash: 'hash', desk: 'desk', symbols: ['X/USD'], instruments },
      ...{ startingCash: Number(START), marketMs: 0 },
    });
  }

  take(record: EngineRecord): void {
    applyRecord(this.state, record);
    this.records.push(record);
  }

  step(): void {
    this.#count += 1;
    this.ticks = 9_000 + this.draw(2_000);
    const chosen = this.draw(10);
    const own = [...this.trades].filter(([owner]) => owner !== NOBODY);
    const [owner, book] = own[this.draw(Math.max(1, own.length))] ?? [];
    if (chosen === 0) this.#adopt();
    else if (chosen === 1) this.#stranger();
    else if (chosen <= 3 && this.#cross()) return;
    else if (chosen <= 6 && owner !== undefined && book !== undefined) this.#leave(owner, book);
    else if (chosen === 7 && this.net.lots !== 0n) this.#close();
    else this.#enter();
  }

  #perLot(): bigint {
    return BigInt(this.ticks) * this.perTickLot;
  }

  #fill(order: Partial<OrderIntent> | null, signedLots: bigint, fee: bigint): void {
    const clientId = `fabc123${this.#count.toString(36)}`;
    const side = signedLots > 0n ? 'buy' : 'sell';
    const quantityLots = Number(size(signedLots));
    if (order !== null)
      this.take({
        type: 'order.intended',
        order: {
          ...{ clientId, instrument: 0, strategy: 'a', purpose: 'entry', side, type: 'market', quantityLots },
          ...{ limitTicks: null, stopTicks: null, protectTicks: null, reduceOnly: false, timeInForce: 'GTC' },
          ...order,
        } as OrderIntent,
        marketMs: 0,
      });
    this.take({
      type: 'fill',
      fill: {
        ...{
          tradeId: `t${this.#count}`,
          clientId: order === null ? 'stranger' : clientId,
          instrument: 0,
          side,
        },
        ...{ quantityLots, priceTicks: this.ticks, fee: Number(fee), liquidity: 'taker', marketMs: 0 },
        simulated: true,
      },
    });
    this.cash += trade(this.net, signedLots, this.#perLot()) - fee;
  }

  #book(owner: string, signedLots: bigint, fee = 0n): void {
    const book = this.trades.get(owner) ?? { lots: 0n, cost: 0n, result: 0n };
    const before = book.lots;
    book.result -= fee;
    trade(book, signedLots, this.#perLot());
    const isTurned = before !== 0n && book.lots !== 0n && before > 0n !== book.lots > 0n;
    if (before !== 0n && (book.lots === 0n || isTurned)) {
      this.closed += book.result;
      this.trades.delete(owner);
      book.result = 0n;
    }
    if (book.lots !== 0n) this.trades.set(owner, book);
  }

  #enter(): void {
    const owner = OWNERS[this.draw(OWNERS.length)]!;
    const held = this.trades.get(owner)?.lots ?? 0n;
    const buys = held === 0n ? this.draw(2) === 0 : held > 0n;
    const lots = BigInt(1 + this.draw(50)) * (buys ? 1n : -1n);
    const fee = BigInt(this.draw(1_000));
    this.#fill(
      { strategy: owner, protectTicks: this.ticks + (buys ? -100 : 100), ownTrade: true },
      lots,
      fee,
    );
    this.#book(owner, lots, fee);
  }

  /** Its stop or its exit, for what it has or for more than that: the rest is nobody's. */
  #leave(strategy: string, { lots: held }: Book): void {
    const most = Number(size(held)) + (this.draw(5) === 0 ? 10 : 0);
    const lots = BigInt(1 + this.draw(most)) * (held > 0n ? -1n : 1n);
    this.#fill({ strategy, purpose: this.draw(2) === 0 ? 'exit' : 'protective' }, lots, 0n);
    const own = least(size(lots), size(held)) * (held > 0n ? -1n : 1n);
    this.#book(strategy, own);
    if (lots !== own) this.#book(NOBODY, lots - own);
  }

  /** Of all that is on the side of the net: nobody's first, then the oldest. */
  #close(): void {
    const { lots: net } = this.net;
    const lots = BigInt(1 + this.draw(Number(size(net)))) * (net > 0n ? -1n : 1n);
    this.#fill({ strategy: NOBODY, purpose: 'close' }, lots, 0n);
    let left = lots;
    for (const owner of new Set([NOBODY, ...this.trades.keys()])) {
      const held = this.trades.get(owner)?.lots ?? 0n;
      if (left === 0n || held === 0n || held > 0n === left > 0n) continue;
      const own = least(size(left), size(held)) * (left > 0n ? 1n : -1n);
      this.#book(owner, own);
      left -= own;
    }
  }

  #stranger(): void {
    const lots = BigInt(1 + this.draw(30)) * (this.draw(2) === 0 ? 1n : -1n);
    this.#fill(null, lots, 0n);
    this.#book(NOBODY, lots);
  }

  #adopt(): void {
    const lots = BigInt(this.draw(60)) - 30n;
    const by = lots - this.net.lots;
    const [instrument, priceTicks] = [0, this.ticks];
    this.take({
      ...{ type: 'position.adopted', instrument, quantityLots: Number(lots), priceTicks, marketMs: 0 },
    });
    if (by === 0n) return;
    this.cash += trade(this.net, by, this.#perLot());
    this.#book(NOBODY, by);
  }

  #cross(): boolean {
    const held = [...this.trades].map(([owner, { lots }]) => ({ owner, lots }));
    const [long, short] = [held.find(({ lots }) => lots > 0n), held.find(({ lots }) => lots < 0n)];
    if (long === undefined || short === undefined) return false;
    const lots = BigInt(1 + this.draw(Number(least(long.lots, -short.lots))));
    const named = ({ owner }: { readonly owner: string }) => ({
      ...{ strategy: owner, why: 'strategy' as const },
      trade: this.state.positions[0]!.parts.find(({ trade }) => trade?.strategy === owner)?.trade?.id ?? '',
    });
    this.take({
      ...{ type: 'trades.crossed', instrument: 0, quantityLots: Number(lots), priceTicks: this.ticks },
      ...{ seller: named(long), buyer: named(short), marketMs: 0 },
    });
    this.#book(long.owner, -lots);
    this.#book(short.owner, lots);
    return true;
  }

  check(): void {
    const position = this.state.positions[0]!;
    expect([BigInt(position.quantityLots), position.cost]).toEqual([this.net.lots, this.net.cost]);
    expect(position.realised).toBe(this.net.result);
    expect(this.state.balances.get('USD')).toBe(this.cash);
    const trades = position.parts.map(({ trade, quantityLots, cost }) => [
      trade?.strategy,
      { lots: BigInt(quantityLots), cost, result: trade?.result },
    ]);
    expect(Object.fromEntries(trades)).toEqual(Object.fromEntries(this.trades));
    const sum = position.parts.reduce((lots, { quantityLots }) => lots + quantityLots, 0);
    expect(sum).toBe(position.quantityLots);
    const realised = [...this.state.trips.values()].reduce((all, trip) => all + trip.realised, 0n);
    expect(realised).toBe(this.closed);
    // The sum of the trades is what the account is worth, at any price.
    const mark = BigInt(this.ticks) * this.perTickLot;
    const worth = ({ lots, cost }: Pick<Book, 'lots' | 'cost'>): bigint => lots * mark - cost;
    const ofTrades = [...this.trades.values()].reduce((all, book) => all + book.result + worth(book), 0n);
    expect(START + this.closed + ofTrades).toBe(this.cash + worth(this.net));
    const market = new MarketBook(this.state.config?.instruments ?? []);
    market.quote(0, this.ticks, this.ticks, 0);
    market.hold(heldPositions(this.state), fundsOf(this.state));
    expect(BigInt(market.equity)).toBe(START + this.closed + ofTrades);
  }
}

describe.each(KINDS)('trades side by side in $kind contracts', (steps, perTickLot) => {
  it('add up to the net at every step, to the last unit, and replay to the same state', () => {
    let crossed = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const walk = new Walk(steps, perTickLot, drawFrom(seed));
      for (let step = 0; step < STEPS; step += 1) {
        walk.step();
        walk.check();
      }
      const again = createState();
      for (const record of walk.records) applyRecord(again, record);
      expect(stateHash(again)).toBe(stateHash(walk.state));
      crossed += walk.records.filter(({ type }) => type === 'trades.crossed').length;
    }
    expect(crossed).toBeGreaterThan(SEEDS);
  });
});
