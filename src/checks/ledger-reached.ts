/**
 * Whether the ledger has everything that the trader has recorded: something may have happened that Postgres
 * doesn't show yet.
 */

import type { TraderStatus } from '../contracts/trader-status.js';
import { counted } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { pollUntil } from '../home/try-again.js';
import { readLedgerSequence } from '../store/read-ledger.js';
import { readStatus } from '../trader/read-status.js';
import type { CheckContext } from './check.js';

/** The ledger normally follows within milliseconds; after this it is behind. */
const FOLLOWS_MS = 3_000;
const LOOK_EVERY_MS = 100;

type LedgerReached =
  | { readonly ok: true; readonly status: TraderStatus }
  | { readonly ok: false; readonly why: string };

/** Waits briefly for the ledger. Rejects if Postgres doesn't answer. */
export async function ledgerReached({ trader, pool, desk }: CheckContext): Promise<LedgerReached> {
  let status: TraderStatus;
  try {
    status = await readStatus({ trader });
  } catch (error) {
    return { ok: false, why: `the trader does not answer: ${messageOf(error)}` };
  }
  const behind = await pollUntil(
    async () => status.sequence - (await readLedgerSequence(pool, desk.desk, status.incarnation)),
    (records) => records <= 0,
    { withinMs: FOLLOWS_MS, everyMs: LOOK_EVERY_MS },
  );
  if (behind > 0) return { ok: false, why: `the ledger is ${counted(behind, 'record')} behind the trader` };
  return { ok: true, status };
}
