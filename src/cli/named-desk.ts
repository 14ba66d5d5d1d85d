/** The desk file that a command is about. */

import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { stepPartsIn } from '../checks/registry.js';
import { ownFolderOf } from '../desk/paper-twin.js';
import { DEFAULT_DESK, fileAt, folderNotice, isMarked } from '../desk/resolve-desk.js';
import type { StepParts } from '../desk/step-parts.js';
import { deskNameIn } from '../desk/yaml-file.js';
import { messageOf } from '../domain/message-of.js';
import { desksHomes, knownHomeOf } from '../home/installation.js';
import { PeopleFileUnusable } from '../home/people-folder.js';
import { deskFolderOf, type Runtime, writtenFileOf } from '../home/runtime.js';
import { resolveStartedDesk, runtimeHere } from '../home/started-desks.js';
import { openPool, type Pool } from '../store/pool.js';
import { type CliFailure, usageFailure } from './failure.js';

/**
 * The desk that `--desk` names, also one that was started here from elsewhere. Without it: the one that runs here, or
 * else the one that comes with Fermata.
 */
export function namedDeskFile(
  named: string | undefined,
  runtime: Pick<Runtime, 'deskFile' | 'writtenFile'> | null = null,
  meant?: (near: string) => string,
): string {
  // The running desk's file may have become a folder since its start.
  const name = named ?? (runtime === null ? DEFAULT_DESK : writtenFileOf(runtime));
  const file = resolveStartedDesk(name, meant);
  const notice = folderNotice(file);
  if (notice !== null) process.stderr.write(`! ${notice}\n`);
  return file;
}

/** The name of the desk that a start without `--desk` is about: whoever has a desk of their own means no other. */
export function deskToStart(installation: string): string {
  const [first, ...others] = desksHomes(installation).flatMap((home) => runtimeHere(home)?.desk ?? []);
  if (first === undefined || [first, ...others].includes(DEFAULT_DESK)) return DEFAULT_DESK;
  if (others.length === 0) return first;
  throw usageFailure(
    `${[first, ...others].join(' and ')} have run here: which desk is to be started?`,
    `the same with --desk ${first}, or with another one`,
  );
}

/** Everything that its steps may name, including the checks of its own folder. */
export function stepPartsOf(
  file: string,
  runtime: Pick<Runtime, 'deskFile' | 'writtenFile' | 'deskFolder'> | null = null,
): StepParts {
  return stepPartsIn(
    runtime !== null && writtenFileOf(runtime) === file ? deskFolderOf(runtime) : ownFolderOf(file),
  );
}

type Started = Pick<Runtime, 'desk' | 'deskFile' | 'writtenFile'>;

/** What the last start of that desk recorded. Null: it never ran here. */
export function lastStartOf(installation: string, desk: string): Runtime | null {
  const home = knownHomeOf(installation, desk);
  const runtime = home === null ? null : runtimeHere(home);
  return runtime?.desk === desk ? runtime : null;
}

export const wasStartedFrom = (runtime: Started, file: string): boolean =>
  realPath(writtenFileOf(runtime)) === realPath(file);

/**
 * The file from which that desk last ran, if it is another one that still has its name: a copy must not go on with
 * the account. Null: it is no copy, as the same place of another checkout or build, or as one's own version of a desk
 * that ships.
 */
export function otherFileOf(runtime: Started | null, file: string): string | null {
  if (runtime === null || wasStartedFrom(runtime, file)) return null;
  const last = writtenFileOf(runtime);
  if (isMarked(dirname(last)) || (placeOf(last) !== null && placeOf(last) === placeOf(file))) return null;
  return deskNameIn(last) === runtime.desk ? last : null;
}

/** The last folders of a desk that is among others. */
const placeOf = (file: string): string | null =>
  /[/\\]desks[/\\](?:[^/\\]+[/\\]desk|[^/\\]+)\.yaml$/.exec(file)?.[0] ?? null;

function realPath(file: string): string {
  const now = fileAt(file);
  return existsSync(now) ? realpathSync(now) : now;
}

// Postgres for commands about people. What they change in files has happened by then, and stays so.

/**
 * Only for what is done in the database: a failure of `work` is reported by `failed`, which gets the reason.
 * But a damaged file about people, by which rows are judged, says so itself.
 */
export async function withDatabase<T>(
  runtime: Runtime,
  name: string,
  work: (pool: Pool) => Promise<T>,
  failed: (why: string) => CliFailure,
): Promise<T> {
  const pool = openPool(runtime, name);
  try {
    return await work(pool);
  } catch (error) {
    throw error instanceof PeopleFileUnusable ? error : failed(messageOf(error));
  } finally {
    await pool.end();
  }
}
