/** Copies of backups off this machine, for commands. */
import { backupsFolder, listBackupIds } from '../backup/backup-folder.js';
import { DamagedCopy, fetchBackup, listOffsite, type OffsiteBackup } from '../backup/offsite/fetch-backup.js';
import { type OffsitePlace, openOffsite } from '../backup/offsite/storage.js';
import { DatedAhead, refuseDatedAhead } from '../backup/retention.js';
import type { PassedOver } from '../backup/verify-backup.js';
import type { Desk } from '../desk/schema.js';
import { messageOf } from '../domain/message-of.js';
import { readDeskHere } from '../home/desk-here.js';
import { runtimeHere } from '../home/started-desks.js';
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

/**
 * Fetches a copy into `home`. `id` null: the newest good one in the storage, and newer ones that are not good
 * are named. Throws a `CliFailure` if there is none, and `DatedAhead` as for backups here.
 */
export async function fetchFromOffsite(
  home: string,
  named: string | undefined,
  id: string | null,
  say: (what: string) => void,
): Promise<FetchedCopy> {
  const loaded = deskOf(home, named);
  requireOffsite(loaded);
  const at = `in bucket ${loaded.desk.backup.s3?.bucket}`;
  return askOffsite(loaded.desk, home, async (place) => {
    const copies = place === null ? [] : await listOffsite(place);
    const wanted = copies.filter((copy) => id === null || copy.id === id);
    if (place === null || wanted.length === 0)
      throw usageFailure(
        `there is no backup ${id ?? `of ${loaded.desk.desk}`} ${at}`,
        'name one of those that are there; this lists them: fermata backups',
      );
    if (id === null) {
      const receipts = wanted.flatMap(({ receipt }) => receipt ?? []);
      refuseDatedAhead(receipts, Date.now(), 'fermata restore ID --s3');
    }
    const passedOver: PassedOver[] = [];
    for (const copy of wanted) {
      const why = copy.problem ?? (await fetchOne(place, home, copy.id, say));
      if (why === null) return { id: copy.id, passedOver };
      if (id !== null)
        throw new CliFailure(
          `${id} ${at} is no backup: ${why}`,
          'nothing was touched',
          'name another one; this lists them: fermata backups',
        );
      passedOver.push({ id: copy.id, why });
      process.stderr.write(`! the copy of backup ${copy.id} is damaged (${why}): it is passed over\n`);
    }
    throw new CliFailure(
      `there is no good copy of ${loaded.desk.desk} ${at}: ${passedOver.map((one) => `${one.id} (${one.why})`).join('; ')}`,
      'nothing was touched',
      'where the signatures are by another key, put the backup-key of that installation in its place; otherwise copy a good backup here from elsewhere (docs/BACKUP.md)',
    );
  });
}

interface FetchedCopy {
  /** Of the backup that is now in `home`. */
  readonly id: string;
  /** Newer copies that are not good, newest first. */
  readonly passedOver: readonly PassedOver[];
}

/** Null: it is here now. Otherwise what is damaged. */
async function fetchOne(
  place: OffsitePlace,
  home: string,
  id: string,
  say: (what: string) => void,
): Promise<string | null> {
  try {
    await fetchBackup(place, home, id, { onArchive: (name) => say(`Fetching ${name}`) });
    return null;
  } catch (error) {
    if (error instanceof DamagedCopy) return messageOf(error);
    throw error;
  }
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
    if (error instanceof CliFailure || error instanceof DatedAhead) throw error;
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
