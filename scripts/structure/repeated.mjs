/** This many meaningful lines in a row are a piece of code, not an idiom of the language. */
const WINDOW = 6;

/**
 * Where a module repeats lines of an earlier place: each stretch once, as `path:line is also path:line`.
 * Imports, comments, blank lines and closing brackets don't count.
 * @param {readonly import('./modules.mjs').Module[]} modules
 * @returns {string[]}
 */
export function repeatedPlaces(modules) {
  const first = new Map();
  return modules.flatMap(({ path, text }) => {
    const lines = text
      .replace(/^import [^;]*;/gm, (imports) => imports.replace(/[^\n]/g, ''))
      .split('\n')
      .map((line, at) => ({ line: line.trim(), number: at + 1 }))
      .filter(({ line }) => /\w/.test(line) && !/^(\/\/|\/?\*)/.test(line));
    const found = [];
    // The next stretch begins after the last one found.
    let from = 0;
    for (let at = 0; at + WINDOW <= lines.length; at += 1) {
      const window = lines.slice(at, at + WINDOW);
      const key = window.map(({ line }) => line).join('\n');
      const place = `${path}:${window[0].number}`;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, place);
      else {
        if (at >= from) found.push(`${place} is also ${earlier}`);
        from = at + WINDOW;
      }
    }
    return found;
  });
}
