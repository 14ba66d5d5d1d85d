/** What can go wrong with a journal, in words that a person can act on. */
import { BadFrame, FutureFrame } from './format.js';

/** Something that was safely on disk is damaged. The journal is not opened, nothing is changed. */
export class JournalCorrupt extends Error {
  override readonly name = 'JournalCorrupt';
  constructor(
    readonly segment: string,
    readonly offset: number,
    readonly why: string,
  ) {
    super(
      `the journal is damaged: segment ${segment}, byte ${offset}: ${why}. Nothing was changed and no order was sent. ` +
        'Restore the journal folder from a backup, or move it away to start with an empty one ' +
        '(positions at the venue are then adopted by reconciliation; stops and limits that people set are not kept, so a person has to resume).',
    );
  }
}

/** Written by a later version of this program. The journal is not opened, nothing is changed. */
export class JournalTooNew extends Error {
  override readonly name = 'JournalTooNew';
  constructor(
    readonly segment: string,
    readonly why: string,
  ) {
    super(
      `the journal was written by a later version of Fermata: segment ${segment}: ${why}. Nothing was changed and no ` +
        'order was sent. Start the version that wrote it, or a later one.',
    );
  }
}

/** Another process holds the journal. */
export class JournalLocked extends Error {
  override readonly name = 'JournalLocked';
  constructor(directory: string) {
    super(
      `the journal in ${directory} is in use by another trader. Nothing was changed. ` +
        'Stop the other one first (fermata down), or use another FERMATA_HOME.',
    );
  }
}

/** A write or sync failed. Records that are not yet durable never become so in this process. */
export class JournalFault extends Error {
  override readonly name = 'JournalFault';
  constructor(readonly detail: string) {
    super(
      `the journal could not be written: ${detail}. No new order is sent, cancels still go out, resting stops stay. ` +
        'Free disk space or repair the disk, then restart the trader.',
    );
  }
}

/** Turns an error of a frame reader into an error about the journal. */
export function frameFault(error: unknown, segment: string, offset: number): unknown {
  if (error instanceof FutureFrame) return new JournalTooNew(segment, `byte ${offset}: ${error.message}`);
  return error instanceof BadFrame ? new JournalCorrupt(segment, offset, error.message) : error;
}
