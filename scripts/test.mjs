// Builds what the tests need, runs the tests, then checks whether they prove the runbooks.
// `npm test [-- --full] [-- --report FILE] [-- what vitest takes …]`. Last line: `N passed, N failed`, from the
// actual counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './find-chromium.mjs';
import { desksWithProofs } from './proofs/proof-tables.mjs';
import {
  costliestFiles,
  countRun,
  failuresIn,
  processorSecondsOfChildren,
  readRunReport,
  slowestFiles,
  stampReport,
} from './proofs/run-report.mjs';
import { notOfThese, sourceState } from './proofs/source-state.mjs';
import { summariseProofs } from './proofs/summary.mjs';

/** How many of the slowest files are listed with their time, and of those with the most processor time. */
const SLOWEST = 12;
const FAILURES_TOLD = 20;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { full, keptReport, filters } = readArguments(process.argv.slice(2));

const built = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);

const folder = mkdtempSync(join(tmpdir(), 'fermata-test-'));
const report = keptReport === null ? join(folder, 'report.json') : resolve(keptReport);
rmSync(report, { force: true });
const processorTimes = join(folder, 'processor-times');
const before = sourceState(root);
const status = runVitest();
const run = { ...before, whole: filters.length === 0 };
if (existsSync(report)) stampReport(report, run);
const files = existsSync(report) ? readRunReport(report, root) : [];
const slowest = existsSync(report) && files.length > SLOWEST ? slowestFiles(report, root, SLOWEST) : [];
const costliest =
  existsSync(processorTimes) && files.length > SLOWEST ? costliestFiles(processorTimes, root, SLOWEST) : [];
const failures = existsSync(report) ? failuresIn(report, root) : [];
rmSync(folder, { recursive: true, force: true });

const { passed, failed, skipped } = countRun(files);
if (slowest.length > 0) {
  console.log(`Where the time went, the ${SLOWEST} slowest of ${files.length} files:`);
  for (const timed of slowest) console.log(timedLine(timed));
}
if (costliest.length > 0) {
  const all = processorSecondsOfChildren();
  console.log(
    `The ${SLOWEST} that took most of the processor${all === null ? '' : `, of ${all.toFixed(0)} s`}:`,
  );
  for (const timed of costliest) console.log(timedLine(timed));
}
if (skipped > 0) console.log(`${skipped} skipped, each with its reason above`);
const steps = [...runStep(), ...proofSteps()];
// Repeated at the end: if only the end of a log is kept, it still shows where to look.
for (const { name, why } of failures.slice(0, FAILURES_TOLD))
  console.log([`FAIL  ${name}`, ...why.map((line) => `      ${line}`)].join('\n'));
if (failures.length > FAILURES_TOLD) console.log(`FAIL  ${failures.length - FAILURES_TOLD} more, told above`);
for (const { ok, what } of steps) console.log(`${ok ? 'ok    ' : 'FAIL  '}${what}`);
const failedInAll = failed + steps.filter(({ ok }) => !ok).length;
console.log(`${passed + steps.filter(({ ok }) => ok).length} passed, ${failedInAll} failed`);
process.exit(failedInAll === 0 ? 0 : 1);

function timedLine([seconds, file]) {
  return `${seconds.toFixed(1).padStart(7)} s  ${file}`;
}

/** Arguments that are not ours go to vitest, and may leave tests out. */
function readArguments(given) {
  const at = given.indexOf('--report');
  const keptReport = at < 0 ? null : (given[at + 1] ?? '');
  if (keptReport === '' || keptReport?.startsWith('-')) {
    console.error('--report: expected the file that the JSON report is to be kept in. Nothing was run.');
    process.exit(2);
  }
  const ours = at < 0 ? [] : [at, at + 1];
  const filters = given.filter((argument, index) => argument !== '--full' && !ours.includes(index));
  return { full: given.includes('--full'), keptReport, filters };
}

function runVitest() {
  const projects = ['parts', 'alone', 'system', ...(full ? ['full'] : [])];
  const run = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...projects.flatMap((name) => ['--project', name]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...filters,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, CHROMIUM_PATH: findChromium(), PROCESSOR_TIMES: processorTimes },
    },
  );
  return run.status;
}

/** Reports what no test can count: a run that found no tests, or that failed for a reason of its own. */
function runStep() {
  if (passed + failed === 0) return [{ ok: false, what: 'no test ran' }];
  if (status !== 0 && failed === 0) return [{ ok: false, what: `vitest ended with exit code ${status}` }];
  return [];
}

function proofSteps() {
  if (filters.length > 0) {
    console.log('The proofs of the runbooks were not checked: only some of the tests ran.');
    return [];
  }
  const unproven = notOfThese(run, sourceState(root));
  if (unproven !== null) console.log(`Ids count as mapped, not as proven: ${unproven}.`);
  return desksWithProofs(root).map((desk) => {
    const { mapped, all, broken, notProvable } = summariseProofs(root, desk, files, unproven === null);
    const unprovable = notProvable.length > 0 ? `, ${notProvable.length} not provable here` : '';
    for (const { id, why } of broken) console.log(`${id} is not proven: ${why}`);
    const word = unproven === null ? 'proven' : 'mapped';
    return { ok: broken.length === 0, what: `runbook ${desk}: ${mapped} / ${all} ${word}${unprovable}` };
  });
}
