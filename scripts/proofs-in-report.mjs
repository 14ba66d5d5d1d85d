// Whether the tests that prove a runbook ran and passed, from the JSON report of a run of vitest.
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** `root`: the repository that the report's files lie in. Tests of each file, with the titles around them. */
export function readReport(path, root) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: relative(root, name).split(sep).join('/'),
      titles: [...ancestorTitles, title],
      status,
    })),
  );
}

/** Null where every test that the proof names passed: all rows of a table, unless the proof names one. */
export function notPassedOf(proof, tests) {
  const [file, ...parts] = proof.split(' > ');
  const named = tests.filter((test) => test.file === file && isNamed(test.titles, parts));
  if (named.length === 0) return `${proof} did not run`;
  const bad = named.find(({ status }) => status !== 'passed');
  return bad ? `${file} > ${bad.titles.join(' > ')}: ${bad.status}` : null;
}

/** A part is a title as it stands in the file; after one with places to fill in, it is what a row puts there. */
function isNamed(titles, parts) {
  return parts.every((part, index) => {
    const before = parts[index - 1];
    if (before === undefined || !PLACE.test(before)) return titles.some((title) => fits(title, part));
    return titles.some((title) =>
      fits(
        title,
        before.replace(PLACE, () => part),
      ),
    );
  });
}

/** What `it.each` fills in: %s, $name. */
const PLACE = /%[sdifjo]|\$[a-zA-Z]+/;

function fits(title, pattern) {
  const fixed = pattern
    .split(new RegExp(PLACE, 'g'))
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${fixed.join('.*')}$`, 's').test(title);
}
