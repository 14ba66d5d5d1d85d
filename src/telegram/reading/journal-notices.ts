/**
 * Turns the trader's journal into notices. It follows the journal from where it was last read, so that nothing is
 * missed while this process, the trader or Postgres was away. A notice for any channel is stored before it is sent.
 */
import { type Notice, woken } from '../../contracts/notice.js';
import { eventsTold } from '../../desk/notify-schema.js';
import type { Desk } from '../../desk/schema.js';
import { formatDecimal } from '../../domain/decimal.js';
import { grouped } from '../../domain/figure-text.js';
import { lacksGoLive } from '../../domain/go-live-terms.js';
import type { Instrument } from '../../domain/instrument.js';
import {
  decidingHalt,
  type Halt,
  type HaltCause,
  haltsWith,
  RESUME_RANK,
  resumedText,
  resumeWords,
} from '../../domain/mode.js';
import type { Fill, OrderIntent } from '../../domain/order.js';
import { isStopEndedNote, priceWords, whyNotSent } from '../../domain/order-words.js';
import { setupNote } from '../../domain/setup-note.js';
import type { EngineRecord, JournalEntry } from '../../engine/record.js';
import { type KeptTask, keepDoing } from '../../home/try-again.js';
import { notify, takeInSpool, withAddresses } from '../../notify/notify.js';
import {
  lastNoticeReadMs,
  type NoticeCursor,
  pruneOutbox,
  readNoticeCursor,
  saveNoticeCursor,
} from '../../store/outbox-delivery.js';
import type { Pool } from '../../store/pool.js';
import { readInstrumentsAt, readOrderWords } from '../../store/read-ledger.js';
import type { TraderClient } from '../../trader/client.js';
import { readWords } from '../../trader/read-status.js';
import type { BotLog } from '../bot-context.js';

interface JournalNoticesContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly trader: TraderClient;
  /** FERMATA_HOME: holds the address of the page, for links in messages. */
  readonly home: string;
}

/**
 * With more unread entries than this, no more are accepted: once these are read, the connection is closed,
 * and reading goes on from the stored cursor.
 */
const WAITING_MAX = 2_000;
/** An entry without a notice only moves the cursor, which is stored no more often than this. */
const SAVE_EVERY_ENTRIES = 200;
/** A rejection comes soon after its order. */
const ORDERS_REMEMBERED_MAX = 1_000;
const READ_AGAIN_MS = 500;
const SPOOL_EVERY_MS = 2_000;
const PRUNE_EVERY_MS = 3_600_000;

/** Follows the journal, stores notices that were spooled while Postgres was away, and deletes old ones. */
export function keepNotices(context: JournalNoticesContext & { readonly log: BotLog }): readonly KeptTask[] {
  const { desk, home, pool, log } = context;
  return [
    keepDoing('notices of the spool', log, async () => {
      await takeInSpool(home, pool);
      return SPOOL_EVERY_MS;
    }),
    keepDoing('old notices', log, async () => {
      const lost = await pruneOutbox(pool, desk.desk);
      if (lost > 0) log('error', `${lost} notices were given up undelivered`);
      return PRUNE_EVERY_MS;
    }),
    keepDoing("the trader's journal", log, (stopping) => followJournal(context, stopping)),
  ];
}

/** Follows until the connection ends or `stopping`; resolves with the pause in milliseconds before the next call. */
export async function followJournal(context: JournalNoticesContext, stopping: AbortSignal): Promise<number> {
  const { desk, pool, trader } = context;
  const { incarnation, sequence, goLive, halts, starting } = await readWords({ trader });
  const cursor =
    (await readNoticeCursor(pool, desk.desk, incarnation)) ??
    firstSeen(incarnation, sequence, await lastNoticeReadMs(pool, desk.desk));
  await saveNoticeCursor(pool, desk.desk, cursor);
  // A trader that is starting knows neither its halts nor its permission yet.
  if (starting === true) return READ_AGAIN_MS;
  const needsGoLive = lacksGoLive(goLive);
  await readFrom(context, { ...cursor, now: { sequence, needsGoLive, halts } }, stopping);
  return READ_AGAIN_MS;
}

/** At the very first start, nothing of the past is news. Of another journal, what came since one was last read is. */
function firstSeen(incarnation: string, sequence: number, lastReadMs: number | null): NoticeCursor {
  const past = { sequence, untilMs: lastReadMs ?? 0 };
  return { incarnation, sequence: lastReadMs === null ? sequence : 0, past };
}

