/**
 * Where the venue lets an order open the other side of a position, what closes all of it leaves only once nothing else
 * can: no stop of the desk may still be filled, and the account has been read since the start.
 */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { FollowedBook } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import type { Watcher } from '../watcher.js';

/** Whether the venue of this scenario is one. */
export const turnsRound = ({ capabilities: { stopLocksBalance, reduceOnly } }: Scenario): boolean =>
  !stopLocksBalance && !reduceOnly;

export class ClosesAlone implements Watcher {
  #isRead = false;

  constructor(private readonly book: FollowedBook) {}

  restarted(): void {
    this.#isRead = false;
  }

  heard({ kind }: EngineEvent): void {
    if (kind === 'venue.snapshot') this.#isRead = true;
  }

  left(effect: Effect): string | null {
    if (effect.kind !== 'submit' || effect.order.type !== 'market') return null;
    const { clientId, instrument, purpose, quantityLots } = effect.order;
    if (purpose !== 'close' && purpose !== 'exit') return null;
    if (!this.#isRead) return `${clientId} left to close a position before the account was read`;
    if (quantityLots < Math.abs(this.book.lots[instrument] ?? 0)) return null;
    const stops = [...this.book.live.values()].filter(
      ({ intent }) => intent.instrument === instrument && intent.purpose === 'protective',
    );
    return stops.length === 0
      ? null
      : `${clientId} left to close the position beside ${stops.map((stop) => stop.intent.clientId).join(', ')}`;
  }
}
