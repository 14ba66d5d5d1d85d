/**
 * One look at both books. A difference counts when the very same one is there at two looks in a row: between two
 * readings a fill may have reached one book and not the other. Can only stop, and says each difference once.
 */
import { randomUUID } from 'node:crypto';
import type { Instrument } from '../domain/instrument.js';
import type { TraderClient } from '../trader/client.js';
import type { BookReading } from './book-reading.js';
import { compareBooks } from './compare-books.js';

export interface AuditParts {
  readonly trader: Pick<TraderClient, 'call'>;
  readonly instruments: readonly Instrument[];
  /** Null: nothing can be compared now. */
  readonly readBook: () => BookReading | null | Promise<BookReading | null>;
}

const ANSWER_MS = 3_000;
const REASON_LENGTH_MAX = 500;

/** Answers with the difference that it has just halted for, or null. */
export function createAudit({ trader, instruments, readBook }: AuditParts): () => Promise<string | null> {
  let seen = '';
  let halted = '';
  return async () => {
    const status = await trader.call('status', {}, { timeoutMs: ANSWER_MS });
    // While the trader itself still compares, its book may be empty or behind.
    if (status.reconciliation.state === 'pending') return null;
    const book = await readBook();
    const found = book === null ? '' : compareBooks(book, status, instruments).join('; ');
    const confirmed = found !== '' && found === seen;
    seen = found;
    if (found === '') halted = '';
    if (!confirmed || found === halted) return null;
    await trader.call(
      'halt',
      {
        commandId: randomUUID(),
        by: 'auditor',
        reason: `the venue's book differs from the trader's: ${found}`.slice(0, REASON_LENGTH_MAX),
        cause: 'auditor',
        resume: 'person',
      },
      { timeoutMs: ANSWER_MS },
    );
    halted = found;
    return found;
  };
}
