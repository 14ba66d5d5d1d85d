// The breaks: `desks/<desk>/breaks.json`, each with one change in one place, and the ids that it breaks.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { desksWithProofs, readProofs } from '../proofs/proof-tables.mjs';

/**
 * `what` is the end of "a build in which …"; `find` occurs once in `file` and is replaced by `put` (whose
 * types are not checked). `unnoticedBecause`: why no mapped test can notice the break.
 */
export function readBreaks(root) {
  return desksWithProofs(root).flatMap((desk) => {
    const path = join(root, 'desks', desk, 'breaks.json');
    if (!existsSync(path)) return [];
    return JSON.parse(readFileSync(path, 'utf8')).map((one) => ({ ...one, desk }));
  });
}

/** The tests that the desk's table names for the break's ids, as `file > title`. */
export function testsOf(root, { desk, ids }) {
  const rows = readProofs(root, desk).filter(({ id }) => ids.includes(id));
  return [...new Set(rows.flatMap(({ proof }) => proof.split(' && ')))].filter((proof) => proof !== '');
}

/** Whole desks, browsers and clusters take minutes. */
const SLOW = /^test\/(?:backup|containers|end-to-end|faults|full|page)\//;

/** Whether none of the tests that must notice the break is slow. */
export function isQuick(root, one) {
  return testsOf(root, one).every((proof) => !SLOW.test(proof));
}

/** Null if the break fits the sources; otherwise what is wrong with it, in words. */
export function problemOf(root, { desk, ids, file, find, put }) {
  const known = new Set(readProofs(root, desk).map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id));
  if (ids.length === 0 || unknown.length > 0)
    return `${desk} has no id ${unknown.join(', ') || 'at all here'}`;
  const path = join(root, file);
  if (!existsSync(path)) return `there is no file ${file}`;
  const places = readFileSync(path, 'utf8').split(find).length - 1;
  if (places !== 1) return `${file} has ${places} places like ${find}`;
  return find === put ? 'it changes nothing' : null;
}

/** Each id of a desk that a test proves but no break covers, in words: its test may be unable to fail. */
export function idsWithoutBreak(root) {
  const broken = new Set(readBreaks(root).flatMap(({ desk, ids }) => ids.map((id) => `${desk} ${id}`)));
  return desksWithProofs(root).flatMap((desk) =>
    readProofs(root, desk)
      .filter(({ id, proof }) => proof !== '' && !broken.has(`${desk} ${id}`))
      .map(({ id }) => `${desk} has no break for ${id}`),
  );
}
