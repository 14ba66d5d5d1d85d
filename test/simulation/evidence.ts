/** What the venue has really said, and whether each conclusion of the engine rests on it. */
import type { OrderIntent } from '../../src/domain/order.js';
import type { EngineEvent } from '../../src/engine/event.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { FollowedBook } from './followed-book.js';
import type { Scenario } from './scenario.js';
import { isTradableAt } from './tradable.js';

/** Numbers of its own: who changes those of the engine changes no judge. */
const CONFIRMED_AFTER_MS = 250;
/** From the first lookup that found nothing to the one that is believed: a send may be on its way for so long; */
const ABSENT_AFTER_MS = 3_000;
/** a second closing order does no harm where none can open a position, */
const CLOSING_ABSENT_AFTER_MS = 250;
/** and sells what is not the desk's where coins of others lie beside it, or lay there once: a reading may be wrong. */
const BESIDE_OTHERS_ABSENT_AFTER_MS = 6_000;

/** A list of positions that is behind its fills has caught up by then. */
const LISTED_AFTER_MS = 5_000;

type Ending = 'rejected' | 'cancelled' | 'expired' | 'filled';

interface Reading {
  readonly requestId: number;
  readonly atMs: number;
  readonly lots: ReadonlyMap<number, number>;
  readonly openOrders: readonly string[];
}

export class Evidence {
  readonly #endings = new Map<string, Set<Ending>>();
  readonly #foundNothing = new Map<string, number[]>();
  /** Orders that a journal which was set back no longer knew: fills of theirs were booked before they were found again. */
  readonly #foundAgain = new Set<string>();
  #readings: Reading[] = [];
  #asked = 0;
  #nowMs = 0;
  /** What was held before each fill that this process heard of, and when it heard. */
  #heldBefore: { readonly instrument: number; readonly lots: number; readonly atMs: number }[] = [];
  readonly #bids = new Map<number, number>();
  /** What an order was to take the place of, by its client id: a venue that has it has ended that one. */
  readonly #replaces = new Map<string, string>();

  constructor(
    private readonly scenario: Scenario,
    private readonly book: FollowedBook,
  ) {}

