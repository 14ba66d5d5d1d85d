// How much of a desk's runbook is proven, by area, and what is wrong with the table.
import { missingInSource, readProofs } from './proof-tables.mjs';
import { unprovenBy } from './proven-by-run.mjs';

/**
 * `files`: those of a test run (`readRunReport`); null: the tests are only looked up in their files. An id is mapped
 * if its tests exist and, by the report, passed; it is proven if that run was of these very sources.
 */
export function summariseProofs(root, desk, files, isOfTheseSources) {
  const ids = new Set();
  const rows = readProofs(root, desk).map((row) => ({ ...row, broken: brokenBy(root, row, files, ids) }));
  const isMapped = ({ whyNot, missing, broken }) => whyNot === '' && missing === '' && broken === null;
  const isProven = (row) => files !== null && isOfTheseSources && isMapped(row);
  const areas = {};
  for (const row of rows) {
    areas[row.area] ??= { mapped: 0, proven: 0, all: 0 };
    areas[row.area].all += 1;
    if (isMapped(row)) areas[row.area].mapped += 1;
    if (isProven(row)) areas[row.area].proven += 1;
  }
  return {
    desk,
    mapped: rows.filter(isMapped).length,
    proven: rows.filter(isProven).length,
    missing: rows.filter(({ missing, broken }) => missing !== '' && broken === null).length,
    all: rows.length,
    areas,
    broken: rows.flatMap(({ id, area, broken }) => (broken === null ? [] : [{ id, area, why: broken }])),
    notProvable: rows.flatMap(({ id, area, whyNot, broken }) =>
      whyNot === '' || broken !== null ? [] : [{ id, area, why: whyNot }],
    ),
  };
}

/**
 * A test named together with a reason, or with what is missing, proves a part of the id: it must still pass.
 */
function brokenBy(root, { id, proof, whyNot, missing }, files, ids) {
  if (ids.has(id)) return 'the id stands in the table twice';
  ids.add(id);
  if (whyNot !== '' && missing !== '') return 'a test of it is missing, or there can be none: not both';
  if (proof === '')
    return whyNot === '' && missing === '' ? 'no test is named, and no reason why there is none' : null;
  for (const one of proof.split(' && ')) {
    const why = missingInSource(root, one) ?? (files === null ? null : unprovenBy(files, one));
    if (why !== null) return why;
  }
  return null;
}
