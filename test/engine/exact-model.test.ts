import { expect, it } from 'vitest';
import { VALUE } from '../../src/domain/value.js';
import { KINDS_WALKED, walk } from './support/exact-walk.js';

it('cash, positions, results and equity are those of exact arithmetic after each of 20,000 random steps', () => {
  const taken = walk(20_261_122, 20_000);
  // Nothing that can happen to an account was left out by chance.
  const kinds = [...taken.keys()];
  for (const what of [
    'funding',
    'swap',
    'deposit',
    'correction',
    'adopted',
    'claimed',
    'fee valued',
    'split',
    'dividend',
  ])
    expect(kinds).toContain(what);
  for (const kind of ['fx', 'future']) expect(kinds).toContain(`converted fill of ${kind}, fee in cash`);
  for (const fee of ['in cash', 'in coins', 'elsewhere', 'unvalued'])
    expect(kinds).toContain(`fill of spot, fee ${fee}`);
  expect([...KINDS_WALKED].sort()).toEqual(Object.keys(VALUE).sort());
  for (const kind of KINDS_WALKED) expect(kinds).toContain(`fill of ${kind}, fee in cash`);
});
