/** A desk that runs its Gateway (the simulated one, as the program that the environment names), from the command on. */
import { afterAll, expect, it } from 'vitest';
import { freePort } from '../../src/supervisor/free-port.js';
import { runs } from '../supervisor/support/desk-home.js';
import { deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const port = await freePort();
/** The simulated account is a paper one, DU…: whatever answered at that port, this desk would trade no real one there. */
const desk = deskUnderTest('slob', {
  IBKR_GATEWAY: `127.0.0.1:${port}`,
  IBKR_GATEWAY_PROGRAM: process.execPath,
  IBKR_GATEWAY_ARGS: `--import "${import.meta.resolve('tsx')}" "${repository}/simulators/run.ts" ibkr --port ${port} --walk-ms 500`,
});
afterAll(() => desk.dispose());

const without = (pids: ReadonlyMap<string, number>) => ({ ...Object.fromEntries(pids), gateway: 0 });

it('starts with it, reads the account anew once it was killed and is back, and ends it', async () => {
  const screen = await desk.up('--desk', 'slob');
  expect(screen).toMatchObject({
    account: { name: 'Interactive Brokers testnet' },
    prices: 'live: ibkr testnet public quotes',
  });
  await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE');
  const before = desk.pids();

  const killedMs = Date.now();
  process.kill(await desk.pidOf('gateway'), 'SIGKILL');
  // Where its market is open, the trader's own rules halt it meanwhile, and lift that again.
  await until('the account read again, and ACTIVE', async () => {
    const { mode, marketData, reconciliation } = await desk.status();
    const { state, atWallMs } = reconciliation;
    const isRead = state === 'clean' && (atWallMs ?? 0) > killedMs;
    return isRead && marketData.state === 'up' && mode === 'ACTIVE';
  });
  // Nothing but the Gateway was started again.
  expect(without(desk.pids())).toEqual(without(before));
  expect(desk.pids().get('gateway')).not.toBe(before.get('gateway'));
  await until('people are told', async () =>
    (await desk.ask('incidents', '--all')).stdout.includes('gateway ended unexpectedly'),
  );

  const { stdout } = await desk.ask('restart', 'gateway');
  expect(stdout).toBe(`✓ gateway was started again (process ${desk.pids().get('gateway')})\n`);
  expect((await desk.ask('monitor')).stdout).toMatch(
    /^ {2}gateway +running, .* process \d+, started again 2 times$/m,
  );

  const pid = await desk.pidOf('gateway');
  expect((await desk.ask('down')).code).toBe(0);
  expect(runs(pid)).toBe(false);
});
