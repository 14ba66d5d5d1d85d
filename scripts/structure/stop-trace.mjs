import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const HEADING = '## What happens when I press Stop';

/**
 * The functions that a stop passes, as docs/ARCHITECTURE.md lists them; a test compares them with a real
 * stop.
 * @param {string} root the project's folder
 * @returns {{ readonly file: string, readonly name: string }[]}
 */
export function stopTrace(root) {
  const [, section = ''] = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8').split(HEADING);
  const [text = ''] = section.split('\n## ');
  return [...text.matchAll(/`(src\/[\w/.-]+\.ts)#(\w+)`/g)].map(([, file, name]) => ({ file, name }));
}
