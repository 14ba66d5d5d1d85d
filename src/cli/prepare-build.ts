/**
 * Prepares a build in a scratch checkout next to the running one: cloned, installed, updated to newer
 * packages on request, and tested. None of it reaches the desk, and it gets none of the desk's secrets. A
 * build is kept only if its tests have passed.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { npmEnvironment } from '../checks/npm.js';
import { buildIdAt, type PreparedBuild } from '../domain/build.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import {
  buildEntry,
  buildFolder,
  buildLog,
  keepBuild,
  removeBuild,
  removeOldBuilds,
} from '../home/builds.js';
import { tryLockFile } from '../home/file-lock.js';
import { homePaths } from '../home/runtime.js';
import {
  lackOfRoom,
  type Program,
  type ProgramBounds,
  type ProgramEnd,
  runBounded,
} from './bounded-program.js';
import { CliFailure, usageFailure } from './failure.js';

export interface BuildSource {
  /** A git checkout on this machine; uncommitted changes are not included. */
  readonly from: string;
  /** Branch, tag or commit. */
  readonly ref: string;
  /** Packages to update, each as `name` (the newest) or `name@version`. */
  readonly updates: readonly string[];
}

export interface BuildBounds extends Omit<ProgramBounds, 'ms'> {
  /** Bytes that must be free before anything is downloaded. */
  readonly roomBytesMin: number;
  /** Time limits: of each program that downloads something, and of the tests. */
  readonly fetchMs: number;
  readonly testMs: number;
}

const GB = 1024 ** 3;
const BOUNDS: BuildBounds = {
  // A checkout with its packages needs 1 GB, and its tests another for a while; the rest is for journal and
  // database.
  ...{ roomBytesMin: 4 * GB, freeBytesMin: 2 * GB },
  ...{ fetchMs: 30 * MINUTE_MS, testMs: 180 * MINUTE_MS },
};

const REF = /^[A-Za-z0-9][\w./+-]{0,199}$/;
const PACKAGE = /^(@[a-z0-9][a-z0-9._-]{0,99}\/)?[a-z0-9][a-z0-9._-]{0,199}(@[A-Za-z0-9][\w.+-]{0,99})?$/;
const KEPT = 3;
const SHOWN_LINES = 20;
const QUIET = ['--no-audit', '--no-fund', '--no-update-notifier'];
const BY_US = ['-c', 'user.name=fermata', '-c', 'user.email=fermata@localhost'];
const KEPT_SAFE = 'the desk goes on with the build that runs';
const MAKE_ROOM = 'make room on the disk, or see why it takes so long, and try again';

/**
 * Null: every package to update is already the newest. Throws `CliFailure`, and leaves nothing behind, if
 * there is no build to deploy.
 */
export async function prepareBuild(
  home: string,
  { from, ref, updates }: BuildSource,
  say: (what: string) => void,
  bounds = BOUNDS,
): Promise<PreparedBuild | null> {
  for (const one of updates) if (!PACKAGE.test(one)) throw noPackage(one);
  if (!REF.test(ref))
    throw usageFailure(`--ref ${ref}: expected a branch, tag or commit`, 'for example --ref v1.2.0');
  const { builds } = homePaths(home);
  mkdirSync(builds, { recursive: true, mode: 0o700 });
  const lock = tryLockFile(join(builds, 'lock'));
  if (lock === null)
    throw new CliFailure('another build is being made for this desk', KEPT_SAFE, 'try again when it is done');
  try {
    await removeOldBuilds(home, KEPT);
    const lack = await lackOfRoom(builds, { ...bounds, freeBytesMin: bounds.roomBytesMin });
    if (lack !== null) throw new CliFailure(`${lack}: no build was begun`, KEPT_SAFE, MAKE_ROOM);
    const commit = await commitOf(resolve(from), ref);
    const id = buildIdAt(Date.now(), commit);
    const build = await make({ home, id, from: resolve(from), commit, updates }, say, bounds).catch(
      async (error: unknown) => {
        await removeBuild(home, id);
        throw error;
      },
    );
    if (build === null) await removeBuild(home, id);
    else keepBuild(home, build);
    return build;
  } finally {
    lock.release();
  }
}

const noPackage = (name: string): CliFailure =>
  usageFailure(
    `--update ${name}: expected the name of a package, or name@version`,
    'for example --update fastify',
  );

