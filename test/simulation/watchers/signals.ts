/** Signals from outside: one entry each revision, never on one that is unknown, has expired, was withdrawn or used up. */

import { type SignalName, signalKey } from '../../../src/domain/signal.js';
import type { VenueOrder } from '../../../src/domain/venue.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Moment, Watcher } from '../watcher.js';

/** A cancel leaves with the withdrawal; this much for a process that was busy. */
const TAKEN_OFF_MS_MAX = 2_500;

interface Known {
  revision: number;
  expiresMs: number;
  withdrawn: boolean;
  used: boolean;
  /** Of the newest revision. */
  entered: boolean;
}

export class Signals implements Watcher {
  readonly #known = new Map<string, Known>();
  readonly #of = new Map<string, SignalName>();
  /** Entries that rested as their signal was withdrawn, until a cancel leaves; and since when. */
  readonly #toTakeOff = new Map<string, number>();
  readonly #over = new Set<string>();

  constructor(private readonly book: FollowedBook) {}

  restarted(records: readonly EngineRecord[]): void {
    this.#known.clear();
    this.#of.clear();
    this.#toTakeOff.clear();
    for (const record of records) this.#follow(record);
  }

  thawed(wallMs: number): void {
    for (const clientId of this.#toTakeOff.keys()) this.#toTakeOff.set(clientId, wallMs);
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'order.update') this.#hear(event.order);
    if (event.kind === 'order.lookup' && event.found !== null) this.#hear(event.found);
  }

  /** One that is over rests no longer, though nobody may have named its fills yet. */
  #hear({ clientId, state }: VenueOrder): void {
    if (state !== 'working' && state !== 'partlyFilled') this.#over.add(clientId);
  }

  recorded(record: EngineRecord, { wallMs }: Moment): string | null {
    const objection = this.#objection(record);
    this.#follow(record);
    if (record.type === 'signal.withdrawn') {
      for (const { intent, state } of this.book.entries)
        if (state === 'working' && this.#isOf(intent.signal, record))
          this.#toTakeOff.set(intent.clientId, wallMs);
    }
    return objection;
  }

  left(effect: Effect): string | null {
    if (effect.kind === 'cancel') this.#toTakeOff.delete(effect.clientId);
    return null;
  }

  looked({ wallMs }: Moment): string | null {
    for (const [clientId, sinceMs] of this.#toTakeOff) {
      if (!this.book.live.has(clientId) || this.#over.has(clientId)) this.#toTakeOff.delete(clientId);
      else if (wallMs - sinceMs > TAKEN_OFF_MS_MAX)
        return `${clientId} rests on, and its signal was withdrawn`;
    }
    return null;
  }

  #isOf(signal: SignalName | undefined, named: Pick<SignalName, 'source' | 'id'>): boolean {
    return signal !== undefined && signalKey(signal) === signalKey(named);
  }

  #objection(record: EngineRecord): string | null {
    if (record.type === 'signal') {
      const { signal, marketMs } = record;
      const before = this.#known.get(signalKey(signal));
      if (signal.expiresMs <= marketMs) return `signal ${signal.id} is taken after its expiry`;
      if (before?.withdrawn === true) return `signal ${signal.id} is taken after it was withdrawn`;
      return before !== undefined && before.revision >= signal.revision
        ? `revision ${signal.revision} of signal ${signal.id} is taken twice`
        : null;
    }
    if (record.type !== 'order.intended' || record.order.signal === undefined) return null;
    const { clientId, signal, purpose } = record.order;
    const known = this.#known.get(signalKey(signal));
    if (purpose !== 'entry') return `${clientId} follows a signal and is no entry`;
    if (known === undefined || known.revision !== signal.revision)
      return `${clientId} follows a signal that is not on record`;
    if (known.withdrawn) return `${clientId} follows a signal that was withdrawn`;
    if (known.expiresMs <= record.marketMs) return `${clientId} follows a signal that has expired`;
    if (known.entered) return `${clientId} is a second entry of one signal`;
    if (known.used) return `${clientId} follows a signal whose entry was filled`;
    const rests = this.book.entries.some(({ intent }) => this.#isOf(intent.signal, signal));
    return rests ? `${clientId} leaves beside another entry of its signal` : null;
  }

  #follow(record: EngineRecord): void {
    switch (record.type) {
      case 'signal': {
        const { signal } = record;
        const used = this.#known.get(signalKey(signal))?.used ?? false;
        const { revision, expiresMs } = signal;
        this.#known.set(signalKey(signal), { revision, expiresMs, withdrawn: false, used, entered: false });
        return;
      }
      case 'signal.withdrawn': {
        const unknown: Known = { revision: 0, expiresMs: 0, withdrawn: true, used: false, entered: false };
        this.#known.set(signalKey(record), {
          ...(this.#known.get(signalKey(record)) ?? unknown),
          withdrawn: true,
        });
        return;
      }
      case 'order.intended': {
        const { signal, clientId } = record.order;
        if (signal === undefined) return;
        this.#of.set(clientId, signal);
        const known = this.#known.get(signalKey(signal));
        if (known !== undefined) known.entered = true;
        return;
      }
      case 'fill': {
        const signal = this.#of.get(record.fill.clientId);
        const known = signal === undefined ? undefined : this.#known.get(signalKey(signal));
        if (known !== undefined) known.used = true;
      }
    }
  }
}
