import {
  BACKUP_MESSAGES,
  type BackupInput,
  type BackupResult,
  type BackupTag,
  backupLabel,
  drillLabel,
} from '../contracts/backup.js';
import { backupWorkflowId, drillWorkflowId, operationsQueue } from '../contracts/queues.js';
import type { runLabel } from '../contracts/run-label.js';
import { megabytes } from '../reports/sizes.js';
import { whyNotStarted } from '../temporal/open-temporal.js';
import { awaitQuery, repeatedStep } from '../temporal/runs.js';
import { EVIDENCE_MS } from '../temporal/start-runs.js';
import { readStatus } from '../trader/read-status.js';
import { type Caller, notDone, type OperationContext, type OperationResult } from './operation.js';
import { recordAudit } from './record-audit.js';

export interface TakeBackupRequest {
  /** Reads everything back afterwards. Only a verified backup counts as a backup. */
  readonly verify: boolean;
  /** Null or absent: an everyday backup. */
  readonly tag?: BackupTag | null;
  /** Also sends a copy to the storage in the desk file. */
  readonly offsite?: boolean;
  readonly patienceMs: number;
}

/** Proven: every step passed. If a backup is already running, waits for that one. */
export async function takeBackup(
  context: OperationContext,
  caller: Caller,
  { verify, tag = null, offsite = false, patienceMs }: TakeBackupRequest,
): Promise<BackupOperationResult> {
  const { desk } = context;
  const outcome = await runBackupWorkflow(context, caller, {
    type: 'backup',
    workflowId: backupWorkflowId(desk.desk),
    label: backupLabel(desk.desk),
    patienceMs,
    input: { verify, keep: desk.backup.keep, keepDays: desk.backup.days ?? null, tag, offsite },
  });
  if (!offsite || outcome.result === null || outcome.result.steps.some(({ key }) => key === 'send'))
    return outcome;
  const detail = `${outcome.detail}. It was not sent away: it failed before that, or had begun without being asked to.`;
  return { ...outcome, proven: false, detail };
}

export interface DrillRequest {
  /** Null: the newest backup. */
  readonly backupId: string | null;
  readonly patienceMs: number;
}

/** Proven: restored on a scratch server, and everything equal. The desk itself is not affected. */
export function drillRestore(
  context: OperationContext,
  caller: Caller,
  { backupId, patienceMs }: DrillRequest,
): Promise<BackupOperationResult> {
  const { desk } = context;
  return runBackupWorkflow(context, caller, {
    type: 'restoreDrill',
    workflowId: drillWorkflowId(desk.desk),
    label: drillLabel(desk.desk),
    patienceMs,
    input: { backupId },
  });
}

const START_MS = 5_000;

export interface BackupOperationResult extends OperationResult {
  /** Null: not finished in time. */
  readonly result: BackupResult | null;
}

type CommonInput = Omit<BackupInput, 'verify' | 'keep' | 'keepDays' | 'tag' | 'offsite'>;

/** Starts `backup:<desk>` or `drill:<desk>` unless it is running, and waits for its end. */
async function runBackupWorkflow(
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
  let runId: string;
  try {
    const begun = await temporal.within(START_MS, (client) =>
      client.workflow.start(type, {
        workflowId,
        taskQueue: operationsQueue(desk.desk),
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ ...common, ...procedure.input }],
        ...label,
      }),
    );
    runId = begun.firstExecutionRunId;
  } catch (error) {
    const what = type === 'backup' ? 'The backup' : 'The drill';
    return { ...notDone(whyNotStarted(error, what)), result: null };
  }
  const ask = { query: BACKUP_MESSAGES.result, known: (answer: BackupResult | null) => answer !== null };
  const { answer: result, ended } = await awaitQuery(temporal, { workflowId, runId }, ask, patienceMs);
  const late = async (): Promise<string> => {
    const repeated = await repeatedStep(temporal, workflowId, runId);
    return `not finished after ${patienceMs / 1_000} s${repeated === null ? '' : ` (${repeated})`}`;
  };
  const verdict = result?.verdict ?? ended ?? (await late());
  const audit = await recordAudit(context, caller, {
    action: type,
    parameters: { backupId: result?.backupId ?? null },
    outcome: verdict,
  });
  return {
    ok: true,
    proven: result?.verdict === 'pass',
    detail: result ? `${result.backupId ?? 'no backup'}: ${withMegabytes(result.detail)}` : verdict,
    haltId: null,
    workflowId,
    problems: audit === null ? [] : [audit],
    result,
  };
}

/** Evidence has bytes, which can be compared; people read megabytes, unless the size is tiny. */
const withMegabytes = (text: string): string =>
  text.replace(/\b(\d{5,}) bytes\b/g, (_, bytes: string) => megabytes(Number(bytes)));
