/** A desk that runs its Gateway (the simulated one, as the program that the environment names), from the command on. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { homePaths } from '../../src/home/runtime.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { runs } from '../supervisor/support/desk-home.js';
import { type DeskUnderTest, deskUnderTest, repository } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { ownPaperAccount } from '../support/paper-account.js';

const desks: DeskUnderTest[] = [];
/** The simulated account is a paper one, DU…: whatever answered at that port, this desk would trade no real one there. */
async function deskAtGateway(cash: string): Promise<DeskUnderTest> {
  const port = await freePort();
  const simulator = `--import "${import.meta.resolve('tsx')}" "${repository}/simulators/run.ts" ibkr --port ${port}`;
  const desk = deskUnderTest('slob', {
    IBKR_GATEWAY: `127.0.0.1:${port}`,
    IBKR_GATEWAY_PROGRAM: process.execPath,
    IBKR_GATEWAY_ARGS: `${simulator} --walk-ms 500 --account ${ownPaperAccount()} --cash ${cash}`,
  });
  desks.push(desk);
  return desk;
}
afterAll(async () => {
  for (const desk of desks) await desk.dispose();
});

const without = (pids: ReadonlyMap<string, number>) => ({ ...Object.fromEntries(pids), gateway: 0 });

it('starts with it, reads the account anew once it was killed and is back, and ends it', async () => {
  const desk = await deskAtGateway('100000.00');
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

it('is looked at before real money once it is signed in, and no trader starts if the account is not as it must be', async () => {
  const desk = await deskAtGateway('1.00');
  const file = join(desk.home, 'live', 'desk.yaml');
  cpSync(dirname(resolveDesk('slob')), dirname(file), { recursive: true });
  const text = parseDocument(readFileSync(file, 'utf8'));
  text.set('mode', 'live');
  text.deleteIn(['venue', 'account']);
  for (const cause of ['startup', 'fault']) text.setIn(['resume', cause], 'person');
  text.set('people', [
    { name: 'operator', roles: ['operator', 'approver'] },
    { name: 'second', roles: ['approver'] },
  ]);
  writeFileSync(file, text.toString());
  await expect(desk.up('--desk', file)).rejects.toThrow(/Sufficient balance: 1\.00 USD/);
  expect(desk.pids().size).toBe(0);
  const log = readFileSync(join(homePaths(desk.home).logs, 'fermata.log'), 'utf8');
  expect(log).toMatch(/gateway is signed in[\s\S]*stopping gateway/);
  expect(log).not.toMatch(/ trader +info/);
});
