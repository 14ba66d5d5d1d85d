// Replaces bundled programs under running desks, which have loaded their entry file, and load some of its
// chunks only when they need them.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lists the files of each retained build, newest first. */
const LIST = 'builds.json';
/**
 * Number of builds retained, some 10 MB each. A desk that runs through more builds of its checkout than this
 * must be restarted before it needs another chunk.
 */
const KEPT = 10;

/**
 * `files`: contents by name. `entries`: the files that are started. They are replaced last, each atomically,
 * once everything that they load is there; a failure before that leaves the previous build as it was.
 */
export function placePrograms(folder, files, entries) {
  mkdirSync(folder, { recursive: true });
  const names = [...files.keys()].sort();
  const former = buildsIn(folder).filter((build) => build.join() !== names.join());
  const builds = [names, ...former].slice(0, KEPT);
  const isEntry = (name) => entries.includes(name);
  for (const name of names.filter((one) => !isEntry(one))) place(folder, name, files.get(name));
  place(folder, LIST, `${JSON.stringify(builds)}\n`);
  for (const name of names.filter(isEntry)) place(folder, name, files.get(name));
  keepOnly(folder, [LIST, ...builds.flat()]);
}

/** For a copy that nothing runs from. */
export const removeFormerPrograms = (folder) => keepOnly(folder, buildsIn(folder)[0]);

function buildsIn(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, LIST), 'utf8'));
  } catch {
    // Placed before there was a list, or the list is damaged: any file there may still be needed.
    const names = readdirSync(folder).filter(
      (name) => name !== LIST && statSync(join(folder, name)).isFile(),
    );
    return names.length === 0 ? [] : [names.sort()];
  }
}

function place(folder, name, contents) {
  const near = join(folder, `${name}.new`);
  writeFileSync(near, contents);
  renameSync(near, join(folder, name));
}

function keepOnly(folder, names) {
  const kept = new Set(names);
  for (const name of readdirSync(folder).filter((one) => !kept.has(one)))
    rmSync(join(folder, name), { recursive: true, force: true });
}