/** Throws if the folder is not the top of a git checkout, or has no such commit. */
async function commitOf(from: string, ref: string): Promise<string> {
  const top = await answerOf('git', ['-C', from, 'rev-parse', '--show-toplevel']);
  if (top === null || top !== realpathSync(from))
    throw usageFailure(`${from} is not the folder of a git checkout`, 'name one: --from FOLDER');
  const commit = await answerOf('git', ['-C', from, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  if (commit === null)
    throw usageFailure(`${from} has no commit ${ref}`, `git -C ${from} fetch, or another --ref`);
  return commit;
}

interface Wanted extends Omit<BuildSource, 'ref'> {
  readonly home: string;
  readonly id: string;
  readonly commit: string;
}

async function make(
  { home, id, from, commit, updates }: Wanted,
  say: (what: string) => void,
  { fetchMs, testMs, ...bounds }: BuildBounds,
): Promise<PreparedBuild | null> {
  const folder = buildFolder(home, id);
  const log = buildLog(home, id);
  const run = async (program: string, args: readonly string[], cwd: string, ms = fetchMs): Promise<void> => {
    say([program, ...args].join(' '));
    const end = await ended({ program, args, cwd, log }, { ...bounds, ms });
    if ('code' in end && end.code === 0) return;
    const how = 'code' in end ? `ended with ${end.code}` : `was ended: ${end.over}`;
    const said = [`${program} ${args[0]} ${how}: no build was made`, ...lastLines(log)];
    const mend = 'code' in end ? 'put it right in the checkout, commit it, and try again' : MAKE_ROOM;
    throw new CliFailure(said.join('\n'), KEPT_SAFE, mend);
  };
  await run('git', ['clone', '--quiet', '--no-checkout', '--', from, folder], home);
  await run('git', ['checkout', '--quiet', '--detach', commit], folder);
  await run('npm', ['ci', ...QUIET], folder);
  const updated = await update(folder, updates, run);
  if (updates.length > 0 && updated.length === 0) return null;
  if (!existsSync(buildEntry(home, id)))
    throw usageFailure(`${from} is no Fermata: it has no bin/fermata.js`, 'name another: --from FOLDER');
  const beganMs = performance.now();
  await run('npm', ['test'], folder, testMs);
  const version = String(packageOf(folder).version ?? '');
  const made = (await answerOf('git', ['-C', folder, 'rev-parse', 'HEAD'])) ?? commit;
  const testsTookMs = Math.round(performance.now() - beganMs);
  return { id, commit: made, version, from, updated, testedMs: Date.now(), testsTookMs };
}

/**
 * Commits the newer packages in the build, so that the commit can be merged where the source lives. Returns
 * what changed.
 */
async function update(
  folder: string,
  updates: readonly string[],
  run: (program: string, args: readonly string[], cwd: string) => Promise<void>,
): Promise<readonly string[]> {
  if (updates.length === 0) return [];
  const before = packageOf(folder).dependencies ?? {};
  const unknown = updates.map(nameOf).find((name) => before[name] === undefined);
  if (unknown !== undefined)
    throw usageFailure(
      `--update ${unknown}: it is none of its dependencies`,
      'package.json of the checkout lists them',
    );
  const wanted = updates.map((one) => (nameOf(one) === one ? `${one}@latest` : one));
  await run('npm', ['install', '--save-exact', ...QUIET, ...wanted], folder);
  const after = packageOf(folder).dependencies ?? {};
  const names = updates.map(nameOf).filter((name) => after[name] !== before[name]);
  const updated = names.map((name) => `${name}@${after[name]}`);
  if (updated.length > 0)
    await run(
      'git',
      [...BY_US, 'commit', '--quiet', '--all', '--message', `Update ${updated.join(', ')}`],
      folder,
    );
  return updated;
}

const nameOf = (update: string): string => update.replace(/(?<=.)@.*$/, '');

function packageOf(folder: string): { version?: string; dependencies?: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

const lastLines = (file: string): string[] =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-SHOWN_LINES);

async function ended(what: Omit<Program, 'env'>, bounds: ProgramBounds): Promise<ProgramEnd> {
  try {
    return await runBounded({ ...what, env: npmEnvironment() }, bounds);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CliFailure(`${what.program} is not on this machine`, KEPT_SAFE, `install ${what.program}`);
  }
}

/** Null: the program could not run, or exited with an error. */
function answerOf(program: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, args, { env: npmEnvironment() }, (error, stdout) =>
      resolve(error === null ? stdout.trim() : null),
    );
  });
}
