/** What is told by any channel is written down first: what happens at the trader, and what was spooled while Postgres was away. */
import { type KeptTask, keepDoing } from '../../notify/keep-doing.js';
import { takeInSpool } from '../../notify/spool.js';
import { pruneOutbox } from '../../store/outbox-delivery.js';
import type { BotLog } from '../bot-log.js';
import { followJournal, type JournalNoticesContext } from './follow-journal.js';

const SPOOL_EVERY_MS = 2_000;
const PRUNE_EVERY_MS = 3_600_000;

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
