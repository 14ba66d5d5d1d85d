import type { FollowedEntry } from '../contracts/control.js';
import { endsGroup } from '../trader/journal/followed-group.js';

/** Between the socket, which pushes, and the database, which is slower at times. Bounded: it closes when full. */
export class EntryQueue {
  #entries: FollowedEntry[] = [];
  #closed: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(private readonly entriesMax: number) {}

  /** False once the queue takes no more: full, or closed. */
  push(entry: FollowedEntry): boolean {
    if (this.#closed) return false;
    this.#entries.push(entry);
    this.#wake?.();
    if (this.#entries.length < this.entriesMax) return true;
    this.close(new QueueFull());
    return false;
  }

  close(why: Error): void {
    this.#closed ??= why;
    this.#wake?.();
  }

  /**
   * Waits for whole commit groups: as many as have `count` entries, one at least. Once it is closed and has no more,
   * rejects with the reason.
   */
  async take(count: number): Promise<readonly FollowedEntry[]> {
    let whole = this.#wholeGroups(count);
    while (whole === 0) {
      if (this.#closed) throw this.#closed;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
      whole = this.#wholeGroups(count);
    }
    return this.#entries.splice(0, whole);
  }

  /** Entries of the whole groups at the front. */
  #wholeGroups(count: number): number {
    const last = this.#entries.findLastIndex((entry, at) => at < count && endsGroup(entry));
    return last === -1 ? this.#entries.findIndex(endsGroup) + 1 : last + 1;
  }
}

/** What was queued is applied, and then the stream is asked for again from there. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}
