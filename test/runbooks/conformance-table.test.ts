/** `npm run conformance` prints adapter by test. */
import { expect, it } from 'vitest';
import { conformanceOf, tableOf } from '../../scripts/proofs/conformance-table.mjs';

it('shows what passed, what failed, and what an adapter can’t do', () => {
  const ran = (adapter: string, test: string, status: string) => ({ titles: [`'${adapter}'`, test], status });
  const tests = [
    ran('paper', 'has a clock', 'passed'),
    ran('paper', 'makes a stop smaller', 'passed'),
    ran('ibkr', 'has a clock', 'failed'),
  ];
  const found = conformanceOf([{ file: 'one.test.ts', failed: true, tests }]);
  expect(found.tests).toEqual([
    { test: 'has a clock', results: { paper: 'passed', ibkr: 'failed' } },
    { test: 'makes a stop smaller', results: { paper: 'passed', ibkr: null } },
  ]);
  expect(tableOf(found)).toEqual([
    'paper  ibkr',
    '✓      ✗     has a clock',
    '✓      –     makes a stop smaller',
    '',
    'paper: 2 of 2; ibkr: 0 of 1. –: the venue can’t do what is tested, and its capabilities say so.',
  ]);
});
