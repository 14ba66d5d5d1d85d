/** Positions, their cost, what was realised, cash and equity: as the second book has them, to the last unit. */
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import { Rates } from '../rates.js';
import type { Scenario } from '../scenario.js';
import type { Moment, Watcher } from '../watcher.js';

/** Adopted within this part of the newest price: a jump is no price for the desk until other quotes agree. */
const ADOPTED_WITHIN = 0.12;
/** Money units: the desk keeps a running sum. */
const ROUNDING = 100;

export class Results implements Watcher {
  readonly #bids = new Map<number, number>();
  readonly #rates: Rates;

  constructor(
    private readonly followed: FollowedBook,
    private readonly scenario: Scenario,
  ) {
    this.#rates = new Rates(scenario.instruments);
  }

  /** A new process has no price until it hears one: what it adopts before counts at what it cost. */
  restarted(): void {
    this.#bids.clear();
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'quote') this.#bids.set(event.instrument, event.bidTicks);
  }

  recorded(record: EngineRecord): string | null {
    if (record.type !== 'position.adopted') return null;
    const { instrument, priceTicks } = record;
    const bid = this.#bids.get(instrument);
    if (bid === undefined || Math.abs(priceTicks - bid) <= bid * ADOPTED_WITHIN) return null;
    return `a position in ${instrument} was adopted at ${priceTicks}, the market is at ${bid}`;
  }

  lookedClosely({ view }: Moment): string | null {
    const { cash, positions, strategies, capitalMoved, feesElsewhere } = view();
    const book = this.followed.second;
    if (BigInt(cash) !== book.cash) return `cash is ${cash}, its records come to ${book.cash}`;
    if (capitalMoved !== book.capital) return `${capitalMoved} were moved, by the records ${book.capital}`;
    if (BigInt(feesElsewhere) !== book.feesElsewhere)
      return `fees from elsewhere are ${feesElsewhere}, by the records ${book.feesElsewhere}`;
    for (const { instrument, quantityLots, averageTicks } of positions) {
      const { coins, cost } = book.holdings[instrument]!;
      const { moneyPerTickLot, lotSize } = this.scenario.instruments[instrument]!;
      const lots = Number(coins) / (Number(lotSize) * 1e8);
      const ours = Number(cost) / (lots * moneyPerTickLot);
      if (book.lots(instrument) !== quantityLots || Math.abs(ours - averageTicks) > 0.01)
        return `${quantityLots} lots at ${averageTicks} in ${instrument}: their records come to ${lots} at ${ours}`;
    }
    for (const { name, instrument, realised } of strategies) {
      const ours = book.results.get(`${name}/${instrument}`) ?? 0n;
      if (BigInt(realised) !== ours)
        return `${name} realised ${realised} in ${instrument}, its records come to ${ours}`;
    }
    return this.#equity(view());
  }

  /** At the quotes that the desk goes by; that those are the market's is for others to watch. */
  #equity({ equity, quotes }: ReturnType<Moment['view']>): string | null {
    const book = this.followed.second;
    const quoteOf = new Map(quotes.map((quote) => [quote.instrument, quote]));
    const rateOf = (at: number) => this.#rates.at(at, (by) => quoteOf.get(by)?.bidTicks);
    const isUnknown = (at: number): boolean => !quoteOf.has(at) || rateOf(at) === undefined;
    if (book.holdings.some(({ coins }, at) => coins !== 0n && isUnknown(at))) return null;
    const ours = book.equity(
      (at, isLong) => {
        const quote = quoteOf.get(at);
        return (isLong ? quote?.bidTicks : quote?.askTicks) ?? 0;
      },
      (at) => rateOf(at) ?? 0,
    );
    if (Math.abs(equity - ours) <= ROUNDING) return null;
    return `equity is ${equity}, by the records and these quotes it is ${ours}`;
  }
}
