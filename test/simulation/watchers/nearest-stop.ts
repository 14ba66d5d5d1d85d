/** Of several entries with a stop each, the nearest of those that were filled protects what is held: it never goes back. */
import type { OrderIntent } from '../../../src/domain/order.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Watcher } from '../watcher.js';

export class NearestStop implements Watcher {
  /** By instrument, of the entries that were filled since nothing was held. */
  readonly #nearest = new Map<number, number>();
  readonly #entries = new Map<string, OrderIntent>();

  constructor(private readonly book: FollowedBook) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#nearest.clear();
    this.#entries.clear();
    for (const record of records) if (record.type === 'order.intended') this.recorded(record);
  }

  recorded(record: EngineRecord): null {
    if (record.type === 'order.intended' && record.order.purpose === 'entry')
      this.#entries.set(record.order.clientId, record.order);
    if (record.type !== 'fill') return null;
    const { instrument: at, clientId, side } = record.fill;
    const held = this.book.lots[at] ?? 0;
    const entry = this.#entries.get(clientId);
    const grows = held === 0 || held > 0 === (side === 'buy');
    if (held === 0 || !grows) this.#nearest.delete(at);
    if (entry?.protectTicks == null || !grows) return null;
    const before = this.#nearest.get(at) ?? entry.protectTicks;
    const nearer = side === 'buy' ? Math.max : Math.min;
    this.#nearest.set(at, nearer(before, entry.protectTicks));
    return null;
  }

  left(effect: Effect): string | null {
    if (effect.kind !== 'submit' && effect.kind !== 'replace') return null;
    const { purpose, instrument, side, stopTicks, clientId } = effect.order;
    const nearest = this.#nearest.get(instrument);
    if (purpose !== 'protective' || nearest === undefined || stopTicks === null) return null;
    const isFarther = side === 'sell' ? stopTicks < nearest : stopTicks > nearest;
    return isFarther
      ? `${clientId} protects at ${stopTicks}, and a fill wanted its stop at ${nearest}`
      : null;
  }
}
