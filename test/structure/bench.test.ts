/** A benchmark that fails, hangs or says nothing makes the smoke run of all of them fail. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { repository } from '../support/desk-under-test.js';

const FIGURE = "console.log(JSON.stringify({ name: 'orders', value: 7, unit: 'ms' }));";
const folder = mkdtempSync(join(tmpdir(), 'fermata-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ends once the other one has begun. */
const meets = (mine: string, other: string): string => `
import { existsSync, writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(join(folder, mine))}, '');
const look = setInterval(() => {
  if (!existsSync(${JSON.stringify(join(folder, other))})) return;
  clearInterval(look);
  ${FIGURE}
}, 20);`;

for (const [name, text] of [
  ['sound', FIGURE],
  ['throws', `${FIGURE} throw new Error('the desk was not armed');`],
  ['silent', "console.log('ready');"],
  ['hangs', `${FIGURE} setInterval(() => undefined, 1_000);`],
  ['one', meets('one-runs', 'other-runs')],
  ['other', meets('other-runs', 'one-runs')],
] as const)
  writeFileSync(join(folder, `${name}.bench.ts`), text);

function bench(...args: readonly string[]) {
  const script = join(repository, 'scripts/bench.mjs');
  return spawnSync(process.execPath, [script, '--smoke', '--folder', folder, ...args], {
    cwd: repository,
    encoding: 'utf8',
  });
}

it('passes where each says a figure', () => {
  const { status, stdout } = bench('sound');
  expect(stdout).toContain('| sound | orders | 7 | ms |');
  expect(stdout).toMatch(/^A smoke run: that each runs is all it shows/m);
  expect(status).toBe(0);
});

it('runs two side by side, and shows their figures in order', () => {
  const { status, stdout } = bench('other', 'one');
  expect(status).toBe(0);
  expect(stdout.match(/\| (one|other) \|/g)).toEqual(['| one |', '| other |']);
});

it.each([
  ['throws', 'throws (exit 1)', '180'],
  ['silent', 'silent (no figure)', '180'],
  // As long as a start may take; it would wait for ever.
  ['hangs', 'hangs (SIGTERM)', '10'],
])('fails where one %s', (name, words, seconds) => {
  const { status, stderr } = bench(name, '--seconds', seconds);
  expect(stderr).toContain(`failed: ${words}`);
  expect(status).toBe(1);
});

it('draws some by a seed, the same each time, and others by another seed', () => {
  const names = ['sound', 'throws', 'silent'];
  const begun = (...args: string[]) => {
    const { stderr, status } = bench(...names, ...args);
    return { names: stderr.match(/^\w+(?= …$)/gm)?.toSorted(), status };
  };
  const first = begun('--seed', '3', '--count', '1').names;
  expect(first).toHaveLength(1);
  expect(begun('--seed', '3', '--count', '1').names).toEqual(first);
  const isOther = (seed: string) => begun('--seed', seed, '--count', '1').names?.[0] !== first?.[0];
  expect(['4', '5', '6'].some(isOther)).toBe(true);
  expect(begun('--count', 'few')).toEqual({ names: undefined, status: 2 });
});

it('runs nothing where a name is unknown', () => {
  const { status, stderr } = bench('sund');
  expect(stderr).toContain('no benchmark has the name sund');
  expect(status).toBe(2);
});

it('and programs beside the sources name what is built of them as it is called now', () => {
  const lost = ['bench', 'scripts', 'simulators', 'test'].flatMap((place) =>
    readdirSync(join(repository, place), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(mjs|m?ts)$/.test(file) && !file.includes('node_modules'))
      .flatMap((file) => {
        const text = readFileSync(join(repository, place, file), 'utf8');
        return [...text.matchAll(/'(?:\.\.\/)+dist\/([\w/-]+)\.js'/g)]
          .filter(
            ([, name = '']) => !name.startsWith('run/') && !existsSync(join(repository, 'src', `${name}.ts`)),
          )
          .map(([, name]) => `${place}/${file}: dist/${name}.js`);
      }),
  );
  expect(lost).toEqual([]);
});
