// `npm run runbooks [-- --json] [-- --report FILE]`: how much of each desk's runbook is mapped to tests, and proven
// by them. Proven means: by the report of a complete run of this very commit, with nothing changed since. Exit code 1
// if a proof is broken.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { desksWithProofs } from './proofs/proof-tables.mjs';
import { readRunReport, readRunStamp } from './proofs/run-report.mjs';
import { notOfThese, sourceState } from './proofs/source-state.mjs';
import { summariseProofs } from './proofs/summary.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = readOptions('npm run runbooks -- [--json] [--report FILE]', {
  options: { json: { type: 'boolean' }, report: { type: 'string' } },
});
if (values.report !== undefined && !existsSync(values.report)) {
  console.error(`--report: there is no file ${values.report}. \`npm test -- --report FILE\` writes one.`);
  process.exit(2);
}
const files = values.report === undefined ? null : readRunReport(values.report, root);
const unproven =
  files === null
    ? 'no report of a run was given: `npm test -- --report FILE` writes one'
    : notOfThese(readRunStamp(values.report), sourceState(root));
const summaries = desksWithProofs(root).map((desk) => ({
  ...summariseProofs(root, desk, files, unproven === null),
  unproven,
}));

if (values.json) console.log(JSON.stringify(summaries, null, 2));
else for (const summary of summaries) printSummary(summary);
process.exit(summaries.some(({ broken }) => broken.length > 0) ? 1 : 0);

function printSummary({ desk, mapped, proven, missing, all, areas, broken, notProvable }) {
  const count = unproven === null ? proven : mapped;
  const word = unproven === null ? 'proven' : 'mapped';
  console.log(`${desk}: ${count} / ${all} ${word}`);
  for (const [area, of] of Object.entries(areas).sort())
    console.log(`  ${area.padEnd(14)} ${String(of[word]).padStart(3)} / ${of.all}`);
  if (missing > 0) console.log(`  without a test yet: ${missing}`);
  for (const { id, why } of notProvable) console.log(`  not provable here: ${id} ${why}`);
  for (const { id, why } of broken) console.log(`  broken: ${id} ${why}`);
  if (unproven !== null) console.log(`  mapped, not proven: ${unproven}`);
}
