/**
 * What happens around the desk and is none of its trading: money that comes and goes, coins that a person converts at the
 * venue's own screen (no trade is listed for it), an account that was traded before, quotes that are no prices.
 */
import type { Instrument } from '../../src/domain/instrument.js';
import type { PaperFill } from '../../src/venue/paper/book-record.js';
import type { PaperPast } from '../../src/venue/paper/open-book.js';
import type { PaperVenue } from '../../src/venue/paper/paper-venue.js';
import { approved } from '../support/approved-order.js';
import type { Random } from './random.js';
import type { Scenario } from './scenario.js';
import { SPREAD_TICKS, START_MARKET_MS } from './simulated-prices.js';

const DAY_MS = 86_400_000;
const OLD_FILLS_MAX = 40;

/** An account with coins of somebody and with trades of years, at prices of years. */
export function pastOf({ instruments, ownedByOthers }: Scenario, random: Random): PaperPast {
  const bookId = random.hex(6);
  if (!ownedByOthers) return { bookId };
  const positions = instruments
    .filter(() => random.chance(0.7))
    .map(({ symbol }) => [symbol, { quantityLots: random.whole(60, 9_000), cost: 0 }] as const);
  const fills = Array.from({ length: random.whole(1, OLD_FILLS_MAX) }, (_, nth): PaperFill => {
    const marketMs = START_MARKET_MS - DAY_MS * (OLD_FILLS_MAX + 1 - nth);
    const { symbol } = random.pick(instruments);
    return {
      ...{ tradeId: `old${nth}`, clientId: `before${nth}`, symbol, marketMs },
      ...{ side: random.pick(['buy', 'sell'] as const), liquidity: 'taker', caughtUp: false, fee: 1_000_000 },
      ...{ quantityLots: random.whole(1, 500), priceTicks: random.whole(10, 400_000) },
    };
  });
  return { bookId, positions, fills };
}

export class Conversions {
  /** Client ids that no list of the venue names. */
  readonly hidden = new Set<string>();
  done = 0;

  constructor(
    private readonly random: Random,
    private readonly venue: PaperVenue,
    private readonly traded: number,
  ) {}

  /** Little enough, now and then, to be less than the smallest order. */
  convert(): void {
    const clientId = `convert${this.hidden.size}`;
    this.hidden.add(clientId);
    this.done += 1;
    const order = approved({
      clientId,
      instrument: this.random.whole(0, this.traded - 1),
      side: this.random.pick(['buy', 'buy', 'sell'] as const),
      type: 'market',
      quantityLots: this.random.chance(0.3) ? this.random.whole(51, 90) : this.random.whole(100, 2_000),
    });
    void this.venue.submit(order);
  }
}

/** Far from the market, or with a spread that no market has; told from real ones by its spread. */
export function wrongQuote(
  random: Random,
  bidTicks: number,
): { readonly bidTicks: number; readonly askTicks: number } {
  if (random.chance(0.3))
    return { bidTicks: Math.round(bidTicks * 0.8), askTicks: Math.round(bidTicks * 1.2) };
  const away = random.whole(20, 70) / 100;
  const wrong = Math.round(bidTicks * (random.chance(0.6) ? 1 + away : 1 - away));
  return { bidTicks: wrong, askTicks: wrong + SPREAD_TICKS + 1 };
}

export function isWrongQuote(quote: { readonly bidTicks: number; readonly askTicks: number }): boolean {
  return quote.askTicks - quote.bidTicks !== SPREAD_TICKS;
}

/** What a stock for fees is called, and which of the instruments prices it. */
export function feeAssetsOf(instruments: readonly Instrument[]): Readonly<Record<string, number>> {
  const priced = instruments.find(({ base }) => base === 'BNB');
  return priced === undefined ? {} : { BNB: priced.id };
}
