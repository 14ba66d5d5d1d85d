/** The index of what the tests stand on (test/README.md) tells of each file, and of none that is gone. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const tests = resolve(import.meta.dirname, '..');
const index = readFileSync(join(tests, 'README.md'), 'utf8');
const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(tests, folder)).filter((name) => /\.(ts|mjs)$/.test(name));
const folders = readdirSync(tests).filter(
  (name) => name !== 'support' && existsSync(join(tests, name, 'support')),
);

it.each(['support', ...folders.map((name) => `${name}/support`)])(
  '%s stands in the index, file by file',
  (folder) => {
    const [, before = ''] = index.split(folder === 'support' ? '## `test/support`' : `| \`${folder}\` |`);
    const [section = ''] = before.split(folder === 'support' ? '\n## ' : '\n\n');
    const told = [...section.matchAll(/^\| `([\w.-]+\.(?:ts|mjs))` \| \S.* \|$/gm)].map(([, name]) => name);
    expect(told.toSorted()).toEqual(filesIn(folder).toSorted());
  },
);
