/** Somebody else on the same account: buys and sells by hand, and lets an order rest for a while. */
import type { PaperVenue } from '../../src/venue/paper/paper-venue.js';
import { approved } from '../support/approved-order.js';
import type { Random } from './random.js';
import type { SimulatedPrices } from './simulated-prices.js';
import type { VirtualTime } from './virtual-time.js';

export class Stranger {
  #orders = 0;

  constructor(
    private readonly time: VirtualTime,
    private readonly random: Random,
    private readonly venue: PaperVenue,
    private readonly prices: SimulatedPrices,
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
}
