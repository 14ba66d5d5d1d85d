/** Hands a notice to the durable outbox; where Postgres is down, to a bounded file that is taken in later. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notice } from '../contracts/notice.js';
import { runAddressAt } from '../home/run-address.js';
import { insertNotice } from '../store/outbox.js';
import type { Pool } from '../store/pool.js';
import { fittingNotice, TEXT_LENGTH_MAX } from './notice.js';
import { spoolNotice } from './spool.js';

/** Shortened is the text, not the address. */
function withRun(notice: Notice, home: string | null): Notice {
  const { workflowId } = notice;
  const address = home === null || workflowId === undefined ? null : runAddressAt(home, workflowId);
  if (address === null) return notice;
  const line = `\n\nIts run: ${address}`;
  return { ...notice, text: `${fittingNotice(notice).text.slice(0, TEXT_LENGTH_MAX - line.length)}${line}` };
}

/** Nobody who has an alarm to give waits longer for Postgres. */
const WRITE_MS = 1_500;

/**
 * Resolves once the notice is durable. `home` (FERMATA_HOME) is where it is spooled while Postgres is down; with null it
 * rejects then. A write that was late and landed after all does no harm: the fingerprint is the same.
 */
export async function notify(
  pool: Pick<Pool, 'query'>,
  notice: Notice,
  home: string | null = null,
): Promise<void> {
  const fitting = fittingNotice(withRun(notice, home));
  const writing = insertNotice(pool, fitting).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const late = sleep(WRITE_MS, new Error(`Postgres did not answer within ${WRITE_MS} ms`), { ref: false });
  const problem = await (home === null ? writing : Promise.race([writing, late]));
  if (problem === null) return;
  if (home === null) throw problem;
  await spoolNotice(home, fitting);
}
