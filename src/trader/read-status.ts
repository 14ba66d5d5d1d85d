import type { ApprovalShown } from '../contracts/published.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { GO_LIVE_APPROVAL, haltsLifted } from '../domain/go-live-terms.js';
import { type TraderClient, TraderUnavailable } from './client.js';

const ANSWER_MS = 3_000;

interface Asked {
  readonly trader: Pick<TraderClient, 'call'>;
}

/**
 * Rejects with `TraderUnavailable` while the trader doesn't answer or is starting: until then its books,
 * orders and permissions are empty and must not be mistaken for the desk's.
 */
export async function readStatus(asked: Asked, timeoutMs = ANSWER_MS): Promise<TraderStatus> {
  const status = await readWords(asked, timeoutMs);
  if (status.starting) throw new TraderUnavailable(status.reason);
  return status;
}

/** For display, or to find out which journal it is; also answers while the trader is starting. */
export function readWords({ trader }: Asked, timeoutMs = ANSWER_MS): Promise<TraderStatus> {
  return trader.call('status', {}, { timeoutMs });
}

/**
 * The approval with the halts that it lifts, in words, for people who read it. As it is where the trader doesn't answer: it is
 * asked all the same.
 */
export async function withHalts<A extends Liftable>(
  ask: () => Promise<Pick<TraderStatus, 'haltId' | 'halts'>>,
  approval: A,
): Promise<A> {
  if (approval.kind !== GO_LIVE_APPROVAL || approval.state !== 'open') return approval;
  const lifts = await ask().then(
    (status) => haltsLifted(approval, status),
    () => [],
  );
  return lifts.length === 0 ? approval : { ...approval, lifts };
}

type Liftable = Pick<ApprovalShown, 'kind' | 'state' | 'parameters' | 'lifts'>;
