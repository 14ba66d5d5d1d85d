// Whether the tests that a proof names ran and passed.

/** Null if every test that the proof names passed: all rows of a table, unless the proof names one. */
export function unprovenBy(files, proof) {
  const [file, ...parts] = proof.split(' > ');
  const tests = files.filter((one) => one.file === file).flatMap((one) => one.tests);
  const named = tests.filter(({ titles }) => isNamed(titles, parts));
  if (named.length === 0) return `${proof} did not run`;
  const bad = named.find(({ status }) => status !== 'passed');
  return bad ? `${file} > ${bad.titles.join(' > ')}: ${bad.status}` : null;
}

export function isNamed(titles, parts) {
  return wantedTitles(parts).every((wanted) => titles.some((title) => fits(title, wanted)));
}

/** A part is a title as written in the file; the part after a title with placeholders is what a row inserts there. */
export function wantedTitles(parts) {
  return parts.map((part, index) => {
    const before = parts[index - 1];
    return before !== undefined && PLACE.test(before) ? before.replace(PLACE, () => part) : part;
  });
}

/** The placeholders of `it.each`: %s, %#, $name. */
const PLACE = /%[sdifjo#]|\$[a-zA-Z]+/;

/** The title as a regular expression: a placeholder matches anything. */
export function patternOfTitle(title) {
  return title
    .split(new RegExp(PLACE, 'g'))
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
}

const fits = (title, pattern) => new RegExp(`^${patternOfTitle(pattern)}$`, 's').test(title);
