// `npm run runbooks [-- --json] [-- --report FILE]`: how much of each desk's runbook is proven by a test.
// Without a report of a whole run the tests are only looked up in their files. Exit 1 where a proof is broken.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { desksWithProofs } from './proofs/proof-tables.mjs';
import { readRunReport } from './proofs/run-report.mjs';
import { summariseProofs } from './proofs/summary.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { json: { type: 'boolean' }, report: { type: 'string' } } });
if (values.report !== undefined && !existsSync(values.report)) {
  console.error(`--report: there is no file ${values.report}. \`npm test -- --report FILE\` writes one.`);
  process.exit(2);
}
const files = values.report === undefined ? null : readRunReport(values.report, root);
const summaries = desksWithProofs(root).map((desk) => summariseProofs(root, desk, files));

if (values.json) console.log(JSON.stringify(summaries, null, 2));
else for (const summary of summaries) printSummary(summary);
process.exit(summaries.some(({ broken }) => broken.length > 0) ? 1 : 0);

function printSummary({ desk, proven, all, areas, broken, notProvable }) {
  console.log(`${desk}: ${proven} / ${all} proven`);
  for (const [area, count] of Object.entries(areas).sort())
    console.log(`  ${area.padEnd(14)} ${String(count.proven).padStart(3)} / ${count.all}`);
  for (const { id, why } of notProvable) console.log(`  not provable here: ${id} ${why}`);
  for (const { id, why } of broken) console.log(`  broken: ${id} ${why}`);
  if (files === null)
    console.log('  (each test was looked up in its file; `npm test` checks that it passes)');
}
