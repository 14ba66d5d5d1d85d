/** The journal's disk: slow, failing, and cut at any byte by a crash. The real journal writes to it. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { EngineRecord } from '../../src/engine/record.js';
import { Journal, type JournalFile } from '../../src/trader/journal/journal.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { repairLastSegment } from '../../src/trader/journal/repair.js';
import { createSegment, listSegments } from '../../src/trader/journal/segments.js';
import { SlotWriter } from '../../src/trader/journal/v2/slot-writer.js';
import type { Random } from './random.js';
import type { SimulatedProcess } from './simulated-process.js';
import type { VirtualTime } from './virtual-time.js';

const FIRST_CHAIN = '0'.repeat(64);

export interface Recovered {
  readonly journal: Journal;
  readonly records: readonly EngineRecord[];
}

/** As it stands in each commit group that names it. */
function slotOf(text: string): Buffer {
  const to = new SlotWriter(64);
  to.text(text);
  return to.bytes.subarray(0, to.at);
}

export class SimulatedDisk {
  /** What fails from now on; a torn write leaves its first bytes. */
  failure: 'none' | 'write' | 'torn write' | 'sync' = 'none';
  /** Until then no sync comes to its end. */
  stallsUntilMs = 0;
  #bytes = Buffer.alloc(0);
  /** Everything before this was synced: no crash takes it. */
  #durableBytes = 0;
  #writtenBytes = 0;

  constructor(
    private readonly directory: string,
    private readonly incarnation: string,
    private readonly time: VirtualTime,
    private readonly random: Random,
  ) {
    createSegment(directory, { incarnation, firstSequence: 1, previousChain: FIRST_CHAIN });
  }

  /** What was being written when the process died is there up to some byte. */
  crash(): void {
    const cut = this.random.whole(this.#durableBytes, this.#writtenBytes);
    const [segment] = listSegments(this.directory);
    if (segment === undefined) throw new RangeError('the journal has no segment');
    if (this.#writtenBytes > 0) writeFileSync(segment.path, this.#bytes.subarray(0, cut));
  }

  /** What a backup finds: whole records that no crash can take. */
  durableRecords(): readonly EngineRecord[] {
    const [segment] = listSegments(this.directory);
    if (segment === undefined || this.#durableBytes === 0) return [];
    writeFileSync(segment.path, this.#bytes.subarray(0, this.#durableBytes));
    return [...readJournal(this.directory)].map(({ record }) => record);
  }

  /** Whether a synced record names it. */
  holds(clientId: string): boolean {
    const durable = this.#bytes.subarray(0, this.#durableBytes);
    // An order with exits stands as JSON.
    return durable.includes(slotOf(clientId)) || durable.includes(`"order":{"clientId":"${clientId}"`);
  }

  /** As the trader does it at a start: repair, then replay. */
  recover(process: SimulatedProcess): Recovered {
    this.failure = 'none';
    const [segment] = listSegments(this.directory);
    if (segment === undefined) throw new RangeError('the journal has no segment');
    const end = repairLastSegment(segment);
    this.#bytes = Buffer.from(readFileSync(segment.path));
    this.#durableBytes = this.#bytes.length;
    this.#writtenBytes = this.#bytes.length;
    const records = [...readJournal(this.directory)].map(({ record }) => record);
    const journal = new Journal({
      directory: this.directory,
      incarnation: this.incarnation,
      lastSequence: end.lastSequence,
      chain: end.chain,
      file: this.#file(process),
      fileBytes: end.sizeBytes,
      fileVersion: end.version,
      segmentBytesMax: Number.MAX_SAFE_INTEGER,
      openFile: async () => this.#file(process),
      lock: { release: () => undefined },
    });
    return { journal, records };
  }

  #file(process: SimulatedProcess): JournalFile {
    return {
      write: async (bytes, position) => {
        const torn = this.failure === 'torn write';
        if (this.failure === 'write') throw new Error('no space left on device');
        const written = torn ? bytes.subarray(0, this.random.whole(0, bytes.length - 1)) : bytes;
        this.#hold(position + written.length);
        written.copy(this.#bytes, position);
        this.#writtenBytes = position + written.length;
        if (torn) throw new Error('no space left on device');
      },
      datasync: async () => {
        const upTo = this.#writtenBytes;
        await new Promise<void>((resolve, reject) => {
          this.time.after(this.#syncMs(), () => {
            if (this.failure !== 'none') {
              process.deliver(() => reject(new Error('input/output error')));
              return;
            }
            if (process.alive) this.#durableBytes = Math.max(this.#durableBytes, upTo);
            process.deliver(resolve);
          });
        });
      },
      close: async () => undefined,
    };
  }

  #syncMs(): number {
    const usual = this.random.chance(0.02) ? this.random.whole(50, 400) : this.random.whole(0, 3);
    return Math.max(usual, this.stallsUntilMs - this.time.nowMs);
  }

  #hold(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(size, this.#bytes.length * 2));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}
