/**
 * One look at everything from outside. A finding counts when the very same one is there at two looks in a row: between
 * two readings a fill may have reached one book and not the other. Can only stop, and says each finding once.
 */
import { randomUUID } from 'node:crypto';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import type { Instrument } from '../domain/instrument.js';
import { messageOf } from '../domain/message-of.js';
import type { TraderClient } from '../trader/client.js';
import type { BookReading } from './book-reading.js';
import { compareBooks, withoutOthersCoins } from './compare-books.js';
import { compareEquity, ownEquity } from './compare-equity.js';
import type { Finding } from './finding.js';
import { LateCash } from './late-cash.js';
import { LimitWatch } from './limit-watch.js';
import type { PriceReader } from './prices/own-price.js';

export interface AuditParts {
  readonly trader: Pick<TraderClient, 'call'>;
  readonly instruments: readonly Instrument[];
  readonly risk: Desk['risk'];
  /** Null: nothing can be compared now. */
  readonly readBook: () => BookReading | null | Promise<BookReading | null>;
  readonly readPrices: PriceReader;
  /** Told once for each outage: books are compared all the same. */
  readonly onPricesMissing: (why: string) => void;
}

const ANSWER_MS = 3_000;
const REASON_LENGTH_MAX = 500;

/** Answers with what it has just halted for, or null. */
export function createAudit(parts: AuditParts): () => Promise<string | null> {
  const { trader, instruments, risk } = parts;
  const limits = new LimitWatch(instruments, risk);
  const lateCash = new LateCash();
  let seen: ReadonlySet<string> = new Set();
  const halted = new Set<string>();
  return async () => {
    const status = await trader.call('status', {}, { timeoutMs: ANSWER_MS });
    // While the trader itself still compares, its book may be empty or behind.
    if (status.reconciliation.state === 'pending') return null;
    limits.note(status);
    const book = await parts.readBook();
    const found = book === null ? [] : await findings(parts, limits, lateCash, book, status);
    const lasting = found.filter(({ key }) => seen.has(key));
    seen = new Set(found.map(({ key }) => key));
    for (const key of halted) if (!seen.has(key)) halted.delete(key);
    if (lasting.every(({ key }) => halted.has(key))) return null;
    const reason = lasting.map(({ text }) => text).join('; ');
    await trader.call(
      'halt',
      {
        commandId: randomUUID(),
        by: 'auditor',
        reason: reason.slice(0, REASON_LENGTH_MAX),
        cause: 'auditor',
        resume: 'person',
      },
      { timeoutMs: ANSWER_MS },
    );
    for (const { key } of lasting) halted.add(key);
    return reason;
  };
}

async function findings(
  parts: AuditParts,
  limits: LimitWatch,
  lateCash: LateCash,
  account: BookReading,
  status: TraderStatus,
): Promise<Finding[]> {
  const { instruments } = parts;
  const book = withoutOthersCoins(account, status, instruments);
  const books = [...compareBooks(book, status, instruments), ...lateCash.look(book, status)];
  const differing = books.join('; ');
  if (differing !== '')
    return [{ key: differing, text: `the venue's book differs from the trader's: ${differing}` }];
  const prices = await parts.readPrices(status.marketData).catch((error: unknown) => {
    parts.onPricesMissing(messageOf(error));
    return null;
  });
  // Cash that the trader is about to find is not yet an equity that differs.
  const counted = lateCash.isOpen ? { ...book, cash: null } : book;
  const own = prices === null ? null : ownEquity(counted, status, instruments, prices);
  if (prices === null || own === null) return [];
  return [...compareEquity(own, status), ...limits.look({ book, own, prices, status })];
}
