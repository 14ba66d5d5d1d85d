/** `fermata cash explain` as a person types it, against a trader that answers from a table. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ControlRefusal } from '../../src/trader/control/control-refusal.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { commandsInOneProcess } from './run-command.js';
import { type Answers, startTraderDouble, type TraderDouble, writeRuntimeWith } from './trader-double.js';

const runCommand = commandsInOneProcess();

const BOOKED = {
  commandId: 'x',
  ok: true,
  detail: 'booked: the venue is read again, then the desk can be resumed',
  haltId: null,
  mode: 'HALTED',
};

let folder: string;
let trader: TraderDouble;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

async function start(answers: Answers): Promise<void> {
  trader = await startTraderDouble(await writeRuntimeWith(database, join(folder, 'home')), answers);
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fermata-cash-'));
  await start({ explainCash: () => BOOKED });
});
afterEach(async () => {
  await trader.close();
  rmSync(folder, { recursive: true, force: true });
});

const explain = (...args: string[]) => runCommand(folder, ['cash', 'explain', ...args]);
const asked = () => trader.asked.filter(({ method }) => method === 'explainCash').map(({ params }) => params);

/** With the password that the first start makes for the operator. */
async function signIn(): Promise<void> {
  const file = join(folder, 'home', 'secrets', 'operator-password');
  expect(await runCommand(folder, ['login', 'operator', '--password-file', file])).toMatchObject({ code: 0 });
}

describe('an explanation of a difference in cash', () => {
  it('goes to the trader with the sign of its kind, the person and the reason', async () => {
    await signIn();
    const { code, out } = await explain('withdrawal', '6000.50', '--reason', 'profits of March taken out');
    expect(out).toMatch(/^✓ cash: proven \(booked: the venue is read again/);
    expect(code).toBe(0);
    await explain('deposit', '10', '--reason', 'x');
    await explain('correction', '0.02', '--reason', 'x');
    await explain('correction', '0.02', '--out', '--reason', 'x');
    expect(asked()).toMatchObject([
      { kind: 'withdrawal', amount: '-6000.50', by: 'operator', reason: 'profits of March taken out' },
      { kind: 'deposit', amount: '10' },
      { kind: 'correction', amount: '0.02' },
      { kind: 'correction', amount: '-0.02' },
    ]);
  });

  it.each([
    [['gift', '10', '--reason', 'x'], '<kind>: expected one of deposit, withdrawal'],
    [['deposit', 'much', '--reason', 'x'], '<amount>: expected an amount above 0, such as 10000; found much'],
    [['deposit', '0', '--reason', 'x'], '<amount>: expected an amount above 0'],
    [['deposit', '1.123456789', '--reason', 'x'], '<amount>: expected an amount above 0'],
    [['deposit', '10'], '--reason <text> is missing'],
    [['deposit', '--reason', 'x'], '<amount> is missing'],
  ])('%j exits 2, says what to write and asks the trader nothing', async (args, message) => {
    const { code, err } = await explain(...args);
    expect(err).toContain(message);
    expect(err).toMatch(/kept safe: nothing was started or changed/);
    expect(err).toContain('fermata help cash');
    expect(code).toBe(2);
    expect(asked()).toEqual([]);
  });

  it('takes a person who is signed in', async () => {
    const { code, err } = await explain('deposit', '10', '--reason', 'x');
    expect(err).toContain('nobody is signed in');
    expect(err).toMatch(/^ {2}do this: {3}fermata login operator$/m);
    expect(code).toBe(1);
    expect(asked()).toEqual([]);
  });

  it('books nothing where cash agrees with the venue, and says so', async () => {
    await trader.close();
    const refusal = {
      code: 'no-difference',
      message: 'cash agrees with the venue',
      keptSafe: 'nothing was changed',
      doThis: 'nothing has to be explained',
    };
    await start({
      explainCash: () => {
        throw new ControlRefusal(refusal);
      },
    });
    await signIn();
    const { code, out } = await explain('deposit', '10', '--reason', 'x');
    expect(out).toMatch(
      /^✗ cash: not done: Nothing was booked: cash agrees with the venue\.\n {2}kept safe: nothing was changed\n {2}do this: {3}nothing has to be explained$/m,
    );
    expect(code).toBe(1);
  });
});
