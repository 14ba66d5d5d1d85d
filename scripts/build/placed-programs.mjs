// Bundled programs take the place of former ones beneath desks that run: these have read their entry, and ask for some of
// its chunks only when they need them.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of each build that is kept, the newest first. */
const LIST = 'builds.json';
/** Some 10 MB each. A desk that has run for longer than this many builds of its checkout is restarted before it needs more. */
const KEPT = 10;

/**
 * `files`: name and contents of each. `entries`: those that are begun with. They change last, each at once, when all that they
 * ask for is there; whatever fails before leaves the former build as it was.
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
    // Placed before there was a list, or it is damaged: whatever lies there may be asked for.
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
