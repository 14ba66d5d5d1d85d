import type { TraderStatus } from '../contracts/trader-status.js';
import type { OperationContext } from './operation.js';

const ANSWER_MS = 3_000;

/** Rejects with `TraderUnavailable` while the trader does not answer. */
export function readStatus({ trader }: Pick<OperationContext, 'trader'>): Promise<TraderStatus> {
  return trader.call('status', {}, { timeoutMs: ANSWER_MS });
}
