/** Puts the desk file of a backup in the place of the current one, which is kept beside it. */
import { copyFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backupIdAt, backupsFolder, DESK_FILE } from '../backup/backup-folder.js';
import { verifyBackup } from '../backup/verify-backup.js';
import { isShipped } from '../desk/resolve-desk.js';
import { writtenFileOf } from '../home/runtime.js';
import { loadDesk } from '../venue/load-desk.js';
import { CliFailure } from './failure.js';
import { stepPartsOf } from './named-desk.js';
import { requireRuntime } from './running-desk.js';

export interface RolledBackFile {
  readonly file: string;
  /** Where the previous file is kept; null if it was the same. */
  readonly kept: string | null;
}

/** A running desk is unaffected until its next start. Throws if the backup is damaged or its file no longer loads. */
export async function rollBackDeskFile(
  home: string,
  id: string,
  confirm: () => Promise<void>,
): Promise<RolledBackFile> {
  const file = writtenFileOf(requireRuntime(home));
  if (isShipped(file))
    throw new CliFailure(
      `${file} comes with Fermata and is nobody's to change`,
      'nothing was touched',
      'run a desk file of your own: fermata init',
    );
  const folder = join(backupsFolder(home), id);
  const verification = await verifyBackup(folder);
  if (!verification.ok)
    throw new CliFailure(
      `backup ${id} is damaged: ${verification.problems.join('; ')}`,
      'nothing was touched',
      'name another one, or give --auto; this lists them: fermata backups',
    );
  const wanted = join(folder, DESK_FILE);
  if (readFileSync(wanted, 'utf8') === readFileSync(file, 'utf8')) return { file, kept: null };
  // In the same folder, so that what it names there is found.
  const next = join(dirname(file), `.rollback-${process.pid}.yaml`);
  try {
    copyFileSync(wanted, next);
    loadDesk(next, { parts: stepPartsOf(next) });
    await confirm();
    const kept = `${file}.before-rollback-${backupIdAt(Date.now())}`;
    copyFileSync(file, kept);
    renameSync(next, file);
    return { file, kept };
  } finally {
    rmSync(next, { force: true });
  }
}
