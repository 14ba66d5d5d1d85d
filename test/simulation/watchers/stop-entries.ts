/** Entries by a stop: each waits for a price that the market has still to reach, and is filled from there to its worst price. */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import { BEYOND_TRIGGER_TICKS } from '../entries.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import type { Moment, Watcher } from '../watcher.js';
import { SentEntries } from './sent-entries.js';

export class StopEntries implements Watcher {
  readonly #sent = new SentEntries('stop');

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
    if (order === undefined) return null;
    const { side, stopTicks, limitTicks } = order;
    const [least, most] = side === 'buy' ? [stopTicks, limitTicks] : [limitTicks, stopTicks];
    if (least === null || most === null) return `${clientId} is a stop without trigger or worst price`;
    if (priceTicks >= least && priceTicks <= most) return null;
    return `${clientId} is filled at ${priceTicks}: its trigger was ${stopTicks}, its worst price ${limitTicks}`;
  }

  left(effect: Effect, { view }: Moment): string | null {
    if (effect.kind !== 'submit' || effect.order.purpose !== 'entry') return null;
    const { clientId, instrument, side, type, stopTicks, limitTicks, timeInForce, oneOf } = effect.order;
    if (oneOf === undefined && (type === 'stop') !== (this.scenario.entryType === 'stop'))
      return `the entry ${clientId} is a ${type} order`;
    if (type !== 'stop') return null;
    const quote = view().quotes.find((one) => one.instrument === instrument);
    if (quote === undefined || stopTicks === null || limitTicks === null)
      return `the entry ${clientId} by a stop leaves without a price`;
    const isAhead = side === 'buy' ? stopTicks > quote.askTicks : stopTicks < quote.bidTicks;
    if (!isAhead) return `the trigger ${stopTicks} of the entry ${clientId} is reached as it leaves`;
    if (Math.abs(limitTicks - stopTicks) !== BEYOND_TRIGGER_TICKS || timeInForce !== 'GTC')
      return `the entry ${clientId} may be filled at ${limitTicks}, its trigger is ${stopTicks}`;
    const resting = this.book.liveOn(instrument, 'entry').length;
    return resting > (oneOf === undefined ? 1 : 2)
      ? `the entry ${clientId} by a stop leaves beside another`
      : null;
  }
}
