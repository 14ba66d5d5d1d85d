/**
 * The write-ahead journal. Appends are gathered and written as groups, with one write and one sync each, off
 * the event loop; `whenDurable` says when a record is safe. After a failed write or sync nothing more is
 * written: a disk's reports after a failed sync can't be trusted.
 */
import { open } from 'node:fs/promises';
import { messageOf } from '../../domain/message-of.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import type { FileLock } from '../../home/file-lock.js';
import { FORMAT_VERSION, FRAME_BYTES, HEADER_BYTES } from './format.js';
import { JournalFault } from './journal-error.js';
import { createSegment } from './segments.js';
import { GroupWriter, RECORD_BYTES_MAX } from './v2/group.js';

/** Most bytes that may wait for the disk. Beyond this, the disk isn't keeping up: a fault. */
const PENDING_BYTES_MAX = 32 * 1024 * 1024;

/** Receives the entries of a commit group, and the group as it is on disk, without length and checksum. */
type DurableListener = (entries: readonly JournalEntry[], body: Buffer) => void;

interface Waiter {
  readonly sequence: number;
  readonly resolve: () => void;
  readonly reject: (fault: JournalFault) => void;
}

interface JournalStart {
  readonly directory: string;
  readonly incarnation: string;
  readonly lastSequence: number;
  readonly chain: string;
  readonly file: JournalFile;
  readonly fileBytes: number;
  /** Format version of the file; an older version is continued in a new segment. */
  readonly fileVersion: number;
  readonly segmentBytesMax: number;
  readonly openFile: OpenJournalFile;
  readonly lock: FileLock;
}

export class Journal {
  readonly directory: string;
  readonly incarnation: string;
  #lastSequence: number;
  #durableSequence: number;
  #durableChain: string;
  #file: JournalFile;
  #fileBytes: number;
  #fileVersion: number;
  /** Groups that wait for the disk, oldest first; the last one is still growing. */
  #pending: GroupWriter[] = [];
  #pendingBytes = 0;
  #waiters: Waiter[] = [];
  #flushing: Promise<void> | null = null;
  #fault: JournalFault | null = null;
  #closed = false;
  readonly #start: JournalStart;
  readonly #durableListeners = new Set<DurableListener>();
  readonly #faultListeners = new Set<(fault: JournalFault) => void>();

  constructor(start: JournalStart) {
    this.#start = start;
    this.directory = start.directory;
    this.incarnation = start.incarnation;
    this.#lastSequence = start.lastSequence;
    this.#durableSequence = start.lastSequence;
    this.#durableChain = start.chain;
    this.#file = start.file;
    this.#fileBytes = start.fileBytes;
    this.#fileVersion = start.fileVersion;
  }

