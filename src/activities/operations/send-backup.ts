import { join } from 'node:path';
import { backupsFolder } from '../../backup/backup-folder.js';
import { isWhole } from '../../backup/manifest.js';
import { pruneOffsite } from '../../backup/offsite/list-offsite.js';
import { openOffsite } from '../../backup/offsite/open-offsite.js';
import type { OffsitePlace } from '../../backup/offsite/place.js';
import { sendBackup } from '../../backup/offsite/send-backup.js';
import { StorageRefused } from '../../backup/offsite/storage.js';
import { verifyBackup } from '../../backup/verify-backup.js';
import type { BackupActivities } from '../../contracts/backup.js';
import type { StepResult } from '../../contracts/routine.js';
import type { Desk } from '../../desk/schema.js';
import type { Runtime } from '../../home/runtime.js';

interface SendDependencies {
  readonly runtime: Pick<Runtime, 'home' | 'desk'>;
  readonly desk: Pick<Desk, 'backup'>;
  readonly nowMs: () => number;
}

const SEND = {
  key: 'send',
  title: 'Sent away from this machine',
  expected: 'a copy that reads back as it was sent',
} as const;

/** Rejects if another attempt may help: the storage doesn't answer, or the upload broke off. */
export async function sendAway(
  { runtime, desk, nowMs }: SendDependencies,
  { backupId, keep, days }: Parameters<BackupActivities['sendBackup']>[0],
  say: (at: string) => void,
  signal: AbortSignal,
): Promise<StepResult> {
  let place: OffsitePlace | null = null;
  try {
    place = await openOffsite(runtime.home, { desk: runtime.desk, backup: desk.backup });
    if (place === null)
      return { ...SEND, verdict: 'not_run', observed: 'the desk file names no storage: set backup.s3' };
    const verification = await verifyBackup(join(backupsFolder(runtime.home), backupId), signal);
    if (!verification.ok) return { ...SEND, verdict: 'fail', observed: verification.problems.join('; ') };
    const { backup } = verification;
    const { archives } = await sendBackup(place, backup, { onArchive: say, signal });
    // Older copies stay while this backup is incomplete.
    const gone = isWhole(backup.manifest) ? await pruneOffsite(place, { keep, days }, nowMs()) : [];
    const shown = archives.map(({ name, bytes }) => `${name}: valid, ${bytes} bytes`);
    const observed = [...shown, ...(gone.length === 0 ? [] : [`${gone.length} older ones removed`])].join(
      '; ',
    );
    return { ...SEND, verdict: 'pass', observed };
  } catch (error) {
    if (error instanceof StorageRefused) return { ...SEND, verdict: 'fail', observed: error.message };
    throw error;
  } finally {
    place?.storage.close();
  }
}
