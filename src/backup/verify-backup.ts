/**
 * Reads a backup back from disk: every byte against its hash, each journal's chain, the dump's table of
 * contents.
 */
import { join } from 'node:path';
import { someOf } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { readBook } from '../venue/paper/book-file.js';
import { digestJournal, setAsideProblems } from './accounts/set-aside.js';
import * as place from './backup-folder.js';
import { backupsFolder, listBackupIds } from './backup-folder.js';
import { filesBelow, hashFile, type Manifest, readManifest, sizeOf } from './manifest.js';
import { runPgProgram } from './pg-programs.js';
import { ownBackups, refuseDatedAhead } from './retention.js';

declare const verified: unique symbol;

/** Made only by `verifyBackup`; nothing else may be restored. */
export interface VerifiedBackup {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly manifestSha256: string;
  readonly [verified]: true;
}

/** What is put on record of it (`saveBackup`). */
export function backupRow({ folder, manifest, manifestSha256 }: VerifiedBackup, verifiedMs: number) {
  const { desk, id, takenMs } = manifest;
  return { desk, id, folder, takenMs, verifiedMs, manifestSha256, ...sizeOf(manifest) };
}

type BackupVerification =
  | { readonly ok: true; readonly backup: VerifiedBackup }
  /** Each names the file that has changed. */
  | { readonly ok: false; readonly problems: readonly string[] };

export async function verifyBackup(folder: string, signal?: AbortSignal): Promise<BackupVerification> {
  const reading = await readManifest(folder);
  if (!reading.ok) return { ok: false, problems: [reading.why] };
  const { manifest, sha256 } = reading;
  const damaged = await damagedFiles(folder, manifest, signal);
  const problems =
    damaged.length > 0
      ? damaged
      : [
          ...(await journalProblems(folder, manifest)),
          ...(await setAsideProblems(folder, manifest)),
          ...(await dumpProblems(folder)),
        ];
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, backup: { folder, manifest, manifestSha256: sha256 } as VerifiedBackup };
}

async function damagedFiles(folder: string, manifest: Manifest, signal?: AbortSignal): Promise<string[]> {
  const problems: string[] = [];
  const own = new Set<string>([place.MANIFEST_FILE, place.MANIFEST_HASH_FILE]);
  const here = new Set(await filesBelow(folder));
  for (const { path, bytes, sha256 } of manifest.files) {
    signal?.throwIfAborted();
    if (!here.delete(path)) {
      problems.push(`${path} is missing`);
      continue;
    }
    const found = await hashFile(folder, path);
    if (found.bytes !== bytes) problems.push(`${path} has ${found.bytes} bytes, the manifest says ${bytes}`);
    else if (found.sha256 !== sha256) problems.push(`${path} was changed: its SHA-256 is another one`);
  }
  for (const path of here)
    if (!own.has(path) && !isOfFileManager(path)) problems.push(`${path} is not in the manifest`);
  return problems;
}

/** Left by the file manager of whoever has looked into the folder: no part of the backup, and nothing restores it. */
export const isOfFileManager = (path: string): boolean =>
  /(^|\/)(\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini)$/i.test(path);

/** Even unchanged bytes may have been damaged before they were written. */
async function journalProblems(folder: string, { journal, files }: Manifest): Promise<string[]> {
  const problems: string[] = [];
  try {
    if (files.some(({ path }) => path.startsWith(`${place.PAPER_BOOK_FOLDER}/`)))
      readBook(join(folder, place.PAPER_BOOK_FOLDER));
    if (journal === null) return problems;
    const found = await digestJournal(join(folder, place.JOURNAL_FOLDER));
    if (found.lastSequence !== journal.lastSequence || found.chain !== journal.chain) {
      problems.push(`the journal ends at ${found.lastSequence}, the manifest says ${journal.lastSequence}`);
    }
  } catch (error) {
    problems.push(messageOf(error));
  }
  return problems;
}

async function dumpProblems(folder: string): Promise<string[]> {
  try {
    await runPgProgram('pg_restore', null, ['--list', join(folder, place.DATABASE_FILE)]);
    return [];
  } catch (error) {
    return [`${place.DATABASE_FILE}: ${messageOf(error)}`];
  }
}

export interface PassedOver {
  readonly id: string;
  /** Which file has changed. */
  readonly why: string;
}

interface NewestGood {
  /** Null: there is none. */
  readonly id: string | null;
  /** Newer backups that are damaged, or whose owner is unknown; newest first. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * The desk's newest backup in which every byte matches its manifest; newer ones that don't match are named.
 * `olderThan`: consider only backups before this one; otherwise throws `DatedAhead` if one is.
 */
export async function newestGoodBackup(
  home: string,
  desk: string,
  { signal, olderThan }: { readonly signal?: AbortSignal; readonly olderThan?: string } = {},
): Promise<NewestGood> {
  if (olderThan === undefined) refuseDatedAhead(await ownBackups(home, desk), Date.now());
  const passedOver: PassedOver[] = [];
  for (const id of (await listBackupIds(home)).toReversed()) {
    if (olderThan !== undefined && id >= olderThan) continue;
    const folder = join(backupsFolder(home), id);
    const reading = await readManifest(folder);
    if (reading.ok && reading.manifest.desk !== desk) continue;
    const verification = await verifyBackup(folder, signal);
    if (verification.ok) return { id, passedOver };
    passedOver.push({ id, why: someOf(verification.problems) });
  }
  return { id: null, passedOver };
}
