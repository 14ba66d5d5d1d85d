/** docs/PROOFS.md names broken builds and tests: each exists under that name. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { MUTANTS } from '../simulation/mutants/all.js';

const root = resolve(import.meta.dirname, '../..');
const [proofs = '', leftOut = ''] = readFileSync(join(root, 'docs/PROOFS.md'), 'utf8').split(
  '## What the paper venue',
);
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\| (?!thing |rule |---)(.*) \|$/gm)].map(([, cells = '']) =>
    cells.split('|').map((cell) => cell.trim()),
  );
/** A reason may stand behind the last one: a sentence. */
const NAMED = /`(test\/[\w./-]+)` > (.+?)(?=; `|\. [A-Z]| \||$)/gm;

it('each broken build that it names is one', () => {
  const known = new Set(MUTANTS.map(({ what }) => what));
  const named = rowsOf(proofs).flatMap(([, builds = '']) => builds.split('; ').filter(Boolean));
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it('each test that it names is in its file', () => {
  const named = [...`${proofs}${leftOut}`.matchAll(NAMED)].map(([, path = '', name = '']) => ({
    path,
    name,
  }));
  expect(named.length).toBeGreaterThan(25);
  const missing = named.filter(({ path, name }) => !readFileSync(join(root, path), 'utf8').includes(name));
  expect(missing).toEqual([]);
});

it('each thing has a broken build or a test', () => {
  for (const [thing = '', ...proof] of rowsOf(proofs)) expect(proof.join('').trim(), thing).not.toBe('');
});
