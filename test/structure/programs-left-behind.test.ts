/** Whatever a test begins has a guard that ends it: the test may fail before it gets to that, or be killed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const TESTS = resolve(import.meta.dirname, '..');
const STATEMENT_OF_IMPORT = /^import[^;]*;$/gm;
const BEGINS = /\b(?:spawn|fork|startPostgres|startTemporal)\(/g;
const IMPORTED = /\b(?:spawn|fork|startPostgres|startTemporal)\b/;
const GUARDS = /\bend(?:Child|Server)?WithThisProcess\b/g;

/** By another guard than those of test/support/end-with-this-process.ts. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'simulation/run-seeds.ts': 'ends once its channel to this process is closed',
  'structure/desks-left-behind.test.ts': 'tries the guards themselves; what it begins, afterEach ends',
  'support/commands-process.ts':
    'the process of several commands ends once its channel to this process is closed',
  'support/desk-under-test.ts': 'a desk has a guard of its own, end-desk.mjs',
  'support/files-in-memory.ts': 'ends once its input is closed',
};

/** How many more programs than guards, by file; in what a test writes for others to run nothing is looked for. */
function unguarded(): string[] {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.flatMap((name) => {
    const whole = readFileSync(join(TESTS, name), 'utf8');
    if (!(whole.match(STATEMENT_OF_IMPORT) ?? []).some((statement) => IMPORTED.test(statement))) return [];
    const text = whole.replaceAll(STATEMENT_OF_IMPORT, '');
    const [begun, guards] = [BEGINS, GUARDS].map((what) => text.match(what)?.length ?? 0);
    return Number(begun) > Number(guards) ? [name] : [];
  });
}

it('each program that a test begins ends with it, whatever becomes of the test', () => {
  expect(unguarded()).toEqual(Object.keys(OTHERWISE).sort());
});
