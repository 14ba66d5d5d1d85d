import type { JournalEntry } from '../engine/record.js';

/** Between the socket, which pushes, and the database, which is slower at times. Bounded: it closes when full. */
export class EntryQueue {
  #entries: JournalEntry[] = [];
  #closed: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(private readonly entriesMax: number) {}

  /** False once the queue takes no more: full, or closed. */
  push(entry: JournalEntry): boolean {
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

  /** Waits for entries; once it is closed and empty, rejects with the reason. */
  async take(count: number): Promise<readonly JournalEntry[]> {
    while (this.#entries.length === 0) {
      if (this.#closed) throw this.#closed;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return this.#entries.splice(0, count);
  }
}

/** What was queued is applied, and then the stream is asked for again from there. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull';
}
