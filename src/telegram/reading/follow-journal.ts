/**
 * Turns the trader's journal into notices. It follows the journal from where it was last read, so that nothing is
 * missed while this process, the trader or Postgres was away. A notice for any channel is stored before it is sent.
 */
import type { Desk } from '../../desk/schema.js';
import type { JournalEntry } from '../../engine/record.js';
import { notify, takeInSpool, withAddresses } from '../../notify/notify.js';
import { type KeptTask, keepDoing } from '../../notify/run-channel.js';
import {
  lastNoticeReadMs,
  type NoticeCursor,
  pruneOutbox,
  readNoticeCursor,
  saveNoticeCursor,
} from '../../store/outbox-delivery.js';
import type { Pool } from '../../store/pool.js';
import type { TraderClient } from '../../trader/client.js';
import { readWords } from '../../trader/read-status.js';
import type { BotLog } from '../bot-context.js';
import { noticeOf } from './journal-notices.js';

interface JournalNoticesContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly trader: TraderClient;
  /** FERMATA_HOME: tells the address of the page, for links in messages. */
  readonly home: string;
}

/** With more unread entries than this, the connection is closed and reading goes on from the stored cursor. */
const WAITING_MAX = 2_000;
/** An entry without a notice only moves the cursor, which is stored no more often than this. */
const SAVE_EVERY_ENTRIES = 200;
const READ_AGAIN_MS = 500;
const SPOOL_EVERY_MS = 2_000;
const PRUNE_EVERY_MS = 3_600_000;

/** Besides the journal: stores notices that were spooled while Postgres was away, and deletes old ones. */
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
  const { incarnation, sequence } = await readWords({ trader });
  const known = await readNoticeCursor(pool, desk.desk, incarnation);
  const lastReadMs = await lastNoticeReadMs(pool, desk.desk);
  // At the very first start the past is not news; another journal is, if one was read before.
  const start = known?.sequence ?? (lastReadMs === null ? sequence : 0);
  const cursor: NoticeCursor = { incarnation, sequence: start };
  await saveNoticeCursor(pool, desk.desk, cursor);
  const newsFromMs = known === null ? (lastReadMs ?? 0) : 0;
  await readFrom(context, cursor, newsFromMs, stopping);
  return READ_AGAIN_MS;
}

async function readFrom(
  { desk, pool, trader, home }: JournalNoticesContext,
  from: NoticeCursor,
  newsFromMs: number,
  stopping: AbortSignal,
): Promise<void> {
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
      const notice = entry.wallMs < newsFromMs ? null : noticeOf(desk, entry);
      unsaved += 1;
      if (notice !== null) await notify(pool, withAddresses(notice, home));
      if (notice === null && unsaved < SAVE_EVERY_ENTRIES) continue;
      await saveNoticeCursor(pool, desk.desk, entry);
      unsaved = 0;
    }
  } finally {
    stopping.removeEventListener('abort', end);
    line.close();
  }
}
