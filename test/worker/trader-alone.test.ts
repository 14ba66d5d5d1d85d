/** A trader starts with what trades, and nothing of Temporal, whose messages alone would take a fifth of its start. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const programs = fileURLToPath(new URL('../../dist/run', import.meta.url));

/** The program with every file that Node loads before it runs. */
function loadedWith(program: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(program)) return seen;
  seen.add(program);
  const text = readFileSync(join(programs, program), 'utf8');
  for (const [, file = ''] of text.matchAll(/\b(?:from|import)"\.\/([\w.-]+\.js)"/g)) loadedWith(file, seen);
  return seen;
}

it('loads no Temporal, neither with the program of every role nor with its own part', () => {
  const textOf = (file: string): string => readFileSync(join(programs, file), 'utf8');
  const withTemporal = (program: string) =>
    [...loadedWith(program)].filter((file) => textOf(file).includes('node_modules/@temporalio/client/'));
  expect(withTemporal('run-role.js')).toEqual([]);
  expect(withTemporal('trader.js')).toEqual([]);
  // What tells it is in what the workers load.
  expect(withTemporal('set-up.js')).not.toEqual([]);
});
