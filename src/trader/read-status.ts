import type { TraderStatus } from '../contracts/trader-status.js';
import { type TraderClient, TraderUnavailable } from './client.js';

const ANSWER_MS = 3_000;

interface Asked {
  readonly trader: Pick<TraderClient, 'call'>;
}

/**
 * Rejects with `TraderUnavailable` while the trader does not answer, and while it is starting: what it says of books, orders
 * and permissions by then is empty, and nobody may take it for the desk's.
 */
export async function readStatus(asked: Asked): Promise<TraderStatus> {
  const status = await readWords(asked);
  if (status.starting) throw new TraderUnavailable(status.reason);
  return status;
}

/** To be shown, or to know which journal it is: of a trader that is starting, too. */
export function readWords({ trader }: Asked): Promise<TraderStatus> {
  return trader.call('status', {}, { timeoutMs: ANSWER_MS });
}
