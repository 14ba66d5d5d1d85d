/** A promise in the documents that names its proof: the proof is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const textOf = (name: string): string => readFileSync(join(root, name), 'utf8');
const testsIn = (text: string): readonly string[] =>
  [...text.matchAll(/\btest\/[\w./-]+\.ts\b/g)].map(([path]) => path);

/** Attack, what holds, the test that holds it, what doesn't. */
const attacks = textOf('docs/SECURITY.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (attack|---)/.test(line))
  .map((line) =>
    line
      .replace(/^\|/, '')
      .replace(/\|\s*$/, '')
      .split('|')
      .map((cell) => cell.trim()),
  );

describe('the table of attacks in SECURITY.md', () => {
  it('names for each attack what holds and the test that holds it, or says that nothing does', () => {
    expect(attacks.length).toBeGreaterThan(10);
    for (const [attack = '', holds = '', tests = '', fails = '', ...more] of attacks) {
      expect(more, attack).toEqual([]);
      if (holds === '') expect(fails, attack).not.toBe('');
      else expect(testsIn(tests).length, attack).toBeGreaterThan(0);
    }
  });

  it('names tests that exist, and that test something', () => {
    const named = attacks.flatMap((cells) => testsIn(cells[2] ?? ''));
    for (const path of named) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(path).toMatch(/\.test\.ts$/);
      expect(textOf(path), path).toMatch(/\b(it|test)(\.\w+(\([^)]*\))*)*\(/);
    }
  });
});

it('each test that a document names exists', () => {
  const missing = documents.flatMap((name) =>
    testsIn(textOf(name))
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${name}: ${path}`),
  );
  expect(missing).toEqual([]);
});

it('each path that the published package is made of, or leaves out, exists', () => {
  const { files } = JSON.parse(textOf('package.json')) as { files: readonly string[] };
  // `dist` is what the build makes.
  const isThere = (path: string): boolean => {
    const [before = '', after] = path.replace(/^!/, '').split('*');
    const each = after === undefined ? [''] : readdirSync(join(root, before));
    return each.some((name) => existsSync(join(root, `${before}${name}${after ?? ''}`)));
  };
  const missing = files.filter((path) => path !== 'dist' && !isThere(path));
  expect(missing).toEqual([]);
});
