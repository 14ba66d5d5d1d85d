import type { FollowedEntry } from '../contracts/control.js';
import { endsGroup } from '../trader/journal/followed-group.js';

/**
 * Buffers between the socket, which pushes, and the database, which is sometimes slower. Bounded: it closes when
 * full.
 */
export class EntryQueue {
  readonly #entries: FollowedEntry[] = [];
  #closed: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(private readonly entriesMax: number) {}

  /** False once the queue accepts no more: it is full or closed. */
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
   * Waits for whole commit groups: as many as fit into `count` entries, at least one. Once the queue is closed and
   * empty, rejects with the reason.
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

  /** Number of entries in the whole groups at the front. */
  #wholeGroups(count: number): number {
    const last = this.#entries.findLastIndex((entry, at) => at < count && endsGroup(entry));
    return last === -1 ? this.#entries.findIndex(endsGroup) + 1 : last + 1;
  }
}

/** What was queued is still applied; then the stream is requested again from there. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}
