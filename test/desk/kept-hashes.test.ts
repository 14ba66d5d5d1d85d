/**
 * A desk's permissions hold for the hash of its configuration: go-lives, validations and signed votes name it. The hash is
 * over the desk with its defaults filled in, so a new key with a default would change it for every desk there is, and
 * void them all. A new key is optional, and its default is applied where it is read.
 */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { incidentsSchema, kindsSchemaOf, SHIPPED, shippedKindIn } from '../../src/desk/incident-schema.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';

const kept = (name: string): string => fileURLToPath(new URL(`./kept/${name}.yaml`, import.meta.url));

it.each([
  ['spot', '2106da6bfc6f8617717886ae03b7ae4df0e96d06499ce6437929c810af89d14d'],
  ['linear', '624aed0d5c3ad80e987d363a8de2aaa0a9ed455c852c42caa91720b35c46edbf'],
  ['go-live', 'acbaa422e92aab88ba28dfda1deaf0f4dae2e26d65de6f013caffecd865e75bb'],
  ['own-steps', '680046922d172e5bc1e49c9e8493d25e391ade2e6c123800c33f9af9bb13fdb9'],
])('the desk file of before for %s keeps its hash', (name, hash) => {
  expect(loadDesk(kept(name)).configHash).toBe(hash);
});

it('the shipped desk keeps its hash until its values are changed on purpose', () => {
  expect(loadDesk(resolveDesk('crypto-bot')).configHash).toBe(
    '405f42bf9aecd878dbc3b6276be2a4cd02f52d0d047835f253482ce8a38caea7',
  );
});

it('a kind of incident that ships from now on is in the hash of no desk that does not write it', () => {
  const cashLow = z.strictObject({ severity: z.string().default('low'), floor: z.number().default(100) });
  const more = kindsSchemaOf({ ...SHIPPED, 'cash-low': cashLow });
  expect(more.parse({})).toEqual(incidentsSchema.parse({}).kinds);
  expect(more.parse({ 'cash-low': { floor: 5 } })).toMatchObject({
    'cash-low': { severity: 'low', floor: 5 },
  });
});

it('a kind of incident that a desk leaves out has its defaults where it is read', () => {
  expect(shippedKindIn({}, 'large-drawdown')).toMatchObject({ severity: 'critical', offerMinutes: 240 });
});
