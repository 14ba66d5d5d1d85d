/** A paper venue of a backtest, quotes by hand, and its fills: an order meets the next quote. */
import type { Instrument } from '../../src/domain/instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import type { SendOutcome } from '../../src/domain/venue.js';
import type { ExchangeRules } from '../../src/venue/paper/exchange.js';
import { SteppedPaperVenue } from '../../src/venue/paper/stepped-venue.js';
import { approved } from '../support/approved-order.js';

const PAPER = {
  balance: '0',
  currency: 'USD',
  makerFeePpm: 0,
  takerFeePpm: 0,
  slippageTicks: 0,
  latencyMs: 5,
};

export class SteppedBench {
  readonly fills: Fill[] = [];
  readonly venue: SteppedPaperVenue;
  #marketMs = 0;

  constructor(
    instruments: readonly Instrument[],
    cash: string,
    fills: Pick<ExchangeRules, 'volumePartPpm'> = {},
  ) {
    this.venue = new SteppedPaperVenue({
      instruments,
      paper: PAPER,
      cash: parseMoney(cash),
      bookId: 'abcdef',
      schedule: () => () => {},
      marketNowMs: () => this.#marketMs,
      onEvent: (event) => {
        if (event.kind === 'fill') this.fills.push(event.fill);
      },
      fills,
    });
  }

  quote(bidTicks: number, { instrument = 0, askTicks = bidTicks, lots = 1_000_000 } = {}): void {
    this.#marketMs += 60_000;
    const size = { bidLots: lots, askLots: lots };
    this.venue.onMarket({ kind: 'quote', instrument, marketMs: this.#marketMs, bidTicks, askTicks, ...size });
  }

  submit(order: Partial<OrderIntent>): SendOutcome {
    return this.venue.submit(approved(order));
  }

  get fees(): readonly number[] {
    return this.fills.map(({ fee }) => fee);
  }
}
