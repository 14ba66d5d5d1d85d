/** Asking for real money, as the page, the API and the terminal do: nobody is asked while anything stands against it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import type { Runtime } from '../../src/home/runtime.js';
import { operationsOver } from '../../src/operations/open-operations.js';
import { openTemporal } from '../../src/operations/temporal/open-temporal.js';
import { readAudit } from '../../src/store/audit.js';
import { readAttempts } from '../../src/store/go-live-attempts.js';
import type { TraderStatus } from '../../src/trader/protocol.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { scriptedStatus } from '../support/scripted-trader.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';
import { preflightBench } from './support/preflight-bench.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  process.env.BINANCE_API_KEY = TRADING_KEY.apiKey;
  process.env.BINANCE_SECRET_KEY = TRADING_KEY.secret;
});
afterAll(() => database.drop());

interface Situation {
  readonly mode?: Desk['mode'];
  /** Null: the trader does not answer. */
  readonly status?: Partial<TraderStatus> | null;
}

const GRANTED = { required: true, granted: {} } as TraderStatus['goLive'];

async function ask({ mode = 'live', status = {} }: Situation) {
  const bench = await preflightBench();
  const desk = { ...bench.desk, mode, desk: `asked-${randomUUID().slice(0, 8)}` };
  const temporal = openTemporal({
    temporal: { address: '127.0.0.1:1', namespace: 'none' } as never,
    home: null,
  });
  onTestFinished(() => temporal.close());
  const call = async () => {
    if (status === null) throw new Error('nobody listens');
    return { ...scriptedStatus(), ...status };
  };
  const operations = operationsOver({
    runtime: {
      desk: desk.desk,
      home: bench.home,
      deskFile: join(bench.home, 'desk.yaml'),
      simulatedVenue: bench.simulator.address,
    } as Runtime,
    desk,
    trader: { call } as never,
    temporal,
    pool: database.pool,
    decisionKey: () => '',
    newId: randomUUID,
    nowMs: Date.now,
  });
  const started = await operations.startGoLive({ person: 'operator', via: 'web' }, { reason: 'a test' });
  const attempts = await readAttempts(database.pool, desk.desk);
  const entries = await readAudit(database.pool, desk.desk);
  return { started, open: attempts.filter(({ state }) => state === 'open'), entries };
}

it.each<[string, Situation, RegExp]>([
  ['the desk trades paper money', { mode: 'paper' }, /paper money/],
  ['its trader does not answer', { status: null }, /trader does not answer/],
  ['it is live already', { status: { goLive: GRANTED } }, /live already/],
])('is refused where %s', async (_what, situation, words) => {
  const { started, open } = await ask(situation);
  expect(started).toMatchObject({ ok: false, workflowId: null, detail: expect.stringMatching(words) });
  expect(open).toEqual([]);
});

it('is refused with everything that is missing at once, and kept in the audit trail', async () => {
  const { started, open, entries } = await ask({});
  expect(started.ok).toBe(false);
  expect(started.obstacles).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^1 Paper validation returns GO: no validation report/),
      expect.stringMatching(/^7 Telegram notifications: none/),
    ]),
  );
  expect(open).toEqual([]);
  expect(entries[0]).toMatchObject({ action: 'goLive', person: 'operator' });
});
