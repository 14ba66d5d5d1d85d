/**
 * One audit of the whole desk from outside. A finding counts once two audits in a row find the very same:
 * between two readings a fill may have reached only one of the books, though not for long (`BooksApart`). The
 * auditor can only stop the desk, and reports each finding once, and anew if it is still there after people
 * have lifted its halt.
 */
import { randomUUID } from 'node:crypto';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { formatDecimal, parseDecimal } from '../domain/decimal.js';
import type { Instrument } from '../domain/instrument.js';
import { messageOf } from '../domain/message-of.js';
import { parseMoney, parseUnits } from '../domain/money.js';
import type { TraderClient } from '../trader/client.js';
import type { BookReading } from '../venue/port.js';
import { type BookDifference, BooksApart, HeldLately, LateCash, LateReading } from './lateness.js';
import { LimitWatch } from './limit-watch.js';
import { compareEquity, type Finding, ownEquity, type PriceReader } from './own-equity.js';

export interface AuditParts {
  readonly trader: Pick<TraderClient, 'call'>;
  readonly instruments: readonly Instrument[];
  readonly risk: Desk['risk'];
  /** Null: nothing can be compared now. A rolled future is of the month that the trader reports. */
  readonly readBook: (
    status: Pick<TraderStatus, 'contracts'>,
  ) => BookReading | null | Promise<BookReading | null>;
  readonly readPrices: PriceReader;
  /** Monotonic time in milliseconds. */
  readonly nowMs?: () => number;
  /** Called in each audit without prices; books are still compared. */
  readonly onPricesMissing: (why: string) => void;
  /** Called at the end of each audit that compared the books. */
  readonly onCompleted?: () => void;
}

const ANSWER_MS = 3_000;
const REASON_LENGTH_MAX = 500;

/** Returns a function that runs one audit. It resolves with the reason of a new halt, or null. */
export function createAudit(parts: AuditParts): () => Promise<string | null> {
  const { trader, instruments, risk } = parts;
  const limits = new LimitWatch(instruments, risk);
  const lateCash = new LateCash();
  const nowMs = parts.nowMs ?? (() => performance.now());
  const lateReading = new LateReading(nowMs);
  const held = new HeldLately(nowMs);
  const apart = new BooksApart(nowMs);
  let seen: ReadonlySet<string> = new Set();
  /** What the auditor's halts in force are about. */
  const halted = new Set<string>();
  return async () => {
    const status = await trader.call('status', {}, { timeoutMs: ANSWER_MS });
    // While the trader itself is still comparing, its book may be empty or behind.
    const late = lateReading.look(status);
    held.note(status);
    if (status.reconciliation.state === 'pending' && late === null) return null;
    limits.note(status);
    if (halted.size > 0 && !status.halts.some(({ cause }) => cause === 'auditor')) {
      // People lifted the halt: books that still differ halt again, and limits are judged from here.
      halted.clear();
      seen = new Set();
      limits.accept();
    }
    const book = late === null ? await parts.readBook(status) : null;
    const found = late === null ? [] : [{ key: late, text: late }];
    if (book !== null)
      found.push(...(await findings(parts, { limits, lateCash, held, apart }, book, status)));
    const lasting = found.filter(({ key }) => seen.has(key));
    seen = new Set(found.map(({ key }) => key));
    for (const key of halted) if (!seen.has(key)) halted.delete(key);
    const isNew = lasting.some(({ key }) => !halted.has(key));
    const reason = isNew ? lasting.map(({ text }) => text).join('; ') : null;
    if (reason !== null) await halt(trader, reason);
    for (const { key } of lasting) halted.add(key);
    if (book !== null) parts.onCompleted?.();
    return reason;
  };
}

async function halt(trader: AuditParts['trader'], reason: string): Promise<void> {
  const why = { by: 'auditor', reason: reason.slice(0, REASON_LENGTH_MAX) };
  await trader.call(
    'halt',
    { commandId: randomUUID(), ...why, cause: 'auditor', resume: 'person' },
    { timeoutMs: ANSWER_MS },
  );
}

/** What is remembered from one audit to the next. */
interface Watches {
  readonly limits: LimitWatch;
  readonly lateCash: LateCash;
  readonly held: HeldLately;
  readonly apart: BooksApart;
}

