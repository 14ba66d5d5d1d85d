/**
 * What must hold before anything is started, and what a start claims: one supervisor per home, found by its
 * socket, and one desk per account. The locks end with the process.
 */
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { secretVariable } from '../../desk/desk-environment.js';
import { ordersLeave } from '../../desk/desk-venue.js';
import type { Desk } from '../../desk/schema.js';
import { type FileLock, lockFileOf, tryLockFile } from '../../home/file-lock.js';
import {
  FREE_MB_MIN,
  type FreeBytes,
  freeBytes,
  REMOUNT,
  wholeMegabytes,
  whyNotWritable,
} from '../../home/free-space.js';
import { readRestoreMark } from '../../home/restore-mark.js';
import { type HomePaths, homePaths } from '../../home/runtime.js';
import { askSupervisor } from '../../home/supervisor-protocol.js';
import { credentialNames } from '../../venue/environment.js';
import { tradedVenue } from '../../venue/registry.js';
import { aboutHolder, forgetHolder, holderOf, markHolder } from '../desk-end.js';
import { portIsFree } from '../free-port.js';
import { StartFailure } from '../up-options.js';

const ASK_TIMEOUT_MS = 1_000;
/** The other start may hold its lock without having opened its socket yet. */
const ATTEMPTS = 3;

type Claim =
  | { readonly kind: 'claimed'; readonly paths: HomePaths; readonly lock: FileLock }
  /** `doThis`: null if a desk answers there. */
  | { readonly kind: 'taken'; readonly message: string; readonly doThis: string | null };

/** Throws StartFailure if the folder can't be used at all. */
export async function claimHome(home: string): Promise<Claim> {
  const paths = homePaths(home);
  inUse(paths, () => makeFolders(paths));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const lock = inUse(paths, () => tryLockFile(join(paths.run, 'lock')));
    if (lock !== null) return { kind: 'claimed', paths, lock: await heldBySelf(paths.home, lock) };
    const message = await describeOther(paths.home);
    if (message !== null) return { kind: 'taken', message, doThis: null };
    await sleep(200);
  }
  return takenInSilence(paths.home);
}

async function heldBySelf(home: string, lock: FileLock): Promise<FileLock> {
  await markHolder(home);
  return {
    release: () => {
      forgetHolder(home);
      lock.release();
    },
  };
}

async function takenInSilence(home: string): Promise<Claim> {
  const holder = (await holderOf(home)) ?? { pid: null };
  const who = holder.pid === null ? 'another start' : `process ${holder.pid}`;
  const message = `${who} holds FERMATA_HOME ${home} and does not answer: it is just ending, or suspended`;
  return { kind: 'taken', message, doThis: aboutHolder(holder) };
}

/** Null if nobody answers: a command may hold the lock for a moment to see whether anything runs. */
export async function describeOther(home: string): Promise<string | null> {
  try {
    const { pid, desk, phase } = await askSupervisor(home, 'who', {}, ASK_TIMEOUT_MS);
    return `desk ${desk} already runs with FERMATA_HOME ${home} (process ${pid}, ${phase})`;
  } catch {
    return null;
  }
}

/**
 * An account of an exchange belongs to one desk: two desks on it would see each other's orders as foreign. Null if the
 * desk has no key for an account. Throws `StartFailure` if another desk of this installation trades with this key.
 */
export function claimAccount(
  desk: Pick<Desk, 'mode' | 'venue'>,
  { servers }: HomePaths,
  env: NodeJS.ProcessEnv,
): FileLock | null {
  if (!ordersLeave(desk)) return null;
  const { venue } = desk;
  const names = credentialNames(tradedVenue(venue.name).live, 'trader');
  const keys = names.flatMap((name) => secretVariable(env, name) ?? []);
  if (keys.length === 0) return null;
  const lock = tryLockFile(lockFileOf(servers.run, 'account', [venue.name, ...keys]));
  if (lock !== null) return lock;
  throw new StartFailure(
    `another desk that runs here trades with the same ${names.join(' and ')}`,
    'give this desk an account and a key of its own, in the environment of its start',
    'nothing was started',
  );
}

