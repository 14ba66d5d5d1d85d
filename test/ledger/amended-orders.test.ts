import { afterAll, beforeAll, expect, it } from 'vitest';
import { scalesFor } from '../../src/domain/book-steps.js';
import { projectRecord } from '../../src/ledger/project/project-record.js';
import { approved } from '../support/approved-order.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const PROJECTION = {
  desk: 'amends',
  simulated: true,
  account: 'paper',
  instruments: cryptoInstruments,
  scales: scalesFor(cryptoInstruments, new Map()),
};
const WALL_MS = Date.parse('2026-01-05T00:00:00Z');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('an order that the venue made smaller is for that quantity in the ledger, and goes on as it was', async () => {
  const orders = [
    approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000, quantityLots: 1_000 }),
    approved({ side: 'sell', type: 'stop', stopTicks: 5_800_000, quantityLots: 1_000 }),
  ] as const;
  const [stop, other] = orders.map(({ clientId }) => clientId) as [string, string];
  const marketMs = WALL_MS;
  const client = await database.pool.connect();
  try {
    for (const [at, record] of [
      ...orders.map((order) => ({ type: 'order.intended', order, marketMs }) as const),
      { type: 'order.state', clientId: stop, state: 'working', venueId: 'v7', reason: '', marketMs } as const,
      {
        type: 'order.amended',
        clientId: stop,
        quantityLots: 640,
        reason: 'an exit filled',
        marketMs,
      } as const,
    ].entries())
      await projectRecord(client, PROJECTION, {
        ...{ incarnation: 'abc123', sequence: at + 1, chain: 'c', record },
        wallMs: WALL_MS + 1_000 * at,
      });
  } finally {
    client.release();
  }
  const { rows } = await database.pool.query(
    'select client_id, quantity::text, state, venue_id, reason, updated from orders where desk = $1 order by client_id = $2',
    [PROJECTION.desk, stop],
  );
  expect(rows).toEqual([
    expect.objectContaining({
      client_id: other,
      quantity: expect.stringMatching(/^0\.010*$/),
      state: 'intended',
    }),
    {
      client_id: stop,
      quantity: expect.stringMatching(/^0\.00640*$/),
      ...{ state: 'working', venue_id: 'v7', reason: 'an exit filled', updated: new Date(WALL_MS + 3_000) },
    },
  ]);
});
