import { join } from 'node:path';
import type { Command } from 'commander';
import { backupsFolder, listBackupIds } from '../../backup/backup-folder.js';
import { readManifest, sizeOf } from '../../backup/manifest.js';
import { printJson, printLines } from '../output.js';
import { fermataHome } from '../running-desk.js';

interface Options {
  readonly desk?: string;
  readonly json?: boolean;
}

interface ListedBackup {
  readonly id: string;
  /** Null: its manifest can't be read, and `problem` says why. */
  readonly desk: string | null;
  readonly takenMs: number | null;
  readonly bytes: number | null;
  readonly rows: number | null;
  readonly problem: string | null;
}

/** Reads the manifests, so that it works while nothing runs. */
export function backupsCommand(command: Command): void {
  command
    .option('--desk <name>', 'only those of this desk')
    .option('--json', 'for scripts')
    .action(async ({ desk, json = false }: Options) => {
      const home = fermataHome();
      const all = await listBackups(home);
      const listed = all.filter((backup) => desk === undefined || backup.desk === desk);
      if (json) return printJson(listed);
      if (listed.length === 0) {
        return printLines([
          `no backup${desk === undefined ? '' : ` of ${desk}`} in ${backupsFolder(home)}`,
          '  take one: fermata backup --verify',
        ]);
      }
      printLines(listed.map(backupLine));
    });
}

/** Newest first. */
async function listBackups(home: string): Promise<readonly ListedBackup[]> {
  const ids = (await listBackupIds(home)).toReversed();
  return Promise.all(
    ids.map(async (id) => {
      const reading = await readManifest(join(backupsFolder(home), id));
      if (!reading.ok)
        return { id, desk: null, takenMs: null, bytes: null, rows: null, problem: reading.why };
      const { desk, takenMs } = reading.manifest;
      return { id, desk, takenMs, ...sizeOf(reading.manifest), problem: null };
    }),
  );
}

function backupLine({ id, desk, bytes, rows, problem }: ListedBackup): string {
  if (problem !== null) return `${id}  ✗ ${problem}`;
  return `${id}  ${desk}, ${((bytes ?? 0) / 1_000_000).toFixed(1)} MB, ${rows} rows`;
}
