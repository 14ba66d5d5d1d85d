import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { pressingWithin } from '../contracts/approval.js';
import { type DeployInput, deployLabel } from '../contracts/deploy.js';
import { deployId, operationsQueue } from '../contracts/queues.js';
import { settingsApproversNeeded } from '../desk/desk-settings.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { whyNotStarted } from '../temporal/open-temporal.js';
import { EVIDENCE_MS } from '../temporal/start-runs.js';
import { readStatus } from '../trader/read-status.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from './operation.js';
import { recordAudit, whyNotAudited } from './record-audit.js';

export interface DeployRequest {
  /** Id of a build that was made and tested here. */
  readonly build: string;
  readonly reason: string;
}

const START_MS = 10_000;
const ANSWER_MS = 24 * HOUR_MS;

/** Starts the procedure that asks the desk's approvers; the running build goes on until they agree. One at a time. */
export async function deployBuild(
  context: OperationContext,
  caller: Caller,
  { build, reason }: DeployRequest,
): Promise<OperationResult> {
  const { desk, temporal, newId } = context;
  const entry = { action: 'deployBuild' as const, parameters: { build, reason } };
  const unaudited = await whyNotAudited(context, caller, entry);
  if (unaudited !== null) return notDone(unaudited);
  const workflowId = deployId(desk.desk);
  const status = await readStatus(context).catch(() => null);
  const input: DeployInput = {
    desk: desk.desk,
    build,
    person: caller.person,
    reason,
    approvalId: `${workflowId}:${newId().slice(0, 8)}`,
    needed: settingsApproversNeeded(desk),
    expiresAfterMs: ANSWER_MS,
    ...pressingWithin(ANSWER_MS),
    backupsKept: desk.backup.keep,
    backupDays: desk.backup.days ?? null,
    simulated: desk.mode === 'paper',
    marketMs: status?.marketData.marketMs ?? null,
    evidenceMs: EVIDENCE_MS,
  };
  const outcome = await temporal
    .within(START_MS, (client) =>
      client.workflow.start('deploy', {
        workflowId,
        taskQueue: operationsQueue(desk.desk),
        args: [input],
        ...deployLabel(desk.desk, build),
      }),
    )
    .then(() => null, whyNotBegun);
  const audit = await recordAudit(context, caller, { ...entry, outcome: outcome ?? 'begun' });
  const problems = audit === null ? [] : [audit];
  if (outcome !== null) return { ...notDone(outcome), problems };
  const people = input.needed === 1 ? 'an approver agrees' : `${input.needed} approvers agree`;
  const detail = `Build ${build} is examined, then it waits until ${people}. What runs now goes on until then.`;
  return { ok: true, proven: false, detail, haltId: null, workflowId, problems };
}

function whyNotBegun(error: unknown): string {
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return 'Another deployment is under way: decide that one first (fermata approvals). Nothing was changed.';
  return whyNotStarted(error, 'The deployment');
}
