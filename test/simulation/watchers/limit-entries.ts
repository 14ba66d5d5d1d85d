/** Limit entries with terms: what may only rest is never filled as it arrives, and what may not rest never after that. */
import { isDoneAtOnce } from '../../../src/domain/order.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Scenario } from '../scenario.js';
import type { Moment, Watcher } from '../watcher.js';
import { SentEntries } from './sent-entries.js';

export class LimitEntries implements Watcher {
  readonly #sent = new SentEntries('limit');

  constructor(private readonly scenario: Scenario) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#sent.restarted(records);
  }

  recorded(record: EngineRecord): string | null {
    this.#sent.recorded(record);
    if (record.type !== 'fill') return null;
    const { clientId, liquidity, quantityLots } = record.fill;
    const order = this.#sent.of(clientId);
    if (order === undefined) return null;
    if (order.postOnly === true && liquidity !== 'maker')
      return `${clientId} is post-only and was filled as it arrived`;
    if (isDoneAtOnce(order) && liquidity !== 'taker')
      return `${clientId} may not rest and was filled as it rested`;
    return order.timeInForce === 'FOK' && quantityLots !== order.quantityLots
      ? `${clientId} is for ${order.quantityLots} lots or none, and ${quantityLots} were filled`
      : null;
  }

  left(effect: Effect, { view }: Moment): string | null {
    const { terms } = this.scenario;
    if (effect.kind !== 'submit' || effect.order.purpose !== 'entry' || terms === null) return null;
    const {
      clientId,
      instrument,
      type,
      side,
      limitTicks,
      timeInForce,
      postOnly = false,
      signal,
    } = effect.order;
    if (signal !== undefined) return null;
    if (type !== 'limit' || limitTicks === null) return `the entry ${clientId} is a ${type} order`;
    if (postOnly !== (terms === 'postOnly') || timeInForce !== (terms === 'postOnly' ? 'GTC' : terms))
      return `the entry ${clientId} leaves without its terms (${terms})`;
    if (!postOnly) return null;
    const quote = view().quotes.find((one) => one.instrument === instrument);
    const takes =
      quote === undefined || (side === 'buy' ? limitTicks >= quote.askTicks : limitTicks <= quote.bidTicks);
    return takes ? `the post-only entry ${clientId} leaves at ${limitTicks}, where it would take` : null;
  }
}
