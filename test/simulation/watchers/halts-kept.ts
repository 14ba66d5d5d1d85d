/** A start, a jump of the clock and a failing disk each halt, before anything else is opened. */
import type { HaltCause } from '../../../src/domain/mode.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Moment, Watcher } from '../watcher.js';

const HALTING: Readonly<Partial<Record<EngineEvent['kind'], HaltCause>>> = {
  'clock.jump': 'clock-jump',
  'journal.fault': 'journal-fault',
};

export class HaltsKept implements Watcher {
  readonly #owed = new Set<HaltCause>();

  restarted(): void {
    this.#owed.clear();
    this.#owed.add('startup');
  }

  heard({ kind }: EngineEvent): void {
    const cause = HALTING[kind];
    if (cause !== undefined) this.#owed.add(cause);
  }

  recorded(record: EngineRecord): string | null {
    if (record.type === 'halt') this.#owed.delete(record.halt.cause);
    return record.type === 'armed' ? this.#objection('armed') : null;
  }

  left(effect: Effect): string | null {
    const opens = effect.kind === 'submit' && effect.order.purpose === 'entry';
    return opens ? this.#objection(`entry ${effect.order.clientId} left`) : null;
  }

  looked(_: Moment): string | null {
    return this.#objection('a second has passed');
  }

  #objection(what: string): string | null {
    const [cause] = this.#owed;
    this.#owed.clear();
    return cause === undefined ? null : `${what} without a halt for ${cause}`;
  }
}
