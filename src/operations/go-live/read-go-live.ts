import { GO_LIVE_MESSAGES, type GoLiveProgress } from '../../contracts/go-live.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { goLiveApprovers } from '../../desk/go-live-people.js';
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import { type GoLiveAttempt, readAttempts } from '../../store/go-live-attempts.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';

export interface GoLiveShown {
  readonly mode: Desk['mode'];
  /** The trader's own word; also null while it doesn't answer. */
  readonly granted: TraderStatus['goLive']['granted'];
  readonly approvers: readonly string[];
  readonly needed: number;
  /** Newest first; empty while Postgres is down. */
  readonly attempts: readonly GoLiveAttempt[];
  /** Progress of the attempt that is not over; null if there is none, or Temporal is down. */
  readonly progress: GoLiveProgress | null;
  readonly problems: readonly string[];
}

const ASK_MS = 5_000;

/** Each part may be missing: `problems` says which. */
export async function readGoLive(context: OperationContext): Promise<GoLiveShown> {
  const { desk, pool, temporal } = context;
  const problems: string[] = [];
  const noted = <T>(what: string, asked: Promise<T>, otherwise: T): Promise<T> =>
    asked.catch((error: unknown) => {
      problems.push(`${what}: ${messageOf(error)}`);
      return otherwise;
    });
  const [status, attempts] = await Promise.all([
    noted('trader', readStatus(context), null),
    noted('Postgres', readAttempts(pool, desk.desk), []),
  ]);
  const open = attempts.find(({ finishedMs }) => finishedMs === null);
  const asked = open
    ? temporal.within(ASK_MS, (client) =>
        client.workflow.getHandle(open.workflowId).query<GoLiveProgress>(GO_LIVE_MESSAGES.progress),
      )
    : Promise.resolve(null);
  const progress = await noted<GoLiveProgress | null>('Temporal', asked, null);
  return {
    mode: desk.mode,
    granted: status?.goLive.granted ?? null,
    approvers: goLiveApprovers(desk),
    needed: desk.goLive.needed,
    attempts,
    progress,
    problems,
  };
}
