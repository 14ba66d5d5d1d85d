/** What is under way is asked for again, and soon: a cancel without an answer, a cancel that was refused. */

import { FINAL_ORDER_STATES } from '../../../src/domain/order.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Moment, Watcher } from '../watcher.js';

/** The longest silence: a lookup that gets no answer (2 s), the longest pause before the next one (5 s), and a tick. */
const SILENT_MS_MAX = 8_000;

export class AnswersInTime implements Watcher {
  /** When each order that is being cancelled was last asked about. */
  readonly #asked = new Map<string, number>();
  readonly #lookedUp = new Map<string, number>();
  /** Orders whose cancel was refused, and since when nobody has looked why. */
  readonly #refused = new Map<string, number>();

  constructor(private readonly book: FollowedBook) {}

  restarted(_: readonly EngineRecord[], wallMs: number): void {
    this.#asked.clear();
    this.#refused.clear();
    for (const { intent, state } of this.book.live.values()) {
      if (state === 'cancelling') this.#asked.set(intent.clientId, wallMs);
    }
  }

  heard(event: EngineEvent, wallMs: number): void {
    // A late answer that it is not there is asked about a second time, a while after it.
    if (event.kind === 'order.lookup' && this.#asked.has(event.clientId))
      this.#asked.set(event.clientId, wallMs);
    if (event.kind !== 'order.cancelRejected') return;
    const { clientId } = event;
    const lookup = this.#lookedUp.get(clientId) ?? Number.NEGATIVE_INFINITY;
    if (this.book.live.get(clientId)?.state !== 'cancelling' || wallMs - lookup < SILENT_MS_MAX) return;
    this.#refused.set(clientId, wallMs);
  }

  recorded(record: EngineRecord, { wallMs }: Moment): null {
    if (record.type !== 'order.state') return null;
    const { clientId, state } = record;
    if (state !== 'cancelling') this.#asked.delete(clientId);
    else if (!this.#asked.has(clientId)) this.#asked.set(clientId, wallMs);
    if (FINAL_ORDER_STATES.has(state)) this.#refused.delete(clientId);
    return null;
  }

  left(effect: Effect, { wallMs }: Moment): null {
    if (effect.kind !== 'cancel' && effect.kind !== 'lookup') return null;
    const { kind, clientId } = effect;
    if (this.#asked.has(clientId)) this.#asked.set(clientId, wallMs);
    if (kind === 'lookup') {
      this.#lookedUp.set(clientId, wallMs);
      this.#refused.delete(clientId);
    }
    return null;
  }

  looked({ wallMs }: Moment): string | null {
    return (
      this.#overdue(this.#asked, wallMs, 'is being cancelled, and nobody asked again') ??
      this.#overdue(this.#refused, wallMs, 'could not be cancelled, and nobody looked why')
    );
  }

  /** Nobody asks while the process is suspended. */
  thawed(wallMs: number): void {
    for (const since of [this.#asked, this.#refused]) for (const id of since.keys()) since.set(id, wallMs);
  }

  #overdue(since: Map<string, number>, wallMs: number, what: string): string | null {
    for (const [clientId, atMs] of since) {
      if (!this.book.live.has(clientId)) since.delete(clientId);
      else if (wallMs - atMs > SILENT_MS_MAX) return `${clientId} ${what} for ${wallMs - atMs} ms`;
    }
    return null;
  }
}
