import { expect, it } from 'vitest';
import { VenueHealth } from '../../src/venue/breaker.js';

it('gives each reason once, and is up when the last cause is gone', () => {
  const said: string[] = [];
  const health = new VenueHealth((state, detail) => said.push(`${state}: ${detail}`), {
    orders: 'not there yet',
    setup: 'not verified yet',
  });
  health.against('orders', 'nobody answers');
  health.against('reading', 'nobody answers');
  expect(health.reasons).toEqual(['nobody answers', 'not verified yet']);
  for (const cause of ['orders', 'setup']) health.resolved(cause);
  expect(health).toMatchObject({ state: 'down', reasons: ['nobody answers'] });
  health.resolved('reading');
  expect([health.state, health.reasons]).toEqual(['up', []]);
  expect(said).toEqual(['up: connected; everything since the last reading is read again']);
});
