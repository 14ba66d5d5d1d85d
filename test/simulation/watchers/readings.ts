/** Readings of the account: what counts as clean agrees to the last unit, and only after such a one a desk is armed. */
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { FollowedBook } from '../followed-book.js';
import type { Watcher } from '../watcher.js';

export class Readings implements Watcher {
  /** Of the newest reading, money units. */
  #cash: bigint | null = null;
  /** The newest since the start, and since the clock jumped, agreed. */
  #clean = false;

  constructor(private readonly book: FollowedBook) {}

  restarted(): void {
    this.#cash = null;
    this.#clean = false;
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'clock.jump') this.#clean = false;
    if (event.kind !== 'venue.snapshot') return;
    const { cash } = event.snapshot;
    this.#cash = cash === null ? null : BigInt(cash);
  }

  recorded(record: EngineRecord): string | null {
    if (record.type === 'armed') return this.#clean ? null : 'armed on a reading that is not clean';
    if (record.type !== 'reconciled') return null;
    this.#clean = record.clean;
    const ours = this.book.second.cash;
    if (record.clean && this.#cash !== null && this.#cash !== ours)
      return `reconciled as clean, though cash is ${this.#cash} at the venue and ${ours} in the records`;
    const isOpen = record.differences.some(({ what }) => what === 'balance');
    return isOpen && this.book.mode === 'ACTIVE' ? 'ACTIVE while cash differs and nothing explains it' : null;
  }
}
