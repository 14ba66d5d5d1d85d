/**
 * Round trips of the real engine over the wire: its own orders, through the real adapter and the exchange's library, at the strict
 * simulator, which takes fees from cash, from the coin that was bought, or from a stock of BNB that runs out on the way. The
 * model beside it adds up in exact units what the exchange itself lists as fees.
 */

import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { formatUnits, parseUnits } from '../../src/domain/money.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { createState, type EngineState } from '../../src/engine/state.js';
import { type BinanceVenue, openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';
import { type DeskAtVenue, deskAtVenue } from './desk-at-venue.js';
import { coins, crossStrategy } from './engine-config.js';
import { untilHolds } from './eventually.js';

const SYMBOLS = ['BTC', 'ETH'] as const;
const BNB = 2;
const BNB_TICKS = 60_000;
const BNB_WORTH = 600n;
const START = '1000000';
const MINUTE_MS = 60_000;
const CLOSES_UP = [9_700, 9_690, 9_680, 9_670, 9_660, 10_100];
const CLOSES_DOWN = [9_900, 9_800, 9_700];

export class RoundTrips {
  /** BNB that was put there, and the worth of what was taken from it, units. */
  #bnbGiven = 0n;
  #bnbWorth = 0n;
  readonly #feesIn = new Set<string>();
  #openMs = Date.now() - 300 * 86_400_000;
  #asked = 0;

  private constructor(
    readonly simulator: BinanceSimulator,
    readonly venue: BinanceVenue,
    readonly desk: DeskAtVenue,
    readonly books: EngineState,
    /** The newest ones, to say why something didn't come about. */
    readonly notes: readonly EngineRecord[],
    readonly draw: (below: number) => number,
  ) {}

  static async open(draw: (below: number) => number): Promise<RoundTrips> {
    const step = { tickSize: '0.01', stepSize: '0.001' };
    const simulator = await startBinanceSimulator({
      symbols: [
        ...SYMBOLS.map((base) => ({ base, price: '100', ...step })),
        { base: 'BNB', price: '600', ...step },
      ],
      accounts: [{ name: 'desk', balances: { USDT: START } }],
    });
    const instruments = coins([...SYMBOLS, 'BNB']);
    const venue = await openBinanceVenue({
      endpoint: { kind: 'simulator', address: simulator.address },
      credentials: TRADING_KEY,
      instruments,
      foreign: { BNB: '99999999999999999999' },
      // The simulator's own limits stay; the adapter's would refuse entries of a test this quick.
      rateLimited: false,
      times: { requestTimeoutMs: 5_000, reconnect: { firstMs: 50, mostMs: 500 } },
    });
    const books = createState();
    const notes: EngineRecord[] = [];
    const onRecord = (record: EngineRecord): void => {
      applyRecord(books, record);
      if (record.type === 'order.denied' || record.type === 'note') notes.splice(0, notes.length - 4, record);
    };
    const parameters = { fastBars: 2, slowBars: 3, atrBars: 2, entryRestBars: 2 };
    const desk = await deskAtVenue(venue, {
      asExchangeAccount: true,
      strategies: crossStrategy(instruments.slice(0, BNB), parameters),
      feeAssets: { BNB },
      onRecord,
    });
    const trips = new RoundTrips(simulator, venue, desk, books, notes, draw);
    trips.#listen();
    await trips.#arm();
    return trips;
  }

  /** One position from flat to flat, of a random size, with fees from wherever the account says. Rejects where it does not come about. */
  async trip(): Promise<void> {
    const { draw, simulator } = this;
    // A trip is a few dozen orders at most; those of an hour, done in seconds, would come to the exchange's limits of ten
    // seconds and of a minute.
    simulator.simulation.exchange.orderCounts.beginAnew('desk');
    simulator.simulation.limits.beginAnew();
    const at = draw(SYMBOLS.length);
    const account = this.#account();
    account.feesInBnb = draw(3) > 0;
    if (draw(4) === 0) this.#giveBnb(BigInt(1 + draw(20_000_000)));
    await this.#command({ name: 'resize', sizeFactorPpm: 10_000 * (2 + draw(99)), authorised: true });
    simulator.simulation.setDepth(`${SYMBOLS[at]}USDT`, {
      levels: 20,
      levelValue: BigInt(3_000 + draw(20_000)) * 100_000_000n,
    });
    this.#price(at, '100');
    this.#quote(BNB, BNB_TICKS);
    for (const close of CLOSES_UP) this.#bar(at, close);
    await this.#until(
      at,
      'protected',
      () => this.#position(at)?.protection === 'confirmed' && this.#entries(at) === 0,
    );
    this.#price(at, (99.6 + draw(120) / 100).toFixed(2));
    for (const close of CLOSES_DOWN) this.#bar(at, close);
    await this.#until(
      at,
      'flat',
      () => this.#open() === 0 && (this.#position(at)?.protection ?? 'dust') === 'dust',
    );
  }

  /** Null where the books are equal to the exchange's to the last unit and nothing halted; else what differs. */
  differs(): string | null {
    const { view } = this.desk.engine;
    if (view.mode !== 'ACTIVE') return `${view.mode}: ${view.halts.map(({ reason }) => reason).join('; ')}`;
    const ours = new Map(view.balances.map(({ asset, amount }) => [asset, parseUnits(amount)]));
    const expected = ['USDT', ...SYMBOLS].map((asset) => [asset, this.#held(asset)] as const);
    const bnb = ['BNB', this.#held('BNB') - this.#bnbGiven] as const;
    const different = [...expected, bnb].filter(([asset, units]) => (ours.get(asset) ?? 0n) !== units);
    return different.length === 0
      ? null
      : different
          .map(
            ([asset, units]) => `${asset} ${formatUnits(ours.get(asset) ?? 0n)}, not ${formatUnits(units)}`,
          )
          .join('; ');
  }

  /** A reading of the account over the wire; true where it is clean. */
  async reconciles(): Promise<boolean> {
    const before = this.desk.engine.view.reconciliation.atWallMs ?? 0;
    await this.#command({ name: 'reconcile' });
    await untilHolds(() => (this.desk.engine.view.reconciliation.atWallMs ?? 0) > before);
    const { state, differences } = this.desk.engine.view.reconciliation;
    return state === 'clean' && differences.length === 0;
  }

  /** What all round trips came to by the records, and what the account gained by the exchange's own list of trades, in units. */
  results(): { readonly trips: bigint; readonly gained: bigint; readonly feesIn: ReadonlySet<string> } {
    const { books } = this;
    const trips = [...books.trips.values()].reduce((sum, { realised }) => sum + realised, 0n);
    const left = books.positions.reduce((sum, { cost }) => sum + cost, 0n);
    const gained = this.#held('USDT') + left - this.#bnbWorth - parseUnits(START);
    return { trips, gained, feesIn: this.#feesIn };
  }

  async close(): Promise<void> {
    await this.desk.close();
    await this.venue.close();
    await this.simulator.close();
  }

  /** The model adds up as the exchange makes its trades: its list forgets the oldest. */
  #listen(): void {
    const { exchange } = this.simulator.simulation;
    const add = exchange.addTrade.bind(exchange);
    exchange.addTrade = (trade) => {
      const { account, commission, commissionAsset } = trade;
      if (account === 'desk') {
        this.#feesIn.add(commissionAsset);
        if (commissionAsset === 'BNB') this.#bnbWorth += commission * BNB_WORTH;
      }
      add(trade);
    };
  }

  async #arm(): Promise<void> {
    for (const { id } of this.venue.instruments) this.#quote(id, id === BNB ? BNB_TICKS : 10_000);
    await untilHolds(() => this.desk.engine.view.reconciliation.state === 'clean');
    const { haltId } = this.desk.engine.view;
    const { configHash } = this.desk;
    await this.#command({ name: 'arm', haltId: haltId ?? '', configHash, authority: 'two-people' });
  }

  async #command(command: Parameters<DeskAtVenue['runner']['command']>[0]['command']): Promise<void> {
    this.#asked += 1;
    const outcome = await this.desk.runner.command({
      commandId: `c${this.#asked}`,
      by: 'test',
      reason: 'test',
      command,
    });
    if (!outcome.ok) throw new Error(`${command.name}: ${outcome.message}`);
  }

  #account() {
    return this.simulator.simulation.exchange.account('desk');
  }

  #giveBnb(units: bigint): void {
    const { balances } = this.#account();
    const { free = 0n, locked = 0n } = balances.get('BNB') ?? {};
    balances.set('BNB', { free: free + units, locked });
    this.#bnbGiven += units;
  }

  #held(asset: string): bigint {
    const { free = 0n, locked = 0n } = this.#account().balances.get(asset) ?? {};
    return free + locked;
  }

  #price(at: number, price: string): void {
    this.simulator.simulation.setPrice(`${SYMBOLS[at]}USDT`, price);
  }

  #quote(instrument: number, bidTicks: number): void {
    this.desk.runner.post({ kind: 'quote', instrument, bidTicks, askTicks: bidTicks + 2 });
  }

  #bar(instrument: number, close: number): void {
    this.#quote(instrument, close);
    const span = { openMs: this.#openMs, spanMs: MINUTE_MS, volumeLots: 1, warmup: false };
    const prices = { openTicks: close, highTicks: close + 20, lowTicks: close - 20, closeTicks: close };
    this.desk.runner.post({ kind: 'bar', instrument, ...span, ...prices });
    this.#openMs += MINUTE_MS;
  }

  #position(at: number) {
    return this.desk.engine.view.positions.find(({ instrument }) => instrument === at);
  }

  #entries(at: number): number {
    return this.desk.engine.view.orders.filter(
      ({ instrument, purpose }) => instrument === at && purpose === 'entry',
    ).length;
  }

  #open(): number {
    return this.desk.engine.view.orders.length + this.simulator.simulation.exchange.openOf('desk').length;
  }

  async #until(at: number, what: string, holds: () => boolean): Promise<void> {
    await untilHolds(holds, { withinMs: 15_000 }).catch(() => {
      const { mode, halts, orders } = this.desk.engine.view;
      const why = [...this.desk.engine.whyNotTrading().map(({ reason }) => reason), ...this.notes];
      const seen = { at, mode, halts, orders, position: this.#position(at), why };
      throw new Error(
        `not ${what}: ${JSON.stringify(seen, (_key, value) => (typeof value === 'bigint' ? String(value) : value))}`,
      );
    });
  }
}
