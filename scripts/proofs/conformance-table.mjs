// Adapter by test, from the report of a run: `passed`, `failed`, or null where a test is not the adapter's own, since it can't
// do what is tested.

/** `files`: of `readRunReport`. */
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

/** vitest quotes the text that a title was made of. */
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
