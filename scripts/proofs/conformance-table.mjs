// A table of adapter by test from a run's report: `passed`, `failed`, or null if the adapter lacks the test because
// it can't do what is tested.

/** `files`: from `readRunReport`. */
export function conformanceOf(files) {
  const ran = files.flatMap(({ tests }) => tests).filter(({ titles }) => titles.length === 2);
  const adapters = [...new Set(ran.map(({ titles: [adapter] }) => nameOf(adapter)))];
  const tests = [...new Set(ran.map(({ titles: [, test] }) => test))].map((test) => ({
    test,
    results: Object.fromEntries(
      adapters.map((adapter) => {
        const own = ran.find(({ titles }) => nameOf(titles[0]) === adapter && titles[1] === test);
        return [adapter, own?.status ?? null];
      }),
    ),
  }));
  return { adapters, tests };
}

/** vitest puts text that it inserts into a title in quotation marks. */
const nameOf = (title) => title.replace(/^'(.*)'$/, '$1');

export function tableOf({ adapters, tests }) {
  const marks = { passed: '✓', failed: '✗' };
  const row = (cells, text) =>
    `${cells.map((cell, at) => cell.padEnd(adapters[at].length)).join('  ')}  ${text}`;
  const counted = adapters.map((adapter) => {
    const own = tests.flatMap(({ results }) => results[adapter] ?? []);
    return `${adapter}: ${own.filter((status) => status === 'passed').length} of ${own.length}`;
  });
  return [
    row(adapters, ''),
    ...tests.map(({ test, results }) =>
      row(
        adapters.map((adapter) =>
          results[adapter] === null ? '–' : (marks[results[adapter]] ?? results[adapter]),
        ),
        test,
      ),
    ),
    '',
    `${counted.join('; ')}. –: the venue can’t do what is tested, and its capabilities say so.`,
  ].map((line) => line.trimEnd());
}