async function findings(
  parts: AuditParts,
  { limits, lateCash, held, apart }: Watches,
  account: BookReading,
  status: TraderStatus,
): Promise<Finding[]> {
  const { instruments } = parts;
  const book = withoutOthersCoins(account, status, instruments);
  const ours = parseMoney(status.cash);
  const cash = lateCash.look(book, status).map((text) => ({ what: 'cash', ours, text }));
  const differences = [...differingPositions(book, status, instruments, held), ...cash];
  const restless = apart.look(differences);
  if (differences.length > 0) {
    const key = differences.map((one) => one.text).join('; ');
    const text = `the venue's book differs from the trader's: ${key}`;
    return [{ key, text }, ...restless.map((what) => ({ key: `apart ${what}`, text }))];
  }
  // Equity can't be computed from a late list either.
  if (instruments.some((one) => !agreesOn(book, one)(status))) return [];
  const prices = await parts.readPrices(status.marketData).catch((error: unknown) => {
    parts.onPricesMissing(messageOf(error));
    return null;
  });
  // Cash that the trader is about to find must not make equity differ yet, by our count or by the venue's.
  const { equity: _venues, ...uncounted } = book;
  const counted = lateCash.isOpen ? { ...uncounted, cash: null } : book;
  const own = prices === null ? null : ownEquity(counted, status, instruments, prices);
  if (prices === null || own === null) return [];
  return [...compareEquity(own, status), ...limits.look({ book, own, prices, status })];
}

/** Where the trader and the venue's own book disagree, in words. */
export const compareBooks = (...compared: Parameters<typeof differingPositions>): string[] =>
  differingPositions(...compared).map(({ text }) => text);

function differingPositions(
  book: BookReading,
  status: Pick<TraderStatus, 'positions' | 'dust'>,
  instruments: readonly Instrument[],
  held?: HeldLately,
): BookDifference[] {
  const differences: BookDifference[] = [];
  for (const { symbol, lotSize } of instruments) {
    const agrees = agreesOn(book, { symbol, lotSize });
    const ours = tradersLots(status, symbol, lotSize);
    const venues = book.positions.get(symbol) ?? 0;
    if (agrees(status) || held?.some(agrees) === true) continue;
    const [has, holds] = [ours, venues].map((lots) => formatDecimal(lots, lotSize));
    differences.push({ what: symbol, ours, text: `${symbol}: the trader has ${has}, the venue ${holds}` });
  }
  return differences;
}

/** Whether a status agrees with the venue's quantity; the venue may have more by its dust. */
function agreesOn(book: BookReading, { symbol, lotSize }: Pick<Instrument, 'symbol' | 'lotSize'>) {
  const most = book.dustLots?.get(symbol) ?? 0;
  return (status: Pick<TraderStatus, 'positions' | 'dust'>): boolean => {
    const more = (book.positions.get(symbol) ?? 0) - tradersLots(status, symbol, lotSize);
    return more >= 0 && more <= most;
  };
}

/** The book without the coins that the trader reports as not the desk's: it neither counts nor trades them. */
function withoutOthersCoins(
  book: BookReading,
  { coins }: Pick<TraderStatus, 'coins'>,
  instruments: readonly Instrument[],
): BookReading {
  if (coins.length === 0) return book;
  const positions = new Map(book.positions);
  for (const { symbol, nobodys, foreign, toMove } of coins) {
    const lotSize = instruments.find((instrument) => instrument.symbol === symbol)?.lotSize;
    if (lotSize === undefined) continue;
    const others = [nobodys, foreign, toMove].reduce((sum, amount) => sum + parseDecimal(amount, lotSize), 0);
    const left = (positions.get(symbol) ?? 0) - others;
    if (left === 0) positions.delete(symbol);
    else positions.set(symbol, left);
  }
  return { ...book, positions };
}

function tradersLots(
  { positions, dust }: Pick<TraderStatus, 'positions' | 'dust'>,
  symbol: string,
  lotSize: string,
): number {
  const left = dust
    .filter((remainder) => remainder.symbol === symbol)
    .reduce((sum, { quantity }) => sum + wholeLots(quantity, lotSize), 0);
  return positions
    .filter((position) => position.symbol === symbol)
    .map(({ side, quantity }) => {
      const lots = Math.abs(parseDecimal(quantity.replace(/^-/, ''), lotSize));
      return side === 'short' ? -lots : lots;
    })
    .reduce((sum, lots) => sum + lots, left);
}

/** More decimal places than any exchange uses for coins. */
const COIN_PLACES = 18;

/** Dust is reported to the last decimal place, but books are compared by lots. */
function wholeLots(quantity: string, lotSize: string): number {
  return Number(parseUnits(quantity, COIN_PLACES) / parseUnits(lotSize, COIN_PLACES));
}
