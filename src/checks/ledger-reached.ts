/**
 * Tells whether the ledger has everything that the trader has recorded: what Postgres doesn't show may still have
 * happened.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraderStatus } from '../contracts/trader-status.js';
import { messageOf } from '../domain/message-of.js';
import { readLedgerSequence } from '../store/read-ledger.js';
import { readStatus } from '../trader/read-status.js';
import type { CheckContext } from './check.js';

/** The ledger normally follows within milliseconds; after this it is behind. */
const FOLLOWS_MS = 3_000;
const LOOK_EVERY_MS = 100;

type LedgerReached =
  | { readonly ok: true; readonly status: TraderStatus }
  | { readonly ok: false; readonly why: string };

/** Waits briefly for it. Rejects if Postgres doesn't answer. */
export async function ledgerReached({ trader, pool, desk }: CheckContext): Promise<LedgerReached> {
  let status: TraderStatus;
  try {
    status = await readStatus({ trader });
  } catch (error) {
    return { ok: false, why: `the trader does not answer: ${messageOf(error)}` };
  }
  const untilMs = performance.now() + FOLLOWS_MS;
  for (;;) {
    const sequence = await readLedgerSequence(pool, desk.desk, status.incarnation);
    if (sequence >= status.sequence) return { ok: true, status };
    if (performance.now() >= untilMs)
      return { ok: false, why: `the ledger is ${status.sequence - sequence} records behind the trader` };
    await sleep(LOOK_EVERY_MS);
  }
}
