/** The breaks that `npm run breaks` tries on a copy: each fits the sources as they are, and a seed draws the same ones. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, outcomeOf } from '../../scripts/breaks/judged.mjs';
import { wantedTitles } from '../../scripts/proofs/proven-by-run.mjs';
import { repository } from '../support/desk-under-test.js';

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(repository, 'scripts/breaks.mjs'), ...args], {
    cwd: repository,
    encoding: 'utf8',
  });

const listed = (...args: readonly string[]) =>
  run('--list', ...args)
    .stdout.trim()
    .split('\n');

describe('the breaks of the product', () => {
  it('are each one place of the sources, and every id that a test proves has one', () => {
    const { status, stdout, stderr } = run('--check');
    expect(stdout + stderr).toMatch(/^\d+ breaks fit the sources\n$/);
    expect(status).toBe(0);
  });

  it('are drawn by a seed: the same ones each time, others by another', () => {
    const first = listed('--seed', '7', '--count', '5');
    expect(first).toHaveLength(5);
    expect(listed('--seed', '7', '--count', '5')).toEqual(first);
    expect(listed('--seed', '8', '--count', '5')).not.toEqual(first);
  });

  it('are those alone whose tests are quick, where that is asked for', () => {
    const [all, quick] = [listed(), listed('--quick')];
    expect(all).toEqual(expect.arrayContaining(quick));
    const isListed = (lines: readonly string[], what: string) => lines.some((line) => line.includes(what));
    // Noticed by a test of a module, and by one of a whole desk.
    for (const [what, isOne] of [
      ['the shipped desk leaves the testnet', true],
      ['there is no command that tests the connection', false],
    ] as const)
      expect([isListed(all, what), isListed(quick, what)], what).toEqual([true, isOne]);
  });

  it.each([
    [['--count', 'some'], '--count: expected a whole number from 1 on, found some'],
    [['--seed', '0'], '--seed: expected a whole number from 1 on, found 0'],
    [['--only', 'no such break'], '--only: no break is called "no such break"'],
    [
      ['--quick', '--only', 'there is no command that tests the connection'],
      '--quick: none of these breaks has quick tests',
    ],
  ])('are refused where %j is wrong', (args, message) => {
    const { status, stderr } = run(...args);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});

describe('what mapped tests say about a break', () => {
  it('is asked of the row that a proof names, not of its neighbours', () => {
    expect(wantedTitles(['refuses by %s (%#)', 'open-positions'])).toEqual([
      'refuses by %s (%#)',
      'refuses by open-positions (%#)',
    ]);
    expect(wantedTitles(['the gate', 'refuses'])).toEqual(['the gate', 'refuses']);
  });

  it.each([
    [['passed', 'failed'], 'noticed'],
    [['skipped', 'failed'], 'noticed'],
    [['passed', 'passed'], 'unnoticed'],
    [['passed', 'skipped'], 'unusable'],
    [[], 'unusable'],
  ])('%j: %s', (ended, outcome) => {
    const tests = ended.map((status, at) => ({ title: `test ${at}`, status }));
    expect(outcomeOf(tests)).toMatchObject({ outcome });
  });

  const noticed = (count: number) => Array.from({ length: count }, () => ({ outcome: 'noticed' }));
  const explained = { outcome: 'unnoticed', unnoticedBecause: 'the exchange alone could say so' };

  it.each([
    ['all were noticed', [], noticed(5), 0],
    ['one in twenty was not, and has its reason', [], [...noticed(19), explained], 0],
    ['one in nineteen was not, whatever its reason', [], [...noticed(18), explained], 1],
    ['one was not, and nobody knows why', [], [...noticed(99), { outcome: 'unnoticed' }], 1],
    ['one could not be tried', [], [...noticed(99), { outcome: 'unusable' }], 1],
    ['a mapped test fails without a break', ['a flaky test'], noticed(5), 1],
  ])('where %s', (_what, failing, tried, code) => {
    expect(exitCodeOf(failing, tried)).toBe(code);
  });
});
