/** The language of backups and restore drills. */
import type { Verdict } from '../../evidence.js';
import { runLabel } from '../../run-label.js';
import type { StepResult } from '../routine/contract.js';

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
