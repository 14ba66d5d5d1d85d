/** Starts `backup:<desk>` or `drill:<desk>` unless it is running, and waits for its end. */

import { BACKUP_MESSAGES, type BackupInput, type BackupResult } from '../../contracts/backup.js';
import { operationsQueue } from '../../contracts/queues.js';
import type { runLabel } from '../../contracts/run-label.js';
import { messageOf } from '../../domain/message-of.js';
import { awaitQuery } from '../../temporal/await-query.js';
import { EVIDENCE_MS } from '../../temporal/schedules/routine-input.js';
import { readStatus } from '../../trader/read-status.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from '../operation.js';
import { recordAudit } from '../record-audit.js';

const START_MS = 5_000;

export interface BackupOperationResult extends OperationResult {
  /** Null: not finished in the given time. */
  readonly result: BackupResult | null;
}

type CommonInput = Omit<BackupInput, 'verify' | 'keep' | 'keepDays' | 'tag' | 'offsite'>;

export async function runBackupWorkflow(
  context: OperationContext,
  caller: Caller,
  procedure: {
    readonly type: 'backup' | 'restoreDrill';
    readonly workflowId: string;
    readonly label: ReturnType<typeof runLabel>;
    readonly patienceMs: number;
    readonly input: object;
  },
): Promise<BackupOperationResult> {
  const { desk, temporal } = context;
  const { type, workflowId, label, patienceMs } = procedure;
  const status = await readStatus(context).catch(() => null);
  const common: CommonInput = {
    desk: desk.desk,
    simulated: desk.mode === 'paper',
    marketMs: status?.marketData.marketMs ?? null,
    person: caller.person,
    evidenceMs: EVIDENCE_MS,
  };
  try {
    await temporal.within(START_MS, (client) =>
      client.workflow.start(type, {
        workflowId,
        taskQueue: operationsQueue(desk.desk),
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ ...common, ...procedure.input }],
        ...label,
      }),
    );
  } catch (error) {
    const why = messageOf(error);
    const detail = `It was not started: ${why}. Nothing was changed. Try again when Temporal answers.`;
    return { ...notDone(detail), result: null };
  }
  const ask = { query: BACKUP_MESSAGES.result, known: (answer: BackupResult | null) => answer !== null };
  const result = await awaitQuery(temporal, workflowId, ask, patienceMs);
  const verdict = result?.verdict ?? `not finished after ${patienceMs / 1_000} s`;
  const audit = await recordAudit(context, caller, {
    action: type,
    parameters: { backupId: result?.backupId ?? null },
    outcome: verdict,
  });
  return {
    ok: true,
    proven: result?.verdict === 'pass',
    detail: result ? `${result.backupId ?? 'no backup'}: ${result.detail}` : verdict,
    haltId: null,
    workflowId,
    problems: audit === null ? [] : [audit],
    result,
  };
}
