/**
 * An account at a spot venue in exact units: what fees really take, from cash, from the coin that was bought or from a stock
 * of BNB. Trades round trips of random size on it and tells the engine of each fill; both books must agree at each one.
 */
import { formatUnits, parseUnits } from '../../../src/domain/money.js';
import type { Fill } from '../../../src/domain/order.js';
import { applyRecord } from '../../../src/engine/apply-record.js';
import { createState } from '../../../src/engine/state.js';
import { coins, crossStrategy, engineConfigWith } from '../../support/engine-config.js';
import { DeskUnderTest } from './desk.js';

export type FeeAsset = 'USDT' | 'coin' | 'BNB';

const START = parseUnits('10000');
const PPM = 1_000_000n;
const FEE_PPM = 1_000n;
const BNB = 2;
const BNB_TICKS = 60_000;
/** Lot 0.001 and tick 0.01: units of 1e-8 in a lot, and of money in a tick times a lot. */
const LOT = 100_000n;
const PER_TICK_LOT = 1_000n;

export class ExactAccount {
  readonly desk: DeskUnderTest;
  cash = START;
  readonly held = [0n, 0n];
  bnb = 0n;
  bnbWorth = 0n;
  #trades = 0;

  constructor(readonly draw: (below: number) => number) {
    const instruments = coins(['BTC', 'ETH', 'BNB'], { minNotional: '0' });
    const strategies = crossStrategy(instruments.slice(0, 2), { fastBars: 200, slowBars: 400 });
    const { risk } = engineConfigWith({ instruments });
    this.desk = new DeskUnderTest({ instruments, strategies, risk, feeAssets: { BNB } }).active();
    this.desk.happen({ kind: 'quote', instrument: BNB, bidTicks: BNB_TICKS, askTicks: BNB_TICKS + 2 });
  }

  /** Buys in parts and sells what can be sold, in parts. */
  roundTrip(asset: FeeAsset): void {
    const at = this.draw(2);
    const lots = 1 + this.draw(3_000);
    for (const part of this.#parts(lots)) this.#execute(at, 'buy', part, asset);
    const whole = Number(this.held[at]! / LOT);
    for (const part of this.#parts(whole)) this.#execute(at, 'sell', part, asset === 'coin' ? 'USDT' : asset);
    this.#answerOrders();
  }

  /** The engine reads the venue; true where both books are equal to the last unit, and nothing halted. */
  agrees(): boolean {
    const { desk } = this;
    desk.command({ name: 'reconcile' });
    const positions = [...this.held.map((coinUnits) => Number(coinUnits / LOT)), 0];
    desk.snapshot({ positions, cash: this.cash });
    const { view } = desk.engine;
    const balances = new Map(view.balances.map((balance) => [balance.asset, balance.amount]));
    const equal = (asset: string, units: bigint) => parseUnits(balances.get(asset) ?? '0') === units;
    return (
      view.mode === 'ACTIVE' &&
      view.reconciliation.state === 'clean' &&
      view.reconciliation.differences.every(({ what }) => what !== 'balance' && what !== 'position') &&
      equal('USDT', this.cash) &&
      equal('BTC', this.held[0]!) &&
      equal('ETH', this.held[1]!) &&
      equal('BNB', -this.bnb)
    );
  }

  /** The stops that came and went with the position. */
  #answerOrders(): void {
    for (const { clientId } of this.desk.engine.view.orders) {
      this.desk.happen({ kind: 'order.accepted', clientId, venueId: `v-${clientId}` });
      this.desk.happen({ kind: 'order.cancelled', clientId });
    }
  }

  *#parts(lots: number): Generator<number> {
    for (let left = lots; left > 0; ) {
      const part = this.draw(2) === 0 ? left : 1 + this.draw(left);
      left -= part;
      yield part;
    }
  }

  #execute(at: number, side: 'buy' | 'sell', quantityLots: number, asset: FeeAsset): void {
    const priceTicks = 9_900 + this.draw(200);
    const value = BigInt(quantityLots) * BigInt(priceTicks) * PER_TICK_LOT;
    const sign = side === 'buy' ? 1n : -1n;
    this.cash -= sign * value;
    this.held[at] = this.held[at]! + sign * BigInt(quantityLots) * LOT;
    const fee = this.#takeFee(at, quantityLots, value, asset);
    this.#trades += 1;
    const ids = { tradeId: `x${this.#trades}`, clientId: 'fabc123zzzz', instrument: at };
    const what = {
      side,
      quantityLots,
      priceTicks,
      liquidity: 'taker' as const,
      marketMs: this.desk.marketMs,
    };
    this.desk.happen({ kind: 'fill', fill: { ...ids, ...what, ...fee, simulated: true } });
  }

  #takeFee(at: number, lots: number, value: bigint, asset: FeeAsset): Pick<Fill, 'fee' | 'feeIn'> {
    if (asset === 'USDT') {
      const fee = (value * FEE_PPM) / PPM;
      this.cash -= fee;
      return { fee: Number(fee) };
    }
    if (asset === 'coin') {
      const kept = (BigInt(lots) * LOT * FEE_PPM) / PPM;
      this.held[at] = this.held[at]! - kept;
      return { fee: 0, feeIn: { asset: at === 0 ? 'BTC' : 'ETH', amount: formatUnits(kept) } };
    }
    // BNB at 600.00; the venue cuts to eight places.
    const taken = (value * FEE_PPM) / PPM / 600n + 1n;
    this.bnb += taken;
    this.bnbWorth += taken * 600n;
    return { fee: 0, feeIn: { asset: 'BNB', amount: formatUnits(taken) } };
  }
}

/** What all closed round trips came to, after fees, and what the account really gained, coins below a lot at their cost. */
export function results({ desk, cash, bnbWorth }: ExactAccount): {
  readonly trips: bigint;
  readonly gained: bigint;
} {
  const state = createState();
  for (const record of desk.records) applyRecord(state, record);
  const trips = [...state.trips.values()].reduce((sum, { realised }) => sum + realised, 0n);
  const left = state.positions.reduce((sum, { cost }) => sum + cost, 0n);
  return { trips, gained: cash + left - bnbWorth - START };
}
