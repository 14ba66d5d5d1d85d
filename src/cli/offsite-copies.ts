/** Copies of backups off this machine, for commands. */
import { backupsFolder, listBackupIds } from '../backup/backup-folder.js';
import { fetchBackup, listOffsite, type OffsiteBackup } from '../backup/offsite/fetch-backup.js';
import { type OffsitePlace, openOffsite } from '../backup/offsite/storage.js';
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import { readDeskHere } from '../home/desk-here.js';
import { runtimeHere } from '../home/runtime-here.js';
import type { BackupOperationResult } from '../operations/backups.js';
import { outcomeLines, withRun } from './act-on-desk.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, usageFailure } from './failure.js';
import { namedDeskFile } from './named-desk.js';
import { printJson, printLines, stepLine } from './output.js';

/** Throws a usage failure if the desk file names no storage. */
export function requireOffsite({
  desk,
  file,
}: {
  readonly desk: Pick<Desk, 'backup'>;
  readonly file: string;
}): void {
  if (desk.backup.s3 === undefined)
    throw usageFailure(
      `${file} names no storage for copies away from this machine`,
      'write backup.s3 with endpoint and bucket into it (docs/BACKUP.md), and start the desk again',
    );
}

/** Newest first. Null: the desk file names no storage. Throws a `CliFailure` that names the storage. */
export async function offsiteCopies(
  home: string,
  named: string | undefined,
): Promise<readonly OffsiteBackup[] | null> {
  return askOffsite(deskOf(home, named).desk, home, async (place) =>
    place === null ? null : listOffsite(place),
  );
}

/** Returns the id of the backup that is now in `home`. `id` null: the newest undamaged one in the storage. */
export async function fetchFromOffsite(
  home: string,
  named: string | undefined,
  id: string | null,
  say: (what: string) => void,
): Promise<string> {
  const loaded = deskOf(home, named);
  requireOffsite(loaded);
  return askOffsite(loaded.desk, home, async (place) => {
    const copies = place === null ? [] : await listOffsite(place);
    const wanted = copies.find((copy) => (id === null ? copy.receipt !== null : copy.id === id));
    if (place === null || wanted === undefined)
      throw usageFailure(
        `there is no backup ${id ?? `of ${loaded.desk.desk}`} in bucket ${loaded.desk.backup.s3?.bucket}`,
        'name one of those that are there; this lists them: fermata backups',
      );
    if (wanted.problem !== null)
      throw new CliFailure(
        `${wanted.id} in bucket ${loaded.desk.backup.s3?.bucket} is no backup: ${wanted.problem}`,
        'nothing was touched',
        'name another one; this lists them: fermata backups',
      );
    await fetchBackup(place, home, wanted.id, { onArchive: (name) => say(`Fetching ${name}`) });
    return wanted.id;
  });
}

/** The environment may name the bucket (AWS_S3_BUCKET). */
function deskOf(home: string, named: string | undefined) {
  const file = namedDeskFile(named, runtimeHere(home));
  return { file, desk: readDeskHere(file, {}, process.env, home).wanted.desk };
}

async function askOffsite<T>(
  desk: Desk,
  home: string,
  ask: (place: OffsitePlace | null) => Promise<T>,
): Promise<T> {
  let place: OffsitePlace | null = null;
  try {
    place = await openOffsite(home, desk);
    return await ask(place);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(
      messageOf(error),
      'nothing was touched',
      'backups on this machine: fermata backups --local',
    );
  } finally {
    place?.storage.close();
  }
}

const NAMED_MAX = 5;

/**
 * Rejects with a usage failure that lists the newest existing backups. `id` null: none was found. `whenNone`:
 * what to do if there is no backup at all.
 */
export async function requireBackup(home: string, id: string | null, whenNone: string): Promise<string> {
  const known = await listBackupIds(home);
  if (id !== null && known.includes(id)) return id;
  const newest = known.slice(-NAMED_MAX).reverse().join(', ');
  throw usageFailure(
    `there is no backup ${id ?? `of the desk in ${backupsFolder(home)}`}`,
    newest === '' ? whenNone : `name one of: ${newest}`,
  );
}

/** Returns exit code 0 only if the outcome is proven. */
export function showBackup(what: string, outcome: BackupOperationResult, json: boolean): number {
  if (json) printJson(withRun(outcome));
  else printLines([...(outcome.result?.steps ?? []).map(stepLine), ...outcomeLines(what, outcome)]);
  return outcome.proven ? EXIT_OK : EXIT_FAILED;
}
