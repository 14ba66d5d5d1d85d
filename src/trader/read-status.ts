import type { TraderStatus } from '../contracts/trader-status.js';
import type { TraderClient } from './client.js';

const ANSWER_MS = 3_000;

/** Rejects with `TraderUnavailable` while the trader does not answer. */
export function readStatus({
  trader,
}: {
  readonly trader: Pick<TraderClient, 'call'>;
}): Promise<TraderStatus> {
  return trader.call('status', {}, { timeoutMs: ANSWER_MS });
}
