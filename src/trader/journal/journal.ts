/**
 * The write-ahead journal. Appends are gathered and written as groups, one write and one sync each, off the event
 * loop; `whenDurable` tells when a record is safe. After a failed write or sync nothing is written again: what a disk
 * says after a failed sync can't be believed.
 */
import { messageOf } from '../../domain/message-of.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import type { FileLock } from '../../home/file-lock.js';
import { chainNext } from './chain.js';
import { encodeRecord, FIXED_BYTES, FRAME_BYTES, HEADER_BYTES, PAYLOAD_BYTES_MAX } from './format.js';
import { JournalFault } from './journal-error.js';
import type { JournalFile, OpenJournalFile } from './journal-file.js';
import { RECORD_TYPES } from './record-types.js';
import { createSegment } from './segments.js';

/** One group commit; also what a torn tail can lose at most. */
const GROUP_BYTES_MAX = 1024 * 1024;
/** Waiting for the disk. More than this means that the disk does not keep up: a fault. */
const PENDING_BYTES_MAX = 32 * 1024 * 1024;

interface Pending {
  readonly entry: JournalEntry;
  readonly payload: string;
  /** Its size on disk. */
  readonly bytes: number;
}

interface Waiter {
  readonly sequence: number;
  readonly resolve: () => void;
  readonly reject: (fault: JournalFault) => void;
}

export interface JournalStart {
  readonly directory: string;
  readonly incarnation: string;
  readonly lastSequence: number;
  readonly chain: string;
  readonly file: JournalFile;
  readonly fileBytes: number;
  readonly segmentBytesMax: number;
  readonly openFile: OpenJournalFile;
  readonly lock: FileLock;
}

export class Journal {
  readonly directory: string;
  readonly incarnation: string;
  #lastSequence: number;
  #durableSequence: number;
  #chain: string;
  #durableChain: string;
  #file: JournalFile;
  #fileBytes: number;
  #pending: Pending[] = [];
  #pendingBytes = 0;
  #waiters: Waiter[] = [];
  #flushing: Promise<void> | null = null;
  #fault: JournalFault | null = null;
  #closed = false;
  readonly #start: JournalStart;
  readonly #durableListeners = new Set<(entries: readonly JournalEntry[]) => void>();
  readonly #faultListeners = new Set<(fault: JournalFault) => void>();

  constructor(start: JournalStart) {
    this.#start = start;
    this.directory = start.directory;
    this.incarnation = start.incarnation;
    this.#lastSequence = start.lastSequence;
    this.#durableSequence = start.lastSequence;
    this.#chain = start.chain;
    this.#durableChain = start.chain;
    this.#file = start.file;
    this.#fileBytes = start.fileBytes;
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

  /** Gives the record's sequence. After a fault records still get one, but are never written. */
  append(record: EngineRecord, wallMs: number): number {
    if (this.#closed) throw new Error('append to a closed journal');
    const payload = JSON.stringify(record);
    const payloadBytes = Buffer.byteLength(payload);
    const sequence = this.#lastSequence + 1;
    this.#lastSequence = sequence;
    if (this.#fault !== null) return sequence;
    if (payloadBytes > PAYLOAD_BYTES_MAX) {
      this.#fail(
        new JournalFault(`a record of type ${record.type} is larger than ${PAYLOAD_BYTES_MAX} bytes`),
      );
      return sequence;
    }
    this.#chain = chainNext(this.#chain, payload);
    const entry = { incarnation: this.incarnation, sequence, wallMs, record, chain: this.#chain };
    const bytes = FRAME_BYTES + FIXED_BYTES + payloadBytes;
    this.#pending.push({ entry, payload, bytes });
    this.#pendingBytes += bytes;
    if (this.#pendingBytes > PENDING_BYTES_MAX) this.#fail(new JournalFault('the disk does not keep up'));
    else if (this.#flushing === null) this.#flushing = Promise.resolve().then(() => this.#flush());
    return sequence;
  }

  /** Resolves once the record and all before it are on disk; rejects with `JournalFault` where that never comes. */
  whenDurable(sequence: number): Promise<void> {
    if (sequence <= this.#durableSequence) return Promise.resolve();
    if (this.#fault !== null) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => this.#waiters.push({ sequence, resolve, reject }));
  }

  /** Calls one of the two once all records so far are on disk, or where they never will be. */
  afterDurable(safe: () => void, failed: () => void): void {
    this.whenDurable(this.#lastSequence).then(safe, failed);
  }

  /** Entries in order, each group right after it is on disk. Gives the function that ends it. */
  onDurable(listener: (entries: readonly JournalEntry[]) => void): () => void {
    this.#durableListeners.add(listener);
    return () => this.#durableListeners.delete(listener);
  }

  /** Called once, when the first write or sync fails. */
  onFault(listener: (fault: JournalFault) => void): void {
    this.#faultListeners.add(listener);
  }

  /** Writes what is pending, closes the file and gives the lock back. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#flushing;
    await this.#file.close().catch(() => undefined);
    this.#start.lock.release();
  }

  async #flush(): Promise<void> {
    try {
      while (this.#pending.length > 0 && this.#fault === null) {
        const group = this.#takeGroup();
        if (this.#fileBytes >= this.#start.segmentBytesMax) await this.#rotate(group[0]!.entry.sequence);
        const bytes = encodeGroup(group);
        await this.#file.write(bytes, this.#fileBytes);
        await this.#file.datasync();
        this.#fileBytes += bytes.length;
        this.#published(group);
      }
    } catch (error) {
      this.#fail(new JournalFault(messageOf(error)));
    } finally {
      this.#flushing = null;
    }
  }

  #takeGroup(): readonly Pending[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#pending.length && (count === 0 || bytes < GROUP_BYTES_MAX)) {
      bytes += this.#pending[count]!.bytes;
      count += 1;
    }
    this.#pendingBytes -= bytes;
    return this.#pending.splice(0, count);
  }

  async #rotate(firstSequence: number): Promise<void> {
    const header = { incarnation: this.incarnation, firstSequence, previousChain: this.#durableChain };
    const segment = createSegment(this.directory, header);
    await this.#file.close();
    this.#file = await this.#start.openFile(segment.path);
    this.#fileBytes = HEADER_BYTES;
  }

  #published(group: readonly Pending[]): void {
    const last = group.at(-1)!.entry;
    this.#durableSequence = last.sequence;
    this.#durableChain = last.chain;
    const ready = this.#waiters.filter((waiter) => waiter.sequence <= last.sequence);
    this.#waiters = this.#waiters.filter((waiter) => waiter.sequence > last.sequence);
    for (const waiter of ready) waiter.resolve();
    const entries = group.map((pending) => pending.entry);
    for (const listener of this.#durableListeners) listener(entries);
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

function encodeGroup(group: readonly Pending[]): Buffer {
  const target = Buffer.allocUnsafe(group.reduce((sum, pending) => sum + pending.bytes, 0));
  let end = 0;
  group.forEach(({ entry, payload }, index) => {
    const { sequence, wallMs, record } = entry;
    const type = RECORD_TYPES[record.type];
    end = encodeRecord(target, end, { groupStart: index === 0, type, sequence, wallMs, payload });
  });
  return target;
}
