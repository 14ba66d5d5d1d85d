// How much of each desk's runbook is proven: `test/runbooks/<desk>.csv` names a test for each id. `--json` for programs.
// Exit 0 where every named test is there, 1 where one is not. With FERMATA_TEST_REPORT, the JSON report of a run of
// vitest, each of them must have run and passed too.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notPassedOf, readReport } from './proofs-in-report.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'test/runbooks');
const { FERMATA_TEST_REPORT } = process.env;
const tests = FERMATA_TEST_REPORT ? readReport(FERMATA_TEST_REPORT, root) : null;

/** Lines of `id,area,proof,why not`; a field with a comma or quotation mark stands in quotation marks. */
export function readProofs(desk) {
  const [, ...lines] = readFileSync(join(folder, `${desk}.csv`), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
    const [id, area, proof, whyNot] = fields.map((field) =>
      (field[1] ?? field[2] ?? '').replaceAll('""', '"'),
    );
    return { id, area, proof, whyNot: whyNot ?? '', missing: proof === '' ? null : missingOf(proof) };
  });
}

export const desks = () =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.csv'))
    .map((name) => basename(name, '.csv'));

/** Null where the test is there. `file > title`, as it stands in the file; a third part is a row of its table. */
function missingOf(proof) {
  const [file, ...parts] = proof.split(' > ');
  const path = join(root, file);
  if (!existsSync(path)) return `there is no file ${file}`;
  const text = readFileSync(path, 'utf8');
  const lost = parts.find((part) => !text.includes(part) && !text.includes(part.replaceAll("'", "\\'")));
  if (parts.length === 0) return `${proof} names no test`;
  if (lost !== undefined) return `${file} has no "${lost}"`;
  return tests === null ? null : notPassedOf(proof, tests);
}

function summaryOf(desk) {
  const proofs = readProofs(desk);
  const isProven = ({ proof, missing }) => proof !== '' && missing === null;
  const areas = {};
  for (const one of proofs) {
    areas[one.area] ??= { proven: 0, all: 0 };
    areas[one.area].all += 1;
    if (isProven(one)) areas[one.area].proven += 1;
  }
  return {
    desk,
    proven: proofs.filter(isProven).length,
    all: proofs.length,
    areas,
    broken: proofs.flatMap(({ id, missing }) => (missing === null ? [] : [{ id, why: missing }])),
    notProven: proofs
      .filter((one) => !isProven(one))
      .map(({ id, area, whyNot, missing }) => ({ id, area, why: missing ?? whyNot })),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const summaries = desks().map(summaryOf);
  if (process.argv.includes('--json')) console.log(JSON.stringify(summaries, null, 2));
  else {
    for (const { desk, proven, all, areas, notProven } of summaries) {
      console.log(`${desk}: ${proven} / ${all} proven`);
      for (const [area, count] of Object.entries(areas).sort())
        console.log(`  ${area.padEnd(14)} ${String(count.proven).padStart(3)} / ${count.all}`);
      for (const { id, why } of notProven) console.log(`  not proven: ${id} ${why}`);
    }
  }
  const broken = desks()
    .flatMap(readProofs)
    .some(({ missing }) => missing !== null);
  process.exit(broken ? 1 : 0);
}
