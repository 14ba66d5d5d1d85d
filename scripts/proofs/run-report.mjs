// Reads the JSON report of a run of vitest: which tests ran, how each ended, and how many did.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** `root`: the repository that the report's files lie in. */
export function readRunReport(path, root) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  return testResults.map(({ name, status, assertionResults }) => ({
    file: relative(root, name).split(sep).join('/'),
    failed: status === 'failed',
    tests: assertionResults.map(({ ancestorTitles, title, status }) => ({
      titles: [...ancestorTitles, title],
      status,
    })),
  }));
}

/** The files that took longest, the longest first: `[seconds, file]`. */
export function slowestFiles(path, root, count) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  return testResults
    .map(({ name, startTime, endTime }) => [(endTime - startTime) / 1000, relative(root, name)])
    .sort(([one], [other]) => other - one)
    .slice(0, count);
}

export function countRun(files) {
  const count = (wanted) =>
    files.reduce((sum, { tests }) => sum + tests.filter(({ status }) => wanted(status)).length, 0);
  // A file that can't even be loaded, or whose hook failed, has no failed test of its own; it counts as one.
  const unloaded = files.filter(
    ({ failed, tests }) => failed && !tests.some(({ status }) => status === 'failed'),
  );
  return {
    passed: count((status) => status === 'passed'),
    failed: count((status) => status === 'failed') + unloaded.length,
    skipped: count((status) => status !== 'passed' && status !== 'failed'),
  };
}

/** What vitest can't know: which commit its report is of, whether the tree was clean, whether all tests were asked for. */
export function stampReport(path, run) {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), run }));
}

/** Null in a report that vitest wrote by itself. */
export function readRunStamp(path) {
  const { run } = JSON.parse(readFileSync(path, 'utf8'));
  return run ?? null;
}
