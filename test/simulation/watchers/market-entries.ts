/** Entries at the market: each says the worst price that it takes, near the newest quote, and is filled no worse. */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import { SLIPPAGE_TICKS } from '../entries.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import type { Moment, Watcher } from '../watcher.js';
import { SentEntries } from './sent-entries.js';

export class MarketEntries implements Watcher {
  readonly #sent = new SentEntries('market');

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
  ) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#sent.restarted(records);
  }

  recorded(record: EngineRecord): string | null {
    this.#sent.recorded(record);
    if (record.type !== 'fill') return null;
    const { clientId, priceTicks } = record.fill;
    const order = this.#sent.of(clientId);
    if (order === undefined || order.limitTicks === null) return null;
    const beyond = order.side === 'buy' ? priceTicks - order.limitTicks : order.limitTicks - priceTicks;
    return beyond <= 0 ? null : `${clientId} is filled at ${priceTicks}, ${order.limitTicks} was the worst`;
  }

  left(effect: Effect, { view }: Moment): string | null {
    if (effect.kind !== 'submit' || effect.order.purpose !== 'entry') return null;
    const { clientId, instrument, side, type, limitTicks, timeInForce } = effect.order;
    if ((type === 'market') !== (this.scenario.entryType === 'market'))
      return `the entry ${clientId} is a ${type} order`;
    if (type !== 'market') return null;
    if (timeInForce !== 'IOC') return `the entry ${clientId} at the market may rest`;
    const quote = view().quotes.find((one) => one.instrument === instrument);
    if (quote === undefined || limitTicks === null) return `the entry ${clientId} leaves without a price`;
    const slippage = side === 'buy' ? limitTicks - quote.askTicks : quote.bidTicks - limitTicks;
    if (slippage !== SLIPPAGE_TICKS)
      return `the entry ${clientId} takes ${slippage} ticks more than the quote, ${SLIPPAGE_TICKS} were asked for`;
    const resting = this.book.liveOn(instrument, 'entry').length;
    return resting > 1 ? `the entry ${clientId} at the market leaves beside another` : null;
  }
}
