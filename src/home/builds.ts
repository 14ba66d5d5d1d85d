/**
 * Builds of Fermata made by `fermata deploy`, each in its own folder, and the pointer to the build that
 * `fermata up` runs. The pointer names a build only once that build is proven: after an earlier interruption,
 * the previous build runs.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isBuildId, type PreparedBuild, type SwitchOutcome } from '../domain/build.js';
import { messageOf } from '../domain/message-of.js';
import { HomeOfAnother, readJson, writeJson } from './json-file.js';
import { homePaths } from './runtime.js';

export interface BuildSwitch {
  /** The same for the same approval, which is carried out only once. */
  readonly key: string;
  /** Who approved. */
  readonly by: string;
  readonly to: string;
  /** The process that starts the build and checks whether it is healthy. */
  readonly starter: number;
  /** Null while it is not known. */
  readonly outcome: SwitchOutcome | null;
}

export interface BuildPointer {
  /** Null: the build that `fermata up` is called from. */
  readonly build: string | null;
  /** The newest order; null if there was none. */
  readonly ordered: BuildSwitch | null;
}

/**
 * Folder of a build; it need not exist. Throws if `id` is malformed: it names a folder and may come from
 * outside.
 */
export function buildFolder(home: string, id: string): string {
  if (!isBuildId(id)) throw new Error(`${JSON.stringify(id)} is no build: one is named by time and commit`);
  return join(homePaths(home).builds, id);
}

/** The program of a build that `node` runs. */
export const buildEntry = (home: string, id: string): string =>
  join(buildFolder(home, id), 'bin', 'fermata.js');

const recordFile = (home: string, id: string): string => `${buildFolder(home, id)}.json`;

/** The output of its installation and its tests. */
export const buildLog = (home: string, id: string): string => `${buildFolder(home, id)}.log`;

/** Null if it does not exist or its tests have not passed. Throws if `id` is malformed. */
export const readBuild = (home: string, id: string): PreparedBuild | null => readJson(recordFile(home, id));

export function keepBuild(home: string, build: PreparedBuild): void {
  writeJson(recordFile(home, build.id), build);
}

/**
 * Removes record, folder and log. The record goes first: without it, the remains no longer count as a build.
 */
export async function removeBuild(home: string, id: string): Promise<void> {
  for (const path of [recordFile(home, id), buildFolder(home, id), buildLog(home, id)])
    await rm(path, { recursive: true, force: true });
}

async function buildIds(home: string): Promise<readonly string[]> {
  const entries = await readdir(homePaths(home).builds).catch(() => []);
  return [...new Set(entries.map((name) => name.replace(/\.(json|log)$/, '')))].filter(isBuildId);
}

const passedOf = (home: string, ids: readonly string[]): readonly string[] =>
  ids.filter((id) => readBuild(home, id) !== null).sort();

/** Ids of the builds whose tests have passed, the oldest first. */
export const testedBuilds = async (home: string): Promise<readonly string[]> =>
  passedOf(home, await buildIds(home));

/** Keeps the newest builds whose tests have passed, and the builds that run or are ordered. */
export async function removeOldBuilds(home: string, keep: number): Promise<void> {
  // Read once: one that is made meanwhile is not among those to go.
  const there = await buildIds(home);
  const { build, ordered } = readBuildPointer(home);
  const kept = new Set([...passedOf(home, there).slice(-keep), build, ordered?.to]);
  for (const id of there) if (!kept.has(id)) await removeBuild(home, id);
}

export const pointerFile = (home: string): string => join(homePaths(home).builds, 'current.json');

/** We never guess which build is meant: an older build may be unable to read what a newer one wrote. */
class UnreadablePointer extends Error {
  override readonly name = 'UnreadablePointer';
  readonly keptSafe = 'nothing was started or ended';
  readonly doThis: string;

  constructor(file: string, why: string) {
    super(`${file} does not say which build is to run: ${why}`);
    this.doThis = `to run the build of the folder where fermata up is typed: rm ${file}, then fermata up`;
  }
}

/** Throws `UnreadablePointer` if the file is damaged. */
export function readBuildPointer(home: string): BuildPointer {
  const file = pointerFile(home);
  try {
    const { build, ordered = null } = readJson<BuildPointer>(file) ?? { build: null };
    if (build !== null) buildFolder(home, build);
    return { build, ordered };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw new HomeOfAnother(home);
    throw new UnreadablePointer(file, messageOf(error));
  }
}

const write = (home: string, pointer: BuildPointer): void => writeJson(pointerFile(home), pointer);

/**
 * Orders a build: the process that restarts the desk tries it at the next start. Throws if the build does not
 * exist.
 */
export function orderSwitch(home: string, ordered: Omit<BuildSwitch, 'outcome'>): void {
  if (readBuild(home, ordered.to) === null) throw new Error(`there is no tested build ${ordered.to}`);
  write(home, { ...readBuildPointer(home), ordered: { ...ordered, outcome: null } });
}

/** Records the outcome, and which build runs from now on, in one write. */
export function concludeSwitch(home: string, outcome: SwitchOutcome): void {
  const { build, ordered } = readBuildPointer(home);
  if (ordered === null || ordered.outcome !== null) return;
  const runs = outcome.switched ? ordered.to : build;
  write(home, { build: runs, ordered: { ...ordered, outcome } });
}

/**
 * Called at every start except that of the build on trial, so that the order isn't tried later. An unreadable
 * pointer is left alone: it can't be tried anyway.
 */
export function closeSwitch(home: string): void {
  const says = 'the switch was cut off, and the desk was started again by somebody: the former build runs';
  try {
    concludeSwitch(home, { switched: false, says });
  } catch (error) {
    if (!(error instanceof UnreadablePointer)) throw error;
  }
}
