/** The contract of backups and restore drills. */
import type { Verdict } from './evidence.js';
import type { StepResult } from './routine.js';
import { runLabel } from './run-label.js';

export const BACKUP_TAGS = ['weekly', 'monthly'] as const;

/** Retention treats each tag separately; everyday backups have none. */
export type BackupTag = (typeof BACKUP_TAGS)[number];

export interface BackupInput {
  readonly desk: string;
  /** Reads everything back after writing; only then does the backup count. */
  readonly verify: boolean;
  /** How many are retained, per tag. */
  readonly keep: number;
  /** After how many days they are deleted regardless of `keep`; absent: never. */
  readonly keepDays?: number | null;
  readonly tag?: BackupTag | null;
  /** Once verified, a copy is sent off this machine. */
  readonly offsite?: boolean;
  readonly simulated: boolean;
  readonly marketMs: number | null;
  /** Null: it was due. */
  readonly person: string | null;
  readonly evidenceMs: number;
}

export interface BackupResult {
  readonly verdict: Verdict;
  /** Its id, also the name of its folder; null if none was taken. */
  readonly backupId: string | null;
  readonly detail: string;
  readonly steps: readonly StepResult[];
}

export interface DrillInput
  extends Pick<BackupInput, 'desk' | 'simulated' | 'marketMs' | 'person' | 'evidenceMs'> {
  /** Null: the newest. */
  readonly backupId: string | null;
  /** Without an id: the newest of the previous month. */
  readonly lastMonth?: boolean;
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
      'Restores a backup on a server of its own: checksums, counts against the manifest, and the ledger reconciled. Only then does it count as a backup.',
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
  /** `takenMs` identifies it: a retry makes the same backup. */
  takeBackup(request: {
    readonly desk: string;
    readonly takenMs: number;
    readonly tag?: BackupTag | null;
  }): Promise<{
    readonly backupId: string | null;
    readonly step: StepResult;
  }>;
  verifyBackup(request: { readonly desk: string; readonly backupId: string }): Promise<StepResult>;
  pruneBackups(request: {
    readonly desk: string;
    readonly keep: number;
    readonly days?: number | null;
  }): Promise<StepResult>;
  /**
   * Sends it to the storage in the desk file; not run if the file names none. The oldest copies there are
   * deleted by the same rule.
   */
  sendBackup(request: {
    readonly desk: string;
    readonly backupId: string;
    readonly keep: number;
    readonly days: number | null;
  }): Promise<StepResult>;
  /** `backupId` null: the newest. */
  restoreBackup(request: {
    readonly desk: string;
    readonly backupId: string | null;
    readonly lastMonth?: boolean;
  }): Promise<{
    readonly backupId: string | null;
    readonly steps: readonly StepResult[];
  }>;
  recordDrill(drill: DrillRow): Promise<void>;
}
