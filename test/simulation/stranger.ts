/**
 * Somebody else on the same account: buys and sells by hand, and lets an order rest for a while. And somebody who asks for
 * what no exchange takes: as long as all of it is refused the desk never notices.
 */
import type { PaperVenue } from '../../src/venue/paper/paper-venue.js';
import { approved } from '../support/approved-order.js';
import type { Random } from './random.js';
import type { Rates } from './rates.js';
import type { Scenario } from './scenario.js';
import type { SimulatedPrices } from './simulated-prices.js';
import type { VirtualTime } from './virtual-time.js';

export class Stranger {
  #orders = 0;
  #refused = 0;

  constructor(
    private readonly time: VirtualTime,
    private readonly random: Random,
    private readonly venue: PaperVenue,
    private readonly prices: SimulatedPrices,
    private readonly rates: Rates,
  ) {}

  trade(instruments: number): void {
    this.#orders += 1;
    const clientId = `person${this.#orders}`;
    const instrument = this.random.whole(0, instruments - 1);
    const rests = this.random.chance(0.3);
    const order = approved({
      clientId,
      instrument,
      side: this.random.pick(['buy', 'sell'] as const),
      type: rests ? 'limit' : 'market',
      quantityLots: this.random.whole(100, 3_000),
      limitTicks: rests ? this.prices.bidTicks(instrument) - 500 : null,
    });
    void this.venue.submit(order);
    this.time.after(this.random.whole(1_000, 20_000), () => void this.venue.cancel(clientId, instrument));
  }

  /** Each in its turn: too little, too few lots, too many at the market, more than the account has, more than it holds. */
  async askTooMuch({ instruments, traded }: Scenario): Promise<void> {
    this.#refused += 1;
    const { id, minNotional, minQuantityLots, maxMarketLots, moneyPerTickLot } =
      instruments[this.#refused % traded]!;
    const perLot = this.prices.askTicks(id) * moneyPerTickLot;
    const rate = this.rates.at(id, (by) => this.prices.bidTicks(by)) ?? 1;
    const wallet = Number((await this.venue.balances()).cash) / rate;
    const held =
      (await this.venue.positions()).find(({ instrument }) => instrument === id)?.quantityLots ?? 0;
    const tooMuch = [
      { side: 'buy', quantityLots: Math.floor((0.8 * minNotional) / perLot) },
      { side: 'buy', quantityLots: minQuantityLots - 1 },
      { side: 'buy', quantityLots: (maxMarketLots ?? Number.MAX_SAFE_INTEGER - 1) + 1 },
      { side: 'buy', quantityLots: Math.ceil((3 * wallet) / perLot) },
      { side: 'sell', quantityLots: Math.abs(held) + Math.ceil((3 * wallet) / perLot) },
    ] as const;
    const order = tooMuch[this.#refused % tooMuch.length]!;
    const clientId = `greedy${this.#refused}`;
    await this.venue.submit(
      approved({ ...order, clientId, instrument: id, type: 'market', limitTicks: null }),
    );
  }
}
