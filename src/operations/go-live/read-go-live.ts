import { z } from 'zod';
import { GO_LIVE_MESSAGES, type GoLiveProgress } from '../../contracts/go-live.js';
import type { Shape } from '../../contracts/json-values.js';
import { goLiveAttemptSchema, goLiveProgressSchema } from '../../contracts/published.js';
import { grantSchema } from '../../contracts/trader-status.js';
import { goLiveApprovers } from '../../desk/go-live-people.js';
import { messageOf } from '../../domain/message-of.js';
import { readAttempts } from '../../store/go-live-attempts.js';
import { readStatus } from '../../trader/read-status.js';
import {
  type Caller,
  type CommandRequest,
  notTaken,
  type OperationContext,
  type OperationResult,
} from '../operation.js';
import { audited } from '../record-audit.js';

export const goLiveShownSchema = z.object({
  mode: z.enum(['paper', 'live']).describe('Of the desk file'),
  /** Null also while it does not answer. */
  granted: grantSchema.nullable().describe('The permission that the trader itself holds'),
  approvers: z.array(z.string()),
  needed: z.number().describe('How many of them'),
  /** Empty while Postgres is down. */
  attempts: z.array(goLiveAttemptSchema).describe('Newest first'),
  /** Null where there is none, or Temporal is down. */
  progress: goLiveProgressSchema.nullable().describe('Of the attempt that is not over'),
  problems: z.array(z.string()).describe('What could not be read'),
});
export type GoLiveShown = Shape<typeof goLiveShownSchema>;

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

const REVOKE_MS = 5_000;

/** Takes the permission to trade real money back: goes straight to the trader and needs nothing else. */
export async function revokeGoLive(
  context: OperationContext,
  caller: Caller,
  request: CommandRequest,
): Promise<OperationResult> {
  const commandId = request.commandId ?? context.newId();
  const asked = { commandId, by: caller.person, reason: request.reason };
  const result = await context.trader.call('revokeGoLive', asked, { timeoutMs: REVOKE_MS }).then(
    ({ detail, haltId, mode }): OperationResult => ({
      ok: true,
      proven: mode !== 'ACTIVE',
      detail,
      haltId,
      workflowId: null,
      problems: [],
    }),
    (error: unknown) => notTaken(error, 'Real money stays permitted'),
  );
  return audited(context, caller, { action: 'revokeGoLive', parameters: { reason: request.reason } }, result);
}
