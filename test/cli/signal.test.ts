/** `fermata signal` as a person types it, against a trader that answers from a table. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { commandsInOneProcess } from './run-command.js';
import {
  type Answers,
  startTraderDouble,
  type TraderDouble,
  traderStatus,
  writeRuntimeWith,
} from './trader-double.js';

const runCommand = commandsInOneProcess();

const TAKEN = {
  commandId: 'x',
  ok: true,
  detail: 'the signal is recorded: its entry is at the venue',
  haltId: null,
  mode: 'ACTIVE',
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
  folder = mkdtempSync(join(tmpdir(), 'fermata-signal-'));
  await start({
    status: () => traderStatus(),
    signal: () => TAKEN,
    withdrawSignal: () => ({ ...TAKEN, detail: 'the signal is withdrawn' }),
  });
});
afterEach(async () => {
  await trader.close();
  rmSync(folder, { recursive: true, force: true });
});

const signal = (...args: string[]) => runCommand(folder, ['signal', ...args]);
const asked = (of: string) => trader.asked.filter(({ method }) => method === of).map(({ params }) => params);

/** With the password that the first start makes for the operator. */
async function signIn(): Promise<void> {
  const file = join(folder, 'home', 'secrets', 'operator-password');
  expect(await runCommand(folder, ['login', 'operator', '--password-file', file])).toMatchObject({ code: 0 });
}

const NAME = ['--source', 'tv', '--id', '42'];
const PRICES = ['--stop', '60800.00', '--target', '61700', '--target', '62400', '--valid-seconds', '900'];

it('is sent by an operator who is signed in, as it was typed', async () => {
  const nobody = await signal('send', 'buy', 'BTC/USDT', ...NAME, ...PRICES);
  expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('nobody is signed in') });
  await signIn();
  const { code, out } = await signal(
    'send',
    'buy',
    'BTC/USDT',
    ...NAME,
    '--revision',
    '2',
    ...PRICES,
    '--json',
  );
  expect(JSON.parse(out)).toMatchObject({ ok: true, detail: TAKEN.detail });
  expect(code).toBe(0);
  expect(asked('signal')).toMatchObject([
    {
      by: 'operator',
      signal: {
        ...{ source: 'tv', id: '42', revision: 2, symbol: 'BTC/USDT', action: 'buy' },
        ...{ stop: '60800.00', targets: ['61700', '62400'], validSeconds: 900 },
      },
    },
  ]);
});

it('is withdrawn by anybody at once, and listed with how it stands', async () => {
  expect(await signal('withdraw', 'tv', '42')).toMatchObject({ code: 0 });
  expect(asked('withdrawSignal')).toMatchObject([{ source: 'tv', id: '42', by: 'operator' }]);
  const listed = await signal('list');
  expect(listed).toMatchObject({ code: 0, out: 'no signal is known\n' });
});

it.each([
  [['hold', 'BTC/USDT', ...NAME, ...PRICES], '<action>: expected one of buy, sell, close'],
  [
    ['buy', 'BTC/USDT', ...NAME, '--stop', 'low', '--valid-seconds', '9'],
    '--stop: expected an amount above 0',
  ],
  [['buy', 'BTC/USDT', ...NAME], '--valid-seconds <n> is missing'],
])('%j exits 2 and asks the trader nothing', async (args, message) => {
  const { code, err } = await signal('send', ...args);
  expect(err).toContain(message);
  expect(code).toBe(2);
  expect(asked('signal')).toEqual([]);
});