/** Throws `StartFailure` in place of the system's error. */
function inUse<T>({ home }: HomePaths, use: () => T): T {
  try {
    return use();
  } catch (error) {
    const { code, path = home } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    // A folder in it, mostly because another user, or root, once ran a command here.
    const isPart = path !== home;
    const doThis = isFull
      ? 'free some space there, or set FERMATA_HOME to another disk'
      : `${isPart ? 'give it to the user who runs Fermata (sudo chown -R USER FOLDER), or ' : ''}set FERMATA_HOME to a folder that you may write to`;
    if (code === 'EROFS')
      throw new StartFailure(
        `FERMATA_HOME (${home}) lies on a disk that can only be read`,
        REMOUNT,
        'nothing was started',
      );
    const why = isFull
      ? `the disk is full where FERMATA_HOME lies (${home})`
      : `${path} can't be used (${code})`;
    throw new StartFailure(why, doThis, 'nothing was started');
  }
}

function makeFolders(paths: HomePaths): void {
  const { servers } = paths;
  for (const folder of [paths.home, paths.run, paths.logs, servers.run, servers.logs]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
  if (!keepsModes(paths.run)) {
    throw new StartFailure(
      `${paths.home} lies on a file system that keeps no file modes, so secrets there would be open to everybody`,
      'set FERMATA_HOME to a folder on a Linux or macOS file system (under WSL2 not below /mnt)',
      'nothing was started',
    );
  }
}

function keepsModes(folder: string): boolean {
  const probe = join(folder, 'mode-probe');
  try {
    writeFileSync(probe, '', { mode: 0o600 });
    chmodSync(probe, 0o600);
    return (statSync(probe).mode & 0o777) === 0o600;
  } finally {
    rmSync(probe, { force: true });
  }
}

const NODE_MINIMUM = [20, 19] as const;

/** What must hold before anything is started: one clear error instead of a partial start. Throws StartFailure. */
export async function preflight(
  home: string,
  web: { host: string; port: number },
  free?: FreeBytes,
): Promise<void> {
  checkNode(process.versions.node);
  checkRestore(home);
  await checkDisk(home, free);
  await checkPort(web);
}

function checkNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = NODE_MINIMUM;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  throw new StartFailure(
    `Node ${version} is too old`,
    `install Node ${needMajor}.${needMinor} or newer`,
    'nothing was started',
  );
}

function checkRestore(home: string): void {
  const mark = readRestoreMark(home);
  if (mark === null) return;
  throw new StartFailure(
    `the restore of backup ${mark.backupId} was cut off while it put things in their places`,
    `let it come to its end first: fermata restore ${mark.backupId} --confirm ${mark.desk}`,
    'nothing was started; what was there before is kept, and so is the backup',
  );
}

/** Throws StartFailure. Also checked before a desk is ended to be started again: it must not stay down. */
export async function checkDisk(home: string, free: FreeBytes = freeBytes): Promise<void> {
  const freeMb = wholeMegabytes(await free(home));
  if (freeMb >= FREE_MB_MIN) return;
  throw new StartFailure(
    `only ${freeMb} MB are free where FERMATA_HOME lies (${home}), and ${FREE_MB_MIN} MB are needed to begin`,
    'free some space there, or set FERMATA_HOME to another disk',
    'nothing was started',
  );
}

/**
 * Called before one process is ended to be started again: a trader that can't write still cancels and takes a stop, one
 * that can't start does neither.
 */
export function refuseUnwritable(name: string, { home, run }: HomePaths): void {
  const why = whyNotWritable(run);
  if (why === null) return;
  throw new StartFailure(
    `${name} was not ended: FERMATA_HOME (${home}) can't be written, so it would not start again (${why})`,
    'make room on the disk or repair it (fermata doctor looks at it), then ask again',
    'every process goes on as before',
  );
}

async function checkPort({ host, port }: { host: string; port: number }): Promise<void> {
  if (port === 0 || (await portIsFree(port, host))) return;
  throw new StartFailure(
    `port ${port} on ${host} is taken by another program`,
    `end that program, or take another port, 0 for any free one: fermata up --port 0 (or change api.port in the desk file)`,
    'nothing was started',
  );
}
