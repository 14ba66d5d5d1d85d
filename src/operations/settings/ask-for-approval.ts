import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { z } from 'zod';
import { pressingWithin, type SettingsChangeInput } from '../../contracts/approval.js';
import type { Shape } from '../../contracts/json-values.js';
import { changeSchema } from '../../contracts/published.js';
import { operationsQueue, settingsChangeId } from '../../contracts/queues.js';
import { runLabel } from '../../contracts/run-label.js';
import { HOUR_MS } from '../../domain/civil-date.js';
import { messageOf } from '../../domain/message-of.js';
import type { SettingsProposal } from '../../domain/settings-change.js';
import { pollUntil } from '../../home/try-again.js';
import { findApproval } from '../../store/approval-rows.js';
import type { Pool } from '../../store/pool.js';
import type { Caller, OperationContext } from '../operation.js';

export const settingsResultSchema = z.object({
  state: z
    .enum(['applied', 'waiting', 'unknown', 'refused'])
    .describe(
      '`waiting`: people have to approve it first, as a whole. `unknown`: it was sent to the trader, which gave no answer or could not write it: a restart takes it back then',
    ),
  detail: z.string(),
  doThis: z.string().exactOptional().describe('What to do where it was refused'),
  changes: z.array(changeSchema),
  loosening: z.array(changeSchema).describe('Those that may allow more than now'),
  version: z.number().nullable().describe('In force now'),
  configHash: z.string().nullable(),
  approvalId: z.string().nullable(),
  workflowId: z.string().nullable(),
  problems: z.array(z.string()),
});
export type SettingsResult = Shape<typeof settingsResultSchema>;

interface Asked {
  readonly proposal: SettingsProposal;
  /** Those that may allow more: without the others, which wait with them. */
  readonly loosening: SettingsProposal['changes'];
  readonly reason: string;
  readonly needed: number;
  readonly simulated: boolean;
}

const START_MS = 10_000;
const ANSWER_MS = 24 * HOUR_MS;

/** Starts the workflow that asks the desk's approvers; the settings stay unchanged until they agree. */
export async function askForApproval(
  { desk, pool, temporal, newId }: OperationContext,
  caller: Caller,
  { proposal, loosening, reason, needed, simulated }: Asked,
): Promise<Partial<SettingsResult>> {
  const workflowId = settingsChangeId(desk.desk, proposal.version);
  const approvalId = `${workflowId}:${newId().slice(0, 8)}`;
  const input: SettingsChangeInput = {
    desk: desk.desk,
    proposal,
    approvalId,
    needed,
    person: caller.person,
    reason,
    simulated,
    expiresAfterMs: ANSWER_MS,
    ...pressingWithin(ANSWER_MS),
    evidenceMs: HOUR_MS,
  };
  try {
    await temporal.within(START_MS, (client) =>
      client.workflow.start('settingsChange', {
        workflowId,
        taskQueue: operationsQueue(desk.desk),
        args: [input],
        ...runLabel({
          desk: desk.desk,
          routine: 'settings',
          summary: `Settings of ${desk.desk}: ${reason}`,
          listed: `Settings of ${desk.desk}, version ${proposal.version}`,
          details:
            'People approve exactly these values; the trader checks their votes itself and takes them.',
        }),
      }),
    );
  } catch (error) {
    return { state: 'refused', ...whyNotAsked(error, proposal.version) };
  }
  await listed(pool, desk.desk, approvalId);
  const people = needed === 1 ? 'an approver agrees' : `${needed} approvers agree`;
  return {
    state: 'waiting',
    detail:
      loosening.length === proposal.changes.length
        ? `It may allow more than now: it waits until ${people}. The settings stay as they are.`
        : `Some of it may allow more than now (${loosening.map(({ key }) => key).join(', ')}): all of it waits until ${people}. The settings stay as they are; what allows no more applies at once if it is changed by itself.`,
    approvalId,
    workflowId,
  };
}

function whyNotAsked(error: unknown, version: number): Pick<SettingsResult, 'detail' | 'doThis'> {
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    const detail = `Another change to version ${version} waits for approval.`;
    return { detail, doThis: 'Decide that one first: fermata approvals.' };
  }
  const detail = `Nobody could be asked: Temporal: ${messageOf(error)}.`;
  return { detail, doThis: 'Ask again when Temporal answers; limits can be tightened meanwhile.' };
}

const LISTED_MS = 5_000;
const LOOK_EVERY_MS = 50;

/**
 * Resolves once the question is among the approvals, or after a while if no worker has put it there: a person
 * who asks looks at once at what waits.
 */
async function listed(pool: Pool, desk: string, approvalId: string): Promise<void> {
  const isThere = () => findApproval(pool, desk, approvalId).then((found) => found !== null);
  // While Postgres is down, nothing is listed anywhere.
  await pollUntil(
    () => isThere().catch(() => true),
    (there) => there,
    { withinMs: LISTED_MS, everyMs: LOOK_EVERY_MS },
  );
}
