/**
 * Takes one backup. First the database from one snapshot, then the accounts: their journals therefore contain
 * everything that the ledger in that snapshot has. Then the market's position, the desk file with the desk's
 * own code, and the logs. Secrets are not included.
 */
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { BackupTag } from '../contracts/backup.js';
import type { OwnFile } from '../desk/own-strategies.js';
import { messageOf } from '../domain/message-of.js';
import { type FreeBytes, guardRoom } from '../home/free-space.js';
import { deskPaths, homePaths, type Runtime } from '../home/runtime.js';
import { copyAccounts } from './accounts/copy-accounts.js';
import * as place from './backup-folder.js';
import {
  filesBelow,
  type HashedFile,
  hashFile,
  type Manifest,
  readManifest,
  writeManifest,
} from './manifest.js';
import { findPgProgram, type PgConnection, runPgProgram } from './pg-programs.js';
import { openSnapshot, type Snapshot } from './table-figures.js';

/** The desk trades meanwhile: this takes half the time of pg_dump's default, for 3 % more bytes. */
const COMPRESSION = '--compress=1';

export const BACKUP_PHASES = [
  'snapshot',
  'dump',
  'tables',
  'accounts',
  'files',
  'hashes',
  'manifest',
  'publish',
] as const;
type BackupPhase = (typeof BACKUP_PHASES)[number];

export interface BackupRequest {
  readonly id: string;
  /** Null or absent: an everyday backup. */
  readonly tag?: BackupTag | null;
  readonly runtime: Pick<Runtime, 'home' | 'desk' | 'configHash'>;
  /** The desk file as the desk was started with it: on the disk it may have been edited since. */
  readonly deskText: string;
  /** Files of the desk's folder, other than the desk file. Left out: none. */
  readonly own?: readonly OwnFile[];
  /** Connects as the owner of the tables: the product's own role may not read all of them. */
  readonly connection: PgConnection;
  readonly nowMs: () => number;
  /** Called when each phase begins. */
  readonly onPhase?: (phase: BackupPhase) => void;
  readonly signal?: AbortSignal;
  readonly free?: FreeBytes;
}

interface TakenBackup {
  readonly ok: true;
  readonly folder: string;
  readonly manifest: Manifest;
}

type BackupOutcome = TakenBackup | { readonly ok: false; readonly why: string };

/**
 * The same id again returns the existing backup. Rejects, and leaves nothing, if the database or the disk
 * fails. Gives up, too, before it takes the room that the desk needs.
 */
export async function takeBackup(request: BackupRequest): Promise<BackupOutcome> {
  const { home } = homePaths(request.runtime.home);
  await mkdir(place.backupsFolder(home), { recursive: true, mode: 0o700 });
  await place.removeLeftovers(home);
  const folder = join(place.backupsFolder(home), request.id);
  if (existsSync(folder)) {
    const known = await readManifest(folder);
    return known.ok ? { ok: true, folder, manifest: known.manifest } : known;
  }
  const { content, remove } = await place.openPartial(home);
  const room = await guardRoom(place.backupsFolder(home), home, request.free);
  const signal = AbortSignal.any([room.signal, ...(request.signal === undefined ? [] : [request.signal])]);
  let snapshot: Snapshot | null = null;
  try {
    signal.throwIfAborted();
    request.onPhase?.('snapshot');
    snapshot = await openSnapshot(request.connection);
    const program = await findPgProgram('pg_dump', snapshot.serverMajor);
    if (!program.ok) return program;
    const manifest = await fill({ ...request, signal }, snapshot, content, program.version);
    request.onPhase?.('publish');
    return { ok: true, folder: await place.publish(content, home, request.id), manifest };
  } catch (error) {
    if (!room.signal.aborted) throw error;
    const why = `${messageOf(room.signal.reason)}: the backup was given up, and nothing of it is left. Free some space, then take it again.`;
    return { ok: false, why };
  } finally {
    room.close();
    await snapshot?.close();
    await remove();
  }
}

async function fill(
  request: BackupRequest,
  snapshot: Snapshot,
  folder: string,
  pgDump: string,
): Promise<Manifest> {
  const { runtime, id, nowMs, signal, onPhase = () => {} } = request;
  const takenMs = nowMs();
  onPhase('dump');
  const dump = join(folder, place.DATABASE_FILE);
  await runPgProgram(
    'pg_dump',
    request.connection,
    ['--format=custom', COMPRESSION, `--snapshot=${snapshot.id}`, `--file=${dump}`],
    signal,
  );
  onPhase('tables');
  const facts = await snapshot.facts(runtime.desk, () => signal?.throwIfAborted());
  onPhase('accounts');
  const paths = deskPaths(homePaths(runtime.home), runtime.desk);
  const { journal, resting } = await copyAccounts(paths, folder, { signal });
  onPhase('files');
  if (existsSync(paths.marketPosition))
    await copyFile(paths.marketPosition, join(folder, place.MARKET_POSITION_FILE));
  await writeFile(join(folder, place.DESK_FILE), request.deskText, { mode: 0o600 });
  for (const { path, content } of request.own ?? []) {
    const file = join(folder, place.OWN_FOLDER, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: 0o600 });
  }
  await copyLogs(homePaths(runtime.home).logs, join(folder, place.LOGS_FOLDER), signal);
  onPhase('hashes');
  const files: HashedFile[] = [];
  for (const path of await filesBelow(folder)) files.push(await hashFile(folder, path));
  onPhase('manifest');
  const manifest: Manifest = {
    version: 1,
    id,
    desk: runtime.desk,
    takenMs,
    tag: request.tag ?? null,
    versions: {
      fermata: ownVersion(),
      node: process.version,
      postgres: snapshot.serverVersion,
      pgDump,
      schema: [...facts.schema],
    },
    database: facts.database,
    journal,
    restingAccounts: resting,
    ledger: facts.ledger.find(({ incarnation }) => incarnation === journal?.incarnation) ?? null,
    evidence: facts.evidence,
    configHash: runtime.configHash,
    encryption: null,
    files,
  };
  await writeManifest(folder, manifest);
  return manifest;
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The databases' logs quote statements unredacted; only the desk's own logs are free of secrets. */
const OF_DATABASES = /^(postgres|temporal)\./;
const LOG = /\.(log|jsonl)(\.[\w-]+)?$/;
const LEVEL = 1;

/** Copies the desk's logs, rotated ones included, each compressed. Creates nothing if there are none. */
async function copyLogs(from: string, to: string, signal?: AbortSignal): Promise<void> {
  const there = existsSync(from) ? await readdir(from, { withFileTypes: true }) : [];
  const logs = there.filter(
    (entry) => entry.isFile() && LOG.test(entry.name) && !OF_DATABASES.test(entry.name),
  );
  if (logs.length > 0) await mkdir(to, { mode: 0o700 });
  for (const { name } of logs) {
    signal?.throwIfAborted();
    await copyLog(join(from, name), join(to, `${name}.gz`));
  }
}

async function copyLog(from: string, to: string): Promise<void> {
  try {
    const copy = createWriteStream(to, { mode: 0o600 });
    await pipeline(createReadStream(from), createGzip({ level: LEVEL }), copy);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Rotated since the folder was read: it is copied only if its new name was already in the listing.
    await rm(to, { force: true });
  }
}
