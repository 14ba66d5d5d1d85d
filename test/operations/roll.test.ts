/** People are asked to roll a future: by a person, and by the desk itself once its roll day has come. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/activities/operations/create-operations-activities.js';
import { CHECKS } from '../../src/checks/registry.js';
import type { ContractStatus } from '../../src/contracts/trader-status.js';
import { monthKey } from '../../src/domain/settings-change.js';
import type { Caller, OperationContext } from '../../src/operations/operation.js';
import type { Operations } from '../../src/operations/operations.js';
import { askForDueRolls } from '../../src/worker/asked-of-people.js';
import { position } from '../incidents/incident-bench.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { openOperations } from './support/open-operations.js';

let bench: Bench;
const opened: (() => Promise<void>)[] = [];
beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await Promise.all(opened.map((close) => close()));
  await bench?.close();
});

const OTTO: Caller = { person: 'otto', via: 'web' };
const NASDAQ: ContractStatus = {
  ...{
    symbol: 'NQ/USD',
    month: '202612',
    lastTradeDay: '2026-12-18',
    daysLeft: 4,
    noticeDay: null,
    rollDay: '2026-12-14',
  },
  ...{
    phase: 'trading',
    next: '202703',
    choices: ['202612', '202703', '202706', '202709'],
    leftBeforeEnd: true,
  },
  atVenue: {
    traded: { name: 'NQZ6', month: '202612', lastTradeDay: '2026-12-18' },
    following: { name: 'NQH7', month: '202703', lastTradeDay: '2027-03-19' },
  },
};

async function nasdaq(
  contract: Partial<ContractStatus> = {},
): Promise<{ desk: BenchDesk; operations: Operations; context: OperationContext }> {
  const desk = await bench.desk({ serve: ['engine', 'operations'] });
  desk.trader.contracts = [{ ...NASDAQ, ...contract }];
  const people = [
    { name: 'otto', roles: ['operator' as const] },
    { name: 'anna', roles: ['approver' as const] },
  ];
  const { operations, temporal, context } = openOperations(bench, desk, { people });
  opened.push(() => temporal.close());
  return { desk, operations, context };
}

const roll = (operations: Operations, wish: { symbol?: string; to?: string } = {}) =>
  operations.rollContract(OTTO, { reason: 'the December contract ends', ...wish });

const asked = (operations: Operations) =>
  until('the question', async () => {
    const found = (await operations.listApprovals()).filter(
      ({ parameters }) => monthKey('NQ/USD') in parameters,
    );
    return found.length > 0 ? found : null;
  });

describe('a roll', () => {
  it('is asked for with both months, for the next one where none is named', async () => {
    const { operations } = await nasdaq();
    expect(await roll(operations)).toMatchObject({
      state: 'waiting',
      detail: expect.stringContaining('NQ/USD 202612 → 202703 waits for approval'),
      changes: [{ key: monthKey('NQ/USD'), from: '202612', to: '202703' }],
    });
    expect(await asked(operations)).toMatchObject([
      { state: 'open', parameters: { [monthKey('NQ/USD')]: '"202612" → "202703"' } },
    ]);
  });

  it('to another month than those ahead, or of what is not rolled, asks nobody and names what there is', async () => {
    const { desk, operations } = await nasdaq();
    expect(await roll(operations, { to: '202701' })).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('to: expected one of the months 202612, 202703, 202706, 202709'),
    });
    expect(await roll(operations, { symbol: 'ES/USD' })).toMatchObject({
      state: 'refused',
      detail: expect.stringContaining('symbol: expected one of NQ/USD, found ES/USD.'),
    });
    desk.trader.contracts = [];
    expect(await roll(operations)).toMatchObject({
      state: 'refused',
      doThis: expect.stringContaining('instruments[].roll'),
    });
    expect(await operations.listApprovals()).toEqual([]);
  });

  it('asks nobody while the old contract is held, and says what to close', async () => {
    const { desk, operations } = await nasdaq();
    desk.trader.held = [position('NQ/USD')];
    expect(await roll(operations)).toMatchObject({
      state: 'refused',
      detail: 'A position in NQ/USD is open, and it is of the old contract.',
      doThis: expect.stringContaining('Close it first (fermata position close NQ/USD)'),
    });
    expect(await operations.listApprovals()).toEqual([]);
  });
});

describe('the roll day', () => {
  it('has people asked once, and nobody before it', async () => {
    const { desk, operations, context } = await nasdaq();
    await askForDueRolls(context);
    expect(await operations.listApprovals()).toEqual([]);
    desk.trader.contracts = [{ ...NASDAQ, phase: 'due' }];
    await askForDueRolls(context);
    const [question] = await asked(operations);
    expect(question).toMatchObject({
      state: 'open',
      title: expect.stringContaining('its roll day was 2026-12-14'),
    });
    await askForDueRolls(context);
    expect(await asked(operations)).toHaveLength(1);
    const later = { ...context, nowMs: () => Date.now() + 21 * 3_600_000 };
    await askForDueRolls(later);
    // The first question is still open.
    expect(await asked(operations)).toHaveLength(1);
  });

  it('waits for the answer to another change of the settings, and leaves no record of each time it looked', async () => {
    const { desk, operations, context } = await nasdaq({ phase: 'due' });
    const key = 'risk.maxDrawdownPct';
    const now = (await operations.readSettings()).settings.find((one) => one.key === key);
    const values = { [key]: Number(now?.value) + 1 };
    expect(await operations.changeSettings(OTTO, { values, reason: 'a wider one' })).toMatchObject({
      state: 'waiting',
    });
    await until('that question', async () => ((await operations.listApprovals()).length > 0 ? true : null));
    for (const _time of [1, 2]) await askForDueRolls(context);
    const written = await bench.database.pool.query(
      "select 1 from audit where desk = $1 and person = 'fermata'",
      [desk.name],
    );
    expect(written.rowCount).toBe(0);
  });

  it('of a month that the desk file names asks nobody; as it nears its end people are told what to write', async () => {
    const fixed = { rollDay: null, choices: [] };
    const { desk, operations, context } = await nasdaq(fixed);
    await askForDueRolls(context);
    desk.trader.contracts = [{ ...NASDAQ, ...fixed, phase: 'leaving' }];
    await askForDueRolls(context);
    await askForDueRolls(context);
    expect(await operations.listApprovals()).toEqual([]);
    const { rows } = await bench.database.pool.query('select title, body from notice where desk = $1', [
      desk.name,
    ]);
    expect(rows).toMatchObject([
      {
        title: 'NQ/USD 202612 ends: 2026-12-18',
        body: expect.stringContaining('write the next month in the desk file (contractMonth of NQ/USD)'),
      },
    ]);
  });

  it.each([
    ['trading', 2],
    ['ended', 0],
  ] as const)(
    'of a month without a rule wakes people before its end: nobody but them leaves it (%s)',
    async (phase, daysLeft) => {
      const unruled = { rollDay: null, choices: [], leftBeforeEnd: false };
      const { desk, context } = await nasdaq({ ...unruled, daysLeft: 3 });
      const told = async () =>
        (await bench.database.pool.query('select title, body from notice where desk = $1', [desk.name])).rows;
      await askForDueRolls(context);
      expect(await told()).toEqual([]);
      desk.trader.contracts = [{ ...NASDAQ, ...unruled, phase, daysLeft }];
      await askForDueRolls(context);
      await askForDueRolls(context);
      const [notice, ...more] = await told();
      expect(more).toEqual([]);
      expect(notice?.body).toContain('it goes on entering, and nobody but a person closes what it holds');
      expect(notice?.body).not.toContain('is closed while it may close');
    },
  );

  it('of the front month wakes nobody: it changes by itself', async () => {
    const front = { month: null, rollDay: null, choices: [], leftBeforeEnd: false };
    const { desk, context } = await nasdaq({ ...front, phase: 'ended', daysLeft: 0 });
    await askForDueRolls(context);
    const { rows } = await bench.database.pool.query('select 1 from notice where desk = $1', [desk.name]);
    expect(rows).toEqual([]);
  });

  it.each(['leaving', 'ended'] as const)('without an answer wakes people once as it is %s', async (phase) => {
    const { desk, context } = await nasdaq({ phase });
    await askForDueRolls(context);
    await askForDueRolls(context);
    const { rows } = await bench.database.pool.query(
      'select severity, body from notice where desk = $1 and fingerprint = $2',
      [desk.name, `contract-ends:NQ/USD:202612:${phase}`],
    );
    expect(rows).toMatchObject([
      { severity: 'critical', body: expect.stringContaining('fermata roll NQ/USD') },
    ]);
  });

  it.each([
    [{ phase: 'trading', rollDay: '2999-12-14' }, 'pass'],
    [{ phase: 'trading', rollDay: '2000-01-01' }, 'warn'],
    [{ phase: 'due' }, 'fail'],
    [{ phase: 'leaving' }, 'fail'],
    [{ phase: 'rolled' }, 'fail'],
    [{ rollDay: '2999-12-14', lastTradeDay: '2026-12-19' }, 'fail'],
    [{ rollDay: null, lastTradeDay: null }, 'pass'],
    [{ rollDay: null, noticeDay: '2026-03-05' }, 'warn'],
  ] as const)('and what the check says of %o: %s', async (contract, verdict) => {
    const { desk } = await nasdaq(contract);
    const context = { trader: desk.trader.client } as never;
    expect(await runCheck(CHECKS, context, { check: 'roll-due', with: {} })).toMatchObject({ verdict });
  });
});
