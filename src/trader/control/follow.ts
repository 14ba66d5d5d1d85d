/**
 * Sends journal entries to a follower: first from disk, then as they become durable. A follower that does not read is
 * dropped; it never holds up the trader or grows its memory.
 */
import type { Socket } from 'node:net';
import { readTold, type Told, toldOf } from '../journal/followed-group.js';
import type { Journal } from '../journal/journal.js';

/** Entries sent before other tasks get a turn. */
const ENTRIES_PER_TURN = 200;
/** Newest durable entries held in memory, so a follower that is up to date needs no file. */
const RECENT_MAX = 1000;
const SOCKET_BYTES_MAX = 1024 * 1024;
const DRAIN_TIMEOUT_MS = 30_000;

/** The newest durable entries in memory, shared by all followers. */
export class RecentEntries {
  #entries: Told[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(readonly journal: Journal) {
    journal.onDurable((entries, body) => {
      this.#entries.push(...toldOf(entries, body));
      if (this.#entries.length > 2 * RECENT_MAX) this.#entries = this.#entries.slice(-RECENT_MAX);
      for (const listener of this.#listeners) listener();
    });
  }

  onMore(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Undefined: the entry is older than those in memory. */
  find(sequence: number): Told | undefined {
    const first = this.#entries[0]?.entry.sequence;
    return first === undefined ? undefined : this.#entries[sequence - first];
  }
}

export function follow(socket: Socket, id: unknown, fromSequence: number, recent: RecentEntries): void {
  const entries = new EntrySource(fromSequence, recent);
  let waiting = false;
  let drainTimer: NodeJS.Timeout | undefined;

  const pump = (): void => {
    if (waiting || socket.destroyed) return;
    for (let sent = 0; sent < ENTRIES_PER_TURN; sent += 1) {
      const next = entries.next();
      if (next === null) return;
      const { entry, group } = next;
      if (group !== undefined) socket.write(`${JSON.stringify({ id, group: group.toString('base64') })}\n`);
      socket.write(`${JSON.stringify({ id, entry })}\n`);
      if (socket.writableLength > SOCKET_BYTES_MAX) {
        pause();
        return;
      }
    }
    waiting = true;
    setImmediate(() => {
      waiting = false;
      guardedPump();
    });
  };
  const pause = (): void => {
    waiting = true;
    drainTimer = setTimeout(() => socket.destroy(), DRAIN_TIMEOUT_MS);
    socket.once('drain', () => {
      clearTimeout(drainTimer);
      waiting = false;
      guardedPump();
    });
  };
  /** If somebody else damaged the journal, only this follower ends, not the trader. */
  const guardedPump = (): void => {
    try {
      pump();
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
    }
  };

  const endListening = recent.onMore(guardedPump);
  socket.once('close', () => {
    endListening();
    clearTimeout(drainTimer);
    entries.close();
  });
  guardedPump();
}

/** Entries in their order, from memory where they are there, otherwise from disk. */
class EntrySource {
  #nextSequence: number;
  #disk: Generator<Told, void> | null = null;

  constructor(
    fromSequence: number,
    private readonly recent: RecentEntries,
  ) {
    this.#nextSequence = fromSequence;
  }

  /** Null: none is durable yet. */
  next(): Told | null {
    if (this.#nextSequence > this.recent.journal.durableSequence) return null;
    const atHand = this.recent.find(this.#nextSequence);
    if (atHand !== undefined) this.close();
    const found = atHand ?? this.#fromDisk();
    if (found !== null) this.#nextSequence = found.entry.sequence + 1;
    return found;
  }

  close(): void {
    this.#disk?.return();
    this.#disk = null;
  }

  #fromDisk(): Told | null {
    this.#disk ??= readTold(this.recent.journal.directory, this.#nextSequence);
    const step = this.#disk.next();
    if (step.done !== true) return step.value;
    this.#disk = null;
    return null;
  }
}
