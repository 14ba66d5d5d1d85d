/** The language of backups and restore drills. */
import type { Verdict } from './evidence.js';
import type { StepResult } from './routine.js';
import { runLabel } from './run-label.js';

export interface BackupInput {
  readonly desk: string;
  /** Reads everything back after it was written; only then does it count. */
  readonly verify: boolean;
  /** How many stay on the disk. */
  readonly keep: number;
  readonly simulated: boolean;
  readonly marketMs: number | null;
  /** Null: it was due. */
  readonly person: string | null;
  readonly evidenceMs: number;
}

export interface BackupResult {
  readonly verdict: Verdict;
  /** Its id, also the name of its folder; null where none was taken. */
  readonly backupId: string | null;
  readonly detail: string;
  readonly steps: readonly StepResult[];
}

export interface DrillInput
  extends Pick<BackupInput, 'desk' | 'simulated' | 'marketMs' | 'person' | 'evidenceMs'> {
  /** Null: the newest. */
  readonly backupId: string | null;
}

export const backupLabel = (desk: string) =>
  runLabel({
    desk,
    routine: 'backup',
    summary: `Backup of ${desk}`,
    details:
      'Database from one snapshot, trader journal and desk file with a manifest of counts and checksums; read back byte by byte; then the oldest make room.',
  });

export const drillLabel = (desk: string) =>
  runLabel({
    desk,
    routine: 'restore-drill',
    summary: `Restore drill of ${desk}`,
    details:
      'Restores a backup on a server of its own: checksums, counts against the manifest, and the ledger reconciled. Only then it counts as a backup.',
  });

export const BACKUP_MESSAGES = { result: 'result' } as const;

export interface DrillRow {
  readonly desk: string;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly backupId: string;
  readonly verdict: 'pass' | 'fail';
  readonly detail: string;
  readonly finishedMs: number;
  readonly tookMs: number;
}

export interface BackupActivities {
  /** `takenMs` names it: tried again, it is the same backup. */
  takeBackup(request: { readonly desk: string; readonly takenMs: number }): Promise<{
    readonly backupId: string | null;
    readonly step: StepResult;
  }>;
  verifyBackup(request: { readonly desk: string; readonly backupId: string }): Promise<StepResult>;
  pruneBackups(request: { readonly desk: string; readonly keep: number }): Promise<StepResult>;
  /** `backupId` null: the newest. */
  restoreBackup(request: { readonly desk: string; readonly backupId: string | null }): Promise<{
    readonly backupId: string | null;
    readonly steps: readonly StepResult[];
  }>;
  recordDrill(drill: DrillRow): Promise<void>;
}