  /** A message reached the trader. */
  heard(message: EngineEvent, atMs: number): void {
    this.#nowMs = atMs;
    switch (message.kind) {
      case 'quote':
        this.#bids.set(message.instrument, message.bidTicks);
        return;
      case 'order.rejected':
        this.#ended(message.clientId, 'rejected');
        return;
      case 'order.cancelled':
        this.#ended(message.clientId, 'cancelled');
        return;
      case 'order.replaced':
        this.#ended(message.replaced, 'cancelled');
        return;
      case 'order.replaceRejected':
        this.#ended(message.clientId, 'rejected');
        if (message.old === 'cancelled') this.#ended(message.replaced, 'cancelled');
        return;
      case 'order.update':
        this.#saw(message.order.clientId, message.order.state);
        return;
      case 'fill':
        this.#exists(message.fill.clientId);
        return;
      case 'order.lookup':
        if (message.found !== null) this.#saw(message.clientId, message.found.state);
        else
          this.#foundNothing.set(message.clientId, [
            ...(this.#foundNothing.get(message.clientId) ?? []),
            atMs,
          ]);
        return;
      case 'venue.snapshot':
        for (const { clientId } of message.snapshot.openOrders) this.#exists(clientId);
        for (const { clientId } of message.snapshot.fills) this.#exists(clientId);
        this.#readings.push({
          requestId: message.snapshot.requestId,
          atMs,
          lots: new Map(
            message.snapshot.positions.map(({ instrument, quantityLots }) => [instrument, quantityLots]),
          ),
          openOrders: message.snapshot.openOrders.map(({ clientId }) => clientId),
        });
        return;
      default:
        return;
    }
  }

  bidTicks(instrument: number): number | undefined {
    return this.#bids.get(instrument);
  }

  asked(requestId: number): void {
    this.#asked = requestId;
  }

  /** Questions of a process that is gone have no answers. */
  restart(): void {
    this.#readings = [];
    this.#heldBefore = [];
    this.#asked = 0;
  }

  /** Null where the record rests on what was heard. */
  objection(record: EngineRecord, ours: (clientId: string) => boolean): string | null {
    switch (record.type) {
      case 'order.intended':
        if (record.replaces !== undefined) this.#replaces.set(record.order.clientId, record.replaces);
        return null;
      case 'order.state':
        if (record.reason === 'found open at the venue') this.#foundAgain.add(record.clientId);
        return this.#ofOrder(record.clientId, record.state);
      case 'reconciled':
        return record.requestId === this.#asked
          ? null
          : `reconciled by reading ${record.requestId}, not by the newest`;
      case 'fill': {
        const { instrument } = record.fill;
        this.#heldBefore.push({ instrument, lots: this.book.lots[instrument] ?? 0, atMs: this.#nowMs });
        return null;
      }
      case 'position.adopted':
        return this.#ofAdoption(record.instrument, record.quantityLots);
      case 'flat.proven':
        return this.#ofFlat(ours);
      default:
        return null;
    }
  }

  #ofOrder(clientId: string, state: string): string | null {
    if (state === 'absent') {
      const times = this.#foundNothing.get(clientId) ?? [];
      const apart = (times.at(-1) ?? 0) - (times[0] ?? 0);
      if (times.length >= 2 && apart >= this.#absentAfterMs(this.book.live.get(clientId)?.intent))
        return null;
      return `${clientId} was concluded absent after ${times.length} lookups ${apart} ms apart`;
    }
    if (state !== 'rejected' && state !== 'cancelled' && state !== 'expired') return null;
    const endings = this.#endings.get(clientId);
    if (endings?.has(state) === true) return null;
    if (state === 'expired' && endings?.has('filled') === true && this.#foundAgain.has(clientId)) return null;
    return `${clientId} is ${state} in our book, and the venue never said so`;
  }

  #absentAfterMs(order: OrderIntent | undefined): number {
    if (order === undefined || (order.purpose !== 'close' && order.purpose !== 'exit'))
      return ABSENT_AFTER_MS;
    const { reduceOnly, shorting } = this.scenario.capabilities;
    if (reduceOnly) return CLOSING_ABSENT_AFTER_MS;
    if (order.side === 'sell' && this.book.hadOthers[order.instrument]) return BESIDE_OTHERS_ABSENT_AFTER_MS;
    return shorting ? ABSENT_AFTER_MS : CLOSING_ABSENT_AFTER_MS;
  }

  /** Lots of the account that are not the desk's. */
  #othersAt(instrument: number): number {
    return this.book.others[instrument] ?? 0;
  }

  #ofAdoption(instrument: number, adopted: number): string | null {
    const lots = adopted + this.#othersAt(instrument);
    const last = this.#readings.at(-1);
    const confirming = this.#readings.filter(
      (reading) => (reading.lots.get(instrument) ?? 0) === lots && reading.requestId !== last?.requestId,
    );
    const before = confirming[0];
    if (
      last !== undefined &&
      (last.lots.get(instrument) ?? 0) === lots &&
      before !== undefined &&
      last.atMs - before.atMs >= CONFIRMED_AFTER_MS
    )
      return this.#ofLateList(instrument, adopted);
    return `a position of ${adopted} lots was adopted without a second reading`;
  }

  /** Beside coins of others, what is adopted is more than a list says. */
  #ofLateList(at: number, adopted: number): string | null {
    const { ownedByOthers, capabilities } = this.scenario;
    if (ownedByOthers || (capabilities.stopLocksBalance && (this.book.lots[at] ?? 0) < 0)) return null;
    this.#heldBefore = this.#heldBefore.filter(({ atMs }) => this.#nowMs - atMs < LISTED_AFTER_MS);
    const late = this.#heldBefore.find(({ instrument, lots }) => instrument === at && lots === adopted);
    // What is adopted was in no late list: that one has caught up with each fill of before.
    this.#heldBefore = this.#heldBefore.filter(({ instrument }) => instrument !== at);
    return late === undefined
      ? null
      : `a position of ${adopted} lots was adopted, as it was before a fill heard ${this.#nowMs - late.atMs} ms before`;
  }

  #ofFlat(ours: (clientId: string) => boolean): string | null {
    const last = this.#readings.at(-1);
    if (last === undefined) return 'flat was proven without a reading of the venue';
    const open = [...last.lots].some(([instrument, lots]) =>
      this.#isTradable(instrument, lots - this.#othersAt(instrument)),
    );
    if (open) return 'flat was proven by a reading that shows a position';
    return last.openOrders.some(ours)
      ? 'flat was proven by a reading that shows an open order of ours'
      : null;
  }

  /** What is worth less than the smallest order is left over, and no position. */
  #isTradable(instrument: number, lots: number): boolean {
    return isTradableAt(this.scenario.instruments[instrument]!, lots, this.#bids.get(instrument));
  }

  #exists(clientId: string): void {
    const old = this.#replaces.get(clientId);
    if (old !== undefined) this.#ended(old, 'cancelled');
  }

  #saw(clientId: string, state: string): void {
    if (state !== 'rejected') this.#exists(clientId);
    if (state === 'rejected' || state === 'cancelled' || state === 'expired' || state === 'filled')
      this.#ended(clientId, state);
  }

  #ended(clientId: string, ending: Ending): void {
    const endings = this.#endings.get(clientId) ?? new Set();
    this.#endings.set(clientId, endings.add(ending));
  }
}
