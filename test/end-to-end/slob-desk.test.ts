/** The shipped desk of the SLOB runbook at a simulated IB Gateway, from the command on. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type IbkrSimulator, startIbkrSimulator } from '../../simulators/ibkr/start.js';
import { deskUnderTest, until } from '../support/desk-under-test.js';

const desk = deskUnderTest('slob');
let simulator: IbkrSimulator;
beforeAll(async () => {
  simulator = await startIbkrSimulator({ accounts: [{ id: 'DU1234567', cash: '100000.00' }], walkMs: 500 });
});
afterAll(async () => {
  await desk.dispose();
  await simulator?.close();
});

async function shown<T>(...args: string[]): Promise<T> {
  const { stdout, stderr } = await desk.run(...args, '--json');
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
  }
}

it('trades the broker’s paper account without a go-live, and does what its runbook says', async () => {
  const screen = await desk.up('--desk', 'slob', '--simulated-venue', simulator.address);
  expect(screen).toMatchObject({
    trading: 'paper',
    account: { name: 'Interactive Brokers simulator' },
    prices: 'live: ibkr simulator public quotes',
  });
  const active = await until('ACTIVE', async () => {
    const now = await desk.status();
    return now.mode === 'ACTIVE' ? now : null;
  });
  expect(active).toMatchObject({ cash: '100000.00', goLive: { required: false } });

  type Step = { readonly key: string; readonly verdict: string };
  const { steps } = await shown<{ readonly steps: readonly Step[] }>('run', 'pre-market');
  const verdicts = Object.fromEntries(steps.map(({ key, verdict }) => [key, verdict]));
  expect(verdicts).toMatchObject({
    ...{ venue: 'pass', data: 'pass', database: 'pass', drawdown: 'pass' },
    risk: 'pass',
  });
  // None was taken yet: nothing was looked at.
  expect(verdicts.backup).toBe('not_run');

  const schedules = JSON.stringify(await shown('schedules'));
  for (const routine of ['morning', 'quick-check', 'hourly-review', 'close', 'friday', 'monthly', 'backup'])
    expect(schedules).toContain(`"${routine}"`);
  expect(await shown('preflight', '--desk', 'slob')).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${simulator.address}`,
    verdict: 'warn',
  });
  expect(await shown('connection', 'test', '--desk', 'slob')).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${simulator.address}`,
    parts: [
      { title: 'session', observed: 'established' },
      { title: 'market data', verdict: 'pass' },
      { title: 'account balance', observed: expect.stringMatching(/^\d+\.\d\d USD$/) },
    ],
    verdict: 'pass',
  });
  expect(await shown('backup')).toMatchObject({ proven: true });
});
