/** A stop goes for another with the smallest gap that the venue allows: made smaller in place, or exchanged in one request. */
import type { VenueCapabilities } from '../../../src/domain/order-bounds.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook, FollowedOrder } from '../followed-book.js';
import type { Scenario } from '../scenario.js';
import type { Unprotectable } from '../unprotectable.js';
import { EXIT_WORDS, type Moment, type Watcher } from '../watcher.js';

interface Gone {
  readonly clientId: string;
  readonly stopTicks: number | null;
  readonly lots: number;
}

export class StopChanges implements Watcher {
  /** Stops that were taken off although nobody wants to sell, by instrument. */
  readonly #gone = new Map<number, Gone>();
  /** Where a strategy wants out: its stop is in the way of the sale. */
  readonly #exits = new Set<number>();
  readonly #amendRefused = new Set<string>();
  /** The venue takes no other beside them: they have to be taken off first. */
  readonly #noRoom = new Set<string>();
  private readonly capabilities: VenueCapabilities;

  constructor(
    private readonly book: FollowedBook,
    private readonly scenario: Scenario,
    private readonly unprotectable: Unprotectable,
  ) {
    this.capabilities = scenario.capabilities;
  }

  restarted(): void {
    this.#gone.clear();
    this.#exits.clear();
    this.#noRoom.clear();
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'order.amendRejected') this.#amendRefused.add(event.clientId);
    if (event.kind === 'order.replaceRejected' && event.tooMany === true) this.#noRoom.add(event.replaced);
  }

  recorded(record: EngineRecord, { wallMs }: Moment): null {
    if (record.type === 'order.state' && record.state === 'cancelling')
      this.#takenOff(record.clientId, wallMs);
    if (record.type === 'note' && record.text.endsWith(EXIT_WORDS)) {
      const wanted = this.scenario.instruments.find(({ symbol }) => symbol === record.symbol);
      if (wanted !== undefined) this.#exits.add(wanted.id);
    }
    // It went off instead.
    if (record.type === 'fill' && this.#gone.get(record.fill.instrument)?.clientId === record.fill.clientId)
      this.#gone.delete(record.fill.instrument);
    if (record.type === 'fill' && (this.book.lots[record.fill.instrument] ?? 0) === 0)
      this.#exits.delete(record.fill.instrument);
    return null;
  }

  left(effect: Effect): string | null {
    if (effect.kind !== 'submit' && effect.kind !== 'replace') return null;
    const { instrument, purpose, clientId, stopTicks, quantityLots } = effect.order;
    const gone = this.#gone.get(instrument);
    this.#gone.delete(instrument);
    if (purpose !== 'protective') return null;
    const old = effect.kind === 'replace' ? this.book.live.get(effect.clientId) : undefined;
    const before = old === undefined ? gone : goneOf(old);
    if (before === undefined) return null;
    const isSmaller = stopTicks === before.stopTicks && quantityLots < before.lots;
    if (isSmaller && this.capabilities.amends && !this.#amendRefused.has(before.clientId))
      return `${clientId} left for ${before.clientId}, which could have been made smaller`;
    if (this.#noRoom.has(before.clientId))
      return old === undefined
        ? null
        : `${clientId} left to be exchanged for ${before.clientId}, and the venue takes no other beside that`;
    return old === undefined && this.capabilities.replaces
      ? `${before.clientId} was taken off for ${clientId}, at a venue that exchanges them`
      : null;
  }

  #takenOff(clientId: string, wallMs: number): void {
    const stop = this.book.live.get(clientId);
    // Said a second time it is nothing new: what it was taken off for was perhaps before the start.
    if (stop?.intent.purpose !== 'protective' || stop.state === 'cancelling') return;
    const { instrument, side } = stop.intent;
    const held = this.book.lots[instrument] ?? 0;
    const protects = held !== 0 && held > 0 === (side === 'sell');
    const isOnly = this.book.liveOn(instrument, 'protective').length === 1;
    const isSold =
      this.book.closing || this.#exits.has(instrument) || this.unprotectable.has(instrument, wallMs);
    if (protects && isOnly && !isSold) this.#gone.set(instrument, goneOf(stop));
  }
}

function goneOf({ intent, leftLots }: FollowedOrder): Gone {
  return { clientId: intent.clientId, stopTicks: intent.stopTicks, lots: leftLots };
}
