/** What the venue has really said, and whether each conclusion of the engine rests on it. */
import type { EngineRecord } from '../../src/engine/record.js';
import { ABSENT_GRACE_REDUCING_MS, CONFIRM_AFTER_MS } from '../../src/engine/timing.js';
import type { Message } from './faulty-venue.js';

type Ending = 'rejected' | 'cancelled' | 'expired';

interface Reading {
  readonly requestId: number;
  readonly atMs: number;
  readonly lots: ReadonlyMap<number, number>;
  readonly openOrders: readonly string[];
}

export class Evidence {
  readonly #endings = new Map<string, Set<Ending>>();
  readonly #foundNothing = new Map<string, number[]>();
  #readings: Reading[] = [];
  #asked = 0;

  /** A message reached the trader. */
  heard(message: Message, atMs: number): void {
    switch (message.kind) {
      case 'order.rejected':
        this.#ended(message.clientId, 'rejected');
        return;
      case 'order.cancelled':
        this.#ended(message.clientId, 'cancelled');
        return;
      case 'order.expired':
        this.#ended(message.clientId, 'expired');
        return;
      case 'order.update':
        this.#saw(message.order.clientId, message.order.state);
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

  asked(requestId: number): void {
    this.#asked = requestId;
  }

  /** Questions of a process that is gone have no answers. */
  restart(): void {
    this.#readings = [];
    this.#asked = 0;
  }

  /** Null where the record rests on what was heard. */
  objection(record: EngineRecord, ours: (clientId: string) => boolean): string | null {
    switch (record.type) {
      case 'order.state':
        return this.#ofOrder(record.clientId, record.state);
      case 'reconciled':
        return record.requestId === this.#asked
          ? null
          : `reconciled by reading ${record.requestId}, not by the newest`;
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
      if (times.length >= 2 && apart >= ABSENT_GRACE_REDUCING_MS) return null;
      return `${clientId} was concluded absent after ${times.length} lookups ${apart} ms apart`;
    }
    if (state !== 'rejected' && state !== 'cancelled' && state !== 'expired') return null;
    if (this.#endings.get(clientId)?.has(state) === true) return null;
    return `${clientId} is ${state} in our book, and the venue never said so`;
  }

  #ofAdoption(instrument: number, lots: number): string | null {
    const last = this.#readings.at(-1);
    const confirming = this.#readings.filter(
      (reading) => reading.lots.get(instrument) === lots && reading.requestId !== last?.requestId,
    );
    const before = confirming[0];
    if (
      last?.lots.get(instrument) === lots &&
      before !== undefined &&
      last.atMs - before.atMs >= CONFIRM_AFTER_MS
    ) {
      return null;
    }
    return `a position of ${lots} lots was adopted without a second reading`;
  }

  #ofFlat(ours: (clientId: string) => boolean): string | null {
    const last = this.#readings.at(-1);
    if (last === undefined) return 'flat was proven without a reading of the venue';
    const open = [...last.lots.values()].some((lots) => lots !== 0);
    if (open) return 'flat was proven by a reading that shows a position';
    return last.openOrders.some(ours)
      ? 'flat was proven by a reading that shows an open order of ours'
      : null;
  }

  #saw(clientId: string, state: string): void {
    if (state === 'rejected' || state === 'cancelled' || state === 'expired') this.#ended(clientId, state);
  }

  #ended(clientId: string, ending: Ending): void {
    const endings = this.#endings.get(clientId) ?? new Set();
    this.#endings.set(clientId, endings.add(ending));
  }
}
