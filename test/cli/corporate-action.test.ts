/** `fermata corporate-action` as a person types it, against a trader that answers from a table. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ControlRefusal } from '../../src/trader/control/control-refusal.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { commandsInOneProcess } from './run-command.js';
import {
  type Answers,
  CRYPTO_DESK,
  startTraderDouble,
  type TraderDouble,
  writeRuntimeWith,
} from './trader-double.js';

const runCommand = commandsInOneProcess();

const TAKEN = { commandId: 'x', ok: true, haltId: null, mode: 'ACTIVE' };
const SPLIT_TAKEN = {
  ...TAKEN,
  detail: 'AAPL/USD is split 4:1: 400 AAPL are held now, and the stop follows',
};
const NONE_TAKEN = { ...TAKEN, detail: 'the venue is read again' };

let folder: string;
let desk: string;
let desks = 0;
let trader: TraderDouble;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function start(answers: Answers): Promise<void> {
  const runtime = await writeRuntimeWith(database, join(folder, 'home'), CRYPTO_DESK, desk);
  trader = await startTraderDouble(runtime, answers);
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-action-'));
  desks += 1;
  desk = `stocks-${desks}`;
  await start({ corporateAction: () => SPLIT_TAKEN, noSplit: () => NONE_TAKEN });
});
afterEach(async () => {
  await trader.close();
  rmSync(folder, { recursive: true, force: true });
});

const act = (...args: string[]) => runCommand(folder, ['corporate-action', ...args]);
const asked = () =>
  trader.asked
    .filter(({ method }) => method !== 'status')
    .map(({ method, params }) => ({ method, ...params }));
const audited = () => readAudit(database.pool, desk);

/** With the password that the first start makes for the operator. */
async function signIn(): Promise<void> {
  const file = join(folder, 'home', 'secrets', 'operator-password');
  expect(await runCommand(folder, ['login', 'operator', '--password-file', file])).toMatchObject({ code: 0 });
}

describe('a split or a dividend of a stock', () => {
  it('goes to the trader with the person and the reason, a split in its lowest terms, and is on record', async () => {
    await signIn();
    const { code, out } = await act('split', 'AAPL/USD', '8:2', '--reason', 'effective Monday');
    expect(out).toMatch(/^✓ corporate-action: proven \(AAPL\/USD is split 4:1: 400 AAPL are held now/);
    expect(code).toBe(0);
    expect((await act('dividend', 'AAPL/USD', '0.82', '--reason', 'ex-date')).code).toBe(0);
    const none = await act('no-split', 'AAPL/USD', '--reason', 'bought by hand', '--json');
    expect(JSON.parse(none.out)).toMatchObject({ ok: true, proven: true, detail: 'the venue is read again' });
    expect(asked()).toMatchObject([
      {
        ...{ method: 'corporateAction', by: 'operator', reason: 'effective Monday' },
        action: { kind: 'split', symbol: 'AAPL/USD', numerator: 4, denominator: 1 },
      },
      {
        ...{ method: 'corporateAction', reason: 'ex-date' },
        action: { kind: 'dividend', symbol: 'AAPL/USD', perShare: '0.82' },
      },
      { method: 'noSplit', symbol: 'AAPL/USD', by: 'operator', reason: 'bought by hand' },
    ]);
    const by = { person: 'operator', via: 'cli' };
    expect(await audited()).toMatchObject([
      { ...by, action: 'noSplit', parameters: { symbol: 'AAPL/USD', reason: 'bought by hand' } },
      { ...by, action: 'corporateAction', parameters: { kind: 'dividend', what: '0.82' } },
      {
        ...{ ...by, action: 'corporateAction', outcome: SPLIT_TAKEN.detail },
        parameters: { kind: 'split', symbol: 'AAPL/USD', what: '4:1', reason: 'effective Monday' },
      },
    ]);
  });

  const ratio = '<ratio>: expected new shares for old ones, such as 4:1 or 1:10, each from 1 to 1000';
  const perShare = '<per-share>: expected an amount above 0 for each share, such as 0.82';
  const stock = '<symbol>: expected a stock and its currency, such as AAPL/USD';
  it.each([
    [['split', 'AAPL/USD', '4', '--reason', 'x'], ratio],
    [['split', 'AAPL/USD', '4:4', '--reason', 'x'], ratio],
    [['split', 'AAPL/USD', '0:1', '--reason', 'x'], ratio],
    [['split', 'AAPL/USD', '1001:1', '--reason', 'x'], ratio],
    [['split', 'AAPL', '4:1', '--reason', 'x'], stock],
    [['split', 'AAPL/USD', '4:1'], '--reason <text> is missing'],
    [['split', 'AAPL/USD', '--reason', 'x'], '<ratio> is missing'],
    [['dividend', 'AAPL/USD', '0', '--reason', 'x'], perShare],
    [['dividend', 'AAPL/USD', '0,82', '--reason', 'x'], perShare],
    [['dividend', 'AAPL/USD', '10000000000', '--reason', 'x'], perShare],
    [['dividend', 'aapl', '0.82', '--reason', 'x'], stock],
    [['dividend', 'AAPL/USD', '0.82'], '--reason <text> is missing'],
    [['no-split', 'AAPL', '--reason', 'x'], stock],
    [['no-split', 'AAPL/USD'], '--reason <text> is missing'],
  ])('%j exits 2, says what to write and asks the trader nothing', async (args, message) => {
    const { code, err } = await act(...args);
    expect(err).toContain(message);
    expect(err).toMatch(/kept safe: nothing was started or changed/);
    expect(err).toContain('fermata help corporate-action');
    expect(code).toBe(2);
    expect(asked()).toEqual([]);
    expect(await audited()).toEqual([]);
  });

  it('takes a person who is signed in', async () => {
    const { code, err } = await act('split', 'AAPL/USD', '4:1', '--reason', 'x');
    expect(err).toContain('nobody is signed in');
    expect(code).toBe(1);
    expect(asked()).toEqual([]);
    expect(await audited()).toEqual([]);
  });

  it.each([
    [
      ['split', 'AAPL/USD', '4:1'],
      'AAPL/USD is traded now: its market is open, and the desk is ACTIVE',
      'give it while the market is closed',
    ],
    [['dividend', 'MSFT/USD', '0.82'], 'MSFT/USD is no stock of this desk', 'name one of: AAPL/USD'],
    [['no-split', 'AAPL/USD'], 'nothing of AAPL/USD looks like a split', 'nothing has to be said'],
  ])('that the trader refuses exits 1 with its reason and what to do: %j', async (args, message, doThis) => {
    await trader.close();
    const refuse = () => {
      throw new ControlRefusal({ code: 'refused', message, keptSafe: 'The desk stays as it is.', doThis });
    };
    await start({ corporateAction: refuse, noSplit: refuse });
    await signIn();
    const { code, out } = await act(...args, '--reason', 'x');
    const detail = `Nothing was changed: ${message}.`;
    expect(out).toContain(`✗ corporate-action: not done: ${message}.\n  kept safe: nothing was changed\n`);
    expect(out).toContain(`do this:   ${doThis}`);
    expect(code).toBe(1);
    expect(await audited()).toMatchObject([{ outcome: `${detail} To do: ${doThis}` }]);
  });
});