/** What keeps the desk from trading, which the words of a halt name. */
interface InTheWay {
  /** Real money is traded, and no go-live is in force. */
  readonly needsGoLive: boolean;
  readonly halts: readonly Halt[];
}

const NOTHING: InTheWay = { needsGoLive: false, halts: [] };

/** As the trader said it, and how long its journal was then. */
type SaidInTheWay = InTheWay & { readonly sequence: number };

/**
 * What is in the way once this entry is written. Of entries up to those that the trader had written when it was asked,
 * what it said counts: nobody needs to hear of a halt that was lifted since.
 */
function afterEntry(before: InTheWay, { record, sequence }: JournalEntry, now: SaidInTheWay): InTheWay {
  switch (record.type) {
    case 'golive.granted':
      return { ...before, needsGoLive: false };
    case 'golive.voided':
      return { ...before, needsGoLive: true };
    case 'halt':
      return { ...before, halts: haltsWith(before.halts, record.halt) };
    case 'armed':
      return { ...before, halts: sequence > now.sequence ? [] : now.halts };
    default:
      return before;
  }
}

async function readFrom(
  { desk, pool, trader, home }: JournalNoticesContext,
  { now, ...from }: NoticeCursor & { readonly now: SaidInTheWay },
  stopping: AbortSignal,
): Promise<void> {
  let inTheWay: InTheWay = now;
  // Entries that were not read yet may be older than the desk file.
  let instruments: readonly Named[] =
    (await readInstrumentsAt(pool, desk.desk, from.incarnation, from.sequence)) ?? desk.instruments;
  const orders = new Map<string, string>();
  const waiting: JournalEntry[] = [];
  let wake = (): void => undefined;
  let ended = false;
  let unsaved = 0;
  const end = (): void => {
    ended = true;
    wake();
  };
  const line = trader.follow(
    from.sequence + 1,
    (entry) => {
      if (ended) return;
      waiting.push(entry);
      if (waiting.length > WAITING_MAX) end();
      wake();
    },
    end,
  );
  stopping.addEventListener('abort', end, { once: true });
  // `stopping` may have been aborted while the cursor was read.
  if (stopping.aborted) end();
  try {
    while (!ended || waiting.length > 0) {
      const entry = waiting.shift();
      if (entry === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      // Another trader has begun in between: its journal has a cursor of its own.
      if (entry.incarnation !== from.incarnation) break;
      const isPast = entry.sequence <= from.past.sequence && entry.wallMs < from.past.untilMs;
      if (entry.record.type === 'config') instruments = entry.record.instruments;
      inTheWay = afterEntry(inTheWay, entry, now);
      if (entry.record.type === 'order.intended') remember(orders, entry.record.order, instruments);
      const rejected = isPast ? null : await rejectedOrder({ desk, pool }, entry.record, orders);
      const notice = isPast ? null : noticeOf(desk, entry, instruments, inTheWay, rejected);
      unsaved += 1;
      if (notice !== null) await notify(pool, withAddresses(notice, home));
      if (notice === null && unsaved < SAVE_EVERY_ENTRIES) continue;
      await saveNoticeCursor(pool, desk.desk, { ...from, sequence: entry.sequence });
      unsaved = 0;
    }
  } finally {
    stopping.removeEventListener('abort', end);
    line.close();
  }
}

function remember(orders: Map<string, string>, order: OrderIntent, instruments: readonly Named[]): void {
  const words = orderWords(order, instruments);
  if (words !== null) orders.set(order.clientId, `${words} (${order.purpose})`);
  if (orders.size > ORDERS_REMEMBERED_MAX) orders.delete([...orders.keys()][0] ?? '');
}

/** What was asked for: the record of a rejection has the order's id alone. Null: it is none, or nobody knows the order. */
async function rejectedOrder(
  { desk, pool }: Pick<JournalNoticesContext, 'desk' | 'pool'>,
  record: EngineRecord,
  orders: ReadonlyMap<string, string>,
): Promise<string | null> {
  if (!isRejection(record) || !eventsTold(desk.notify).includes('order')) return null;
  return orders.get(record.clientId) ?? (await readOrderWords(pool, desk.desk, record.clientId));
}

const isRejection = (record: EngineRecord): record is Extract<EngineRecord, { type: 'order.state' }> =>
  record.type === 'order.state' && record.state === 'rejected';

/** Part of a start or an end. */
const QUIET: readonly HaltCause[] = ['startup', 'shutdown'];

/** Nobody needs to hear of a start after which the desk trades by itself, or of one that waits for a go-live. */
const isQuiet = ({ cause, resume }: Halt, { needsGoLive }: InTheWay): boolean =>
  QUIET.includes(cause) && (cause === 'shutdown' || needsGoLive || RESUME_RANK[resume] < RESUME_RANK.person);

/** Halts caused by a failure, with the failure's name: people read what is wrong before what it led to. */
const ERRORS: Partial<Readonly<Record<HaltCause, string>>> = {
  venue: 'Connection lost',
  'stale-data': 'Market data lost',
  reconciliation: 'Books not proven',
  'journal-fault': 'Journal not writable',
  'protection-missing': 'Position without a stop',
};

const errorOf = (cause: HaltCause): string =>
  ERRORS[cause] === undefined ? '' : `, ERROR - ${ERRORS[cause]}`;

type Told = Pick<Notice, 'event' | 'severity' | 'about' | 'setup' | 'title' | 'text'>;

type Named = Pick<Instrument, 'symbol' | 'tickSize' | 'lotSize'>;

/**
 * The notice for an entry of the trader's journal. Null for a record that people are not notified of. The
 * same entry always has the same fingerprint. `instruments`: as they were when it was written. `inTheWay`: with this
 * entry. `rejected`: the order that it is about, where that was rejected and is known.
 */
export function noticeOf(
  desk: Desk,
  { record, incarnation, sequence, wallMs }: JournalEntry,
  instruments: readonly Named[] = desk.instruments,
  inTheWay: InTheWay = NOTHING,
  rejected: string | null = null,
): Notice | null {
  const told = toldOf(desk, record, instruments, inTheWay) ?? askedFor(desk, record, instruments, rejected);
  if (told === null) return null;
  return {
    ...{ ...told, desk: desk.desk, fingerprint: `journal:${incarnation}:${sequence}` },
    occurredMs: wallMs,
  };
}

function toldOf(
  desk: Desk,
  record: EngineRecord,
  instruments: readonly Named[],
  inTheWay: InTheWay,
): Told | null {
  switch (record.type) {
    case 'halt': {
      const { cause, by, reason, mode } = record.halt;
      if (isQuiet(record.halt, inTheWay)) return null;
      const why = `${reason}\nCause: ${cause}, by ${by}. Trades again ${tradesAgain(record.halt, inTheWay)}.`;
      const isStart = cause === 'startup';
      // Of a start after an orderly end somebody knows; after a crash nobody may.
      const wakes = !(isStart && inTheWay.halts.some((halt) => halt.cause === 'shutdown'));
      return {
        event: 'halt',
        severity: wakes ? 'critical' : 'warning',
        about: cause,
        title: `${desk.desk}: ${mode}${errorOf(cause)}`,
        text: isStart ? `${why}\nOnce you have looked at it: fermata resume --reason TEXT` : why,
      };
    }
    case 'golive.voided':
      // Ended by anybody but a start, it halts the desk, and that is told.
      if (record.by !== 'fermata') return null;
      return woken('go-live-ended', {
        title: `${desk.desk}: the go-live ended`,
        text: `${record.reason}. Nothing is entered; positions keep their stops. Trades again ${resumeWords('person', true)}.`,
      });
    case 'armed':
      return {
        event: 'armed',
        severity: 'info',
        title: `${desk.desk} trades`,
        text: `Trading ${resumedText(record)}`,
      };
    case 'flat.proven':
      return {
        event: 'halt',
        severity: 'info',
        title: `${desk.desk} is flat`,
        text: 'Every position is closed; the venue reports none.',
      };
    case 'flat.escalated':
      return {
        event: 'halt',
        severity: 'critical',
        about: 'close-all-incomplete',
        title: `${desk.desk}: NOT flat`,
        text: `Still open: ${record.symbols.join(', ')}. ${record.reason}\nClose them at the venue by hand, and cancel their stops and targets there, too.`,
      };
    case 'strategy.toggled':
      return record.automatic ? toggled(desk, record) : null;
    case 'note': {
      const { level, text } = record;
      if (level === 'alarm') return woken('alarm', { title: `Alarm on ${desk.desk}`, text });
      if (!isStopEndedNote(text)) return null;
      return { event: 'warning', severity: 'warning', title: `${desk.desk}: a stop was cancelled`, text };
    }
    case 'fill':
      return fillTold(desk, record.fill, instruments);
    default:
      return null;
  }
}

/** Of several halts the strictest counts: it is named if it is another one. */
function tradesAgain(halt: Halt, { needsGoLive, halts }: InTheWay): string {
  const deciding = decidingHalt(halts) ?? halt;
  if (needsGoLive || RESUME_RANK[deciding.resume] <= RESUME_RANK[halt.resume])
    return resumeWords(halt.resume, needsGoLive);
  const { cause, by, reason, resume } = deciding;
  return `${resumeWords(resume, false)}: the halt by ${by} stands, too (${cause}: ${reason})`;
}

/** Events that are only reported if the desk file names them: a desk that trades often has many. */
function askedFor(
  desk: Desk,
  record: EngineRecord,
  instruments: readonly Named[],
  rejected: string | null,
): Told | null {
  const told = oftenTold(desk, record, instruments, rejected);
  return told !== null && eventsTold(desk.notify).includes(told.event) ? told : null;
}

function oftenTold(
  desk: Desk,
  record: EngineRecord,
  instruments: readonly Named[],
  rejected: string | null,
): Told | null {
  switch (record.type) {
    case 'note': {
      const setup = setupNote(record);
      if (!setup?.detected) return null;
      const { id, text } = setup;
      return { event: 'setup', severity: 'info', setup: id, title: `Setup Detected - ${id}`, text };
    }
    case 'order.intended':
      return record.order.purpose === 'entry' ? orderPlaced(desk, record.order, instruments) : null;
    case 'order.state':
      return isRejection(record) ? orderRejected(desk, record, rejected) : null;
    case 'halt': {
      const { cause, reason } = record.halt;
      if (!QUIET.includes(cause)) return null;
      const did = cause === 'startup' ? 'started' : 'stopped';
      return { event: 'system', severity: 'info', title: `${desk.desk}: System ${did}`, text: reason };
    }
    default:
      return null;
  }
}

function orderPlaced(desk: Desk, order: OrderIntent, instruments: readonly Named[]): Told | null {
  const words = orderWords(order, instruments);
  if (words === null) return null;
  const title = `${desk.desk}: Order Placed - ${words}`;
  return { event: 'order', severity: 'info', title, text: `By ${order.strategy}.` };
}

/** `sell 2 NQ/USD at 15 234.00`; null if its instrument is not known. */
function orderWords(order: OrderIntent, instruments: readonly Named[]): string | null {
  const listed = instruments[order.instrument];
  if (!listed) return null;
  const { symbol, tickSize, lotSize } = listed;
  const at = priceWords(order, (ticks) => grouped(formatDecimal(ticks, tickSize)));
  return `${order.side} ${grouped(formatDecimal(order.quantityLots, lotSize))} ${symbol}${at}`;
}

function orderRejected(
  desk: Desk,
  { clientId, reason }: Extract<EngineRecord, { type: 'order.state' }>,
  rejected: string | null,
): Told {
  const notSent = whyNotSent(reason);
  const why = notSent === null ? reason : `It was not sent: ${notSent}`;
  return {
    event: 'order',
    severity: 'warning',
    title: `${desk.desk}: Order Rejected - ${rejected ?? clientId}`,
    text: rejected === null ? why : `${why}\nOrder ${clientId}.`,
  };
}

function toggled(desk: Desk, record: Extract<EngineRecord, { type: 'strategy.toggled' }>): Told {
  return {
    event: 'warning',
    severity: 'warning',
    title: `${desk.desk}: ${record.strategy} switched ${record.enabled ? 'on' : 'off'}`,
    text: `By itself: ${record.reason}`,
  };
}

function fillTold(desk: Desk, fill: Fill, instruments: readonly Named[]): Told | null {
  const listed = instruments[fill.instrument];
  if (!listed) return null;
  const { symbol, tickSize, lotSize } = listed;
  const quantity = grouped(formatDecimal(fill.quantityLots, lotSize));
  const price = grouped(formatDecimal(fill.priceTicks, tickSize));
  return {
    event: 'fill',
    severity: 'info',
    title: `${desk.desk}: Order Filled - ${fill.side} ${quantity} ${symbol} at ${price}`,
    text: '',
  };
}
