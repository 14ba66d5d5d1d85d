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
import type { Caller, OperationContext } from '../operation.js';

export const settingsResultSchema = z.object({
  state: z
    .enum(['applied', 'waiting', 'unknown', 'refused'])
    .describe(
      '`waiting`: people have to approve it first, as a whole. `unknown`: it was sent to the trader, which gave no answer',
    ),
  detail: z.string(),
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
  readonly reason: string;
  readonly needed: number;
  readonly simulated: boolean;
}

const START_MS = 10_000;
const ANSWER_MS = 24 * HOUR_MS;

/** Starts the workflow that asks the desk's approvers; the settings stay unchanged until they agree. */
export async function askForApproval(
  { desk, temporal, newId }: OperationContext,
  caller: Caller,
  { proposal, reason, needed, simulated }: Asked,
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
    return { state: 'refused', detail: whyNotAsked(error, proposal.version) };
  }
  const people = needed === 1 ? 'an approver agrees' : `${needed} approvers agree`;
  return {
    state: 'waiting',
    detail: `It may allow more than now: it waits until ${people}. The settings stay as they are.`,
    approvalId,
    workflowId,
  };
}

function whyNotAsked(error: unknown, version: number): string {
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return `Another change to version ${version} waits for approval. Decide that one first; nothing was changed.`;
  }
  const why = messageOf(error);
  return `Nobody could be asked: Temporal: ${why}. Nothing was changed; limits can be tightened meanwhile.`;
}
