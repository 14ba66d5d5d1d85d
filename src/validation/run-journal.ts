/**
 * The run's own journal. A run that is begun again makes the records of its first part again: each is compared with
 * what is on disk, and writing continues after the last one. So nothing is lost or written twice.
 */
import { NotRepeatable, type RunRecords } from '../backtest/run-on-prices.js';
import type { EngineRecord, JournalEntry } from '../engine/record.js';
import type { Journal } from '../trader/journal/journal.js';
import { readJournal } from '../trader/journal/read-journal.js';
import { isSameRecord } from '../trader/journal/v2/codec.js';

export class RunJournal implements RunRecords {
  readonly #journal: Journal;
  readonly #before: Iterator<JournalEntry, void>;
  #repeated = 0;
  #replaying = true;
  #next: IteratorResult<JournalEntry, void> | null = null;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#before = readJournal(journal.directory);
  }

  /** Records of an earlier process that this one made again. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Throws `NotRepeatable`. */
  append(record: EngineRecord, wallMs: number, monotonicMs: number): void {
    if (!this.#replaying || !this.#isRepeated(record)) this.#journal.append(record, wallMs, monotonicMs);
    if (this.#journal.fault !== null) throw this.#journal.fault;
  }

  /** Throws `NotRepeatable` if the disk has more than this run made. */
  finish(): void {
    const left = this.#replaying ? (this.#next ?? this.#before.next()) : { done: true as const };
    if (left.done !== true) throw notRepeatable(this.#repeated + 1, 'the run ended before it');
  }

  #isRepeated(record: EngineRecord): boolean {
    this.#next ??= this.#before.next();
    const next = this.#next;
    if (next.done === true) {
      this.#replaying = false;
      return false;
    }
    // A run that was begun before such records existed has none in its first part.
    if (record.type === 'trade.closed' && next.value.record.type !== 'trade.closed') return true;
    this.#next = null;
    if (!isSameRecord(next.value.record, record)) {
      throw notRepeatable(next.value.sequence, `it has ${next.value.record.type}, now comes ${record.type}`);
    }
    this.#repeated += 1;
    return true;
  }
}

function notRepeatable(sequence: number, found: string): NotRepeatable {
  return new NotRepeatable(
    `the run does not come out as its journal says at record ${sequence} (${found}): prices, desk file or program ` +
      'changed since it began',
  );
}
