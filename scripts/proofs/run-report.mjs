// Reads the JSON report of a vitest run: which tests ran, how each ended, and how many there were.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** `root`: the repository that contains the report's files. */
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

const LINES_OF_A_FAILURE = 12;

/** Failed tests, and files that could not run: name as in the proof tables, and beginning of the message. */
export function failuresIn(path, root) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name).split(sep).join('/');
    const failed = assertionResults.filter((one) => one.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [{ name: file, why: beginning(message) }] : [];
    return failed.map(({ ancestorTitles, title, failureMessages }) => ({
      name: [file, ...ancestorTitles, title].join(' > '),
      why: beginning(failureMessages.join('\n')),
    }));
  });
}

function beginning(message) {
  return stripVTControlCharacters(message ?? '')
    .split('\n')
    .filter((line) => !line.includes('/node_modules/'))
    .slice(0, LINES_OF_A_FAILURE);
}

/** The files that took longest, longest first: `[seconds, file]`. */
export function slowestFiles(path, root, count) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  return testResults
    .map(({ name, startTime, endTime }) => [(endTime - startTime) / 1000, relative(root, name)])
    .sort(([one], [other]) => other - one)
    .slice(0, count);
}

/** Files with the most processor time, as stored by `test/support/processor-time.ts`: `[seconds, file]`. */
export function costliestFiles(path, root, count) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map(([seconds, name]) => [seconds, relative(root, name)])
    .sort(([one], [other]) => other - one)
    .slice(0, count);
}

/** Of all processes that this one has started and waited for. Null: the system doesn't report it. */
export function processorSecondsOfChildren() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    // User and system, in hundredths of a second.
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return null;
  }
}

export function countRun(files) {
  const count = (wanted) =>
    files.reduce((sum, { tests }) => sum + tests.filter(({ status }) => wanted(status)).length, 0);
  // A file that can't be loaded, or whose hook failed, has no failed test of its own; it counts as one.
  const unloaded = files.filter(
    ({ failed, tests }) => failed && !tests.some(({ status }) => status === 'failed'),
  );
  return {
    passed: count((status) => status === 'passed'),
    failed: count((status) => status === 'failed') + unloaded.length,
    skipped: count((status) => status !== 'passed' && status !== 'failed'),
  };
}

/** Adds what vitest can't know: the commit, whether the tree was clean, whether all tests were requested. */
export function stampReport(path, run) {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), run }));
}

/** Null for a report as vitest wrote it. */
export function readRunStamp(path) {
  const { run } = JSON.parse(readFileSync(path, 'utf8'));
  return run ?? null;
}