  /** Sequence of the newest record, on disk or not. The first record has 1. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  get durableSequence(): number {
    return this.#durableSequence;
  }

  get fault(): JournalFault | null {
    return this.#fault;
  }

  /**
   * Returns the record's sequence. After a fault, records still get one but are never written. `monotonicMs`:
   * null if unknown.
   */
  append(record: EngineRecord, wallMs: number, monotonicMs: number | null = null): number {
    if (this.#closed) throw new Error('append to a closed journal');
    const sequence = this.#lastSequence + 1;
    this.#lastSequence = sequence;
    if (this.#fault !== null) return sequence;
    const [wall, monotonic] = [Math.floor(wallMs), monotonicMs === null ? null : Math.floor(monotonicMs)];
    const group = this.#groupFor(sequence, wall, monotonic);
    const before = group.bytes;
    if (!group.add(record, wall, monotonic)) {
      this.#fail(
        new JournalFault(`a record of type ${record.type} is larger than ${RECORD_BYTES_MAX} bytes`),
      );
      return sequence;
    }
    this.#pendingBytes += group.bytes - before;
    if (this.#pendingBytes > PENDING_BYTES_MAX) this.#fail(new JournalFault('the disk does not keep up'));
    else if (this.#flushing === null) this.#flushing = Promise.resolve().then(() => this.#flush());
    return sequence;
  }

  /**
   * Resolves once the record and all before it are on disk; rejects with `JournalFault` if that can no longer
   * happen.
   */
  whenDurable(sequence: number): Promise<void> {
    if (sequence <= this.#durableSequence) return Promise.resolve();
    if (this.#fault !== null) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => this.#waiters.push({ sequence, resolve, reject }));
  }

  /** Calls one of the two: once all records so far are on disk, or when they never will be. */
  afterDurable(safe: () => void, failed: () => void): void {
    this.whenDurable(this.#lastSequence).then(safe, failed);
  }

  /**
   * Calls the listener with each group right after it is on disk, in order. Returns the function that unsubscribes.
   */
  onDurable(listener: DurableListener): () => void {
    this.#durableListeners.add(listener);
    return () => this.#durableListeners.delete(listener);
  }

  /** Called once, when the first write or sync fails. */
  onFault(listener: (fault: JournalFault) => void): void {
    this.#faultListeners.add(listener);
  }

  /** Writes what is pending, closes the file and releases the lock. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushing;
    await this.#file.close().catch(() => undefined);
    this.#start.lock.release();
  }

  #groupFor(sequence: number, wallMs: number, monotonicMs: number | null): GroupWriter {
    const growing = this.#pending.at(-1);
    if (growing?.takes(wallMs, monotonicMs)) return growing;
    const group = new GroupWriter(this.incarnation, sequence, wallMs, monotonicMs);
    this.#pending.push(group);
    this.#pendingBytes += group.bytes;
    return group;
  }

  async #flush(): Promise<void> {
    try {
      for (let group = this.#pending.shift(); group !== undefined; group = this.#pending.shift()) {
        this.#pendingBytes -= group.bytes;
        const full = this.#fileBytes >= this.#start.segmentBytesMax;
        if (full || this.#fileVersion !== FORMAT_VERSION) await this.#rotate(group.firstSequence);
        const { frame, entries } = group.seal(this.#durableChain);
        await this.#file.write(frame, this.#fileBytes);
        await this.#file.datasync();
        this.#fileBytes += frame.length;
        this.#published(entries, frame.subarray(FRAME_BYTES));
      }
    } catch (error) {
      this.#fail(new JournalFault(messageOf(error)));
    } finally {
      this.#flushing = null;
    }
  }

  async #rotate(firstSequence: number): Promise<void> {
    const header = { incarnation: this.incarnation, firstSequence, previousChain: this.#durableChain };
    const segment = createSegment(this.directory, header);
    await this.#file.close();
    this.#file = await this.#start.openFile(segment.path);
    this.#fileBytes = HEADER_BYTES;
    this.#fileVersion = FORMAT_VERSION;
  }

  #published(entries: readonly JournalEntry[], body: Buffer): void {
    const last = entries.at(-1)!;
    this.#durableSequence = last.sequence;
    this.#durableChain = last.chain;
    const ready = this.#waiters.filter((waiter) => waiter.sequence <= last.sequence);
    this.#waiters = this.#waiters.filter((waiter) => waiter.sequence > last.sequence);
    for (const waiter of ready) waiter.resolve();
    for (const listener of this.#durableListeners) listener(entries, body);
  }

  #fail(fault: JournalFault): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    this.#pending = [];
    this.#pendingBytes = 0;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(fault);
    for (const listener of this.#faultListeners) listener(fault);
  }
}

/** The few file operations that the writer needs; tests substitute a failing disk. */
export interface JournalFile {
  /** Writes all of `bytes` at `position`, or throws. */
  write(bytes: Buffer, position: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export type OpenJournalFile = (path: string) => Promise<JournalFile>;

export const openJournalFile: OpenJournalFile = async (path) => {
  const handle = await open(path, 'r+');
  return {
    async write(bytes, position) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    datasync: () => handle.datasync(),
    close: () => handle.close(),
  };
};
