/** The shipped desk of the SLOB runbook at a simulated IB Gateway, from the command on. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type IbkrSimulator, startIbkrSimulator } from '../../simulators/ibkr/start.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { deskUnderTest, until } from '../support/desk-under-test.js';

const desk = deskUnderTest('slob');
/** As it ships, in a folder whose file can be changed. */
const file = join(desk.home, 'mine', 'slob', 'desk.yaml');
const givenPassword = (password: string): void =>
  writeFileSync(join(desk.home, '.env'), `DASHBOARD_PASSWORD=${password}\n`);
let simulator: IbkrSimulator;
beforeAll(async () => {
  cpSync(dirname(resolveDesk('slob')), dirname(file), { recursive: true });
  givenPassword('before-the-rotation');
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
  const screen = await desk.up('--desk', file, '--simulated-venue', simulator.address);
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
  expect(await shown('preflight', '--desk', file)).toMatchObject({
    endpoint: `Interactive Brokers simulator at ${simulator.address}`,
    verdict: 'warn',
  });
  const ready = await shown<{ readonly readiness: { passed: number; looked: number; readyPct: number } }>(
    'status',
  );
  expect(ready).toMatchObject({
    runbook: { version: '2.0', updated: '2025-12-26' },
    readiness: { verdict: 'warn' },
  });
  const { passed, looked, readyPct } = ready.readiness;
  expect([passed > 0, passed < looked, readyPct]).toEqual([true, true, Math.floor((100 * passed) / looked)]);
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

it('starts the trader again by itself, where it was: at the paper account, and halted', async () => {
  await desk.run('stop', '--reason', 'a person wants it');
  const [before, pids] = [await desk.status(), desk.pids()];
  await shown('restart', 'trader');
  expect(await desk.status()).toMatchObject({ mode: 'HALTED', trading: 'paper', account: before.account });
  expect(desk.pids().get('trader')).not.toBe(pids.get('trader'));
  expect(new Map([...desk.pids(), ['trader', 0]])).toEqual(new Map([...pids, ['trader', 0]]));
});

it('starts everything again, with parameters and secrets as they are then, and looks whether it is well', async () => {
  const again = () =>
    shown<{ healthy?: boolean; error?: { message: string } }>('restart', '--all', '--pause', '2');
  const [before, pids] = [await desk.status(), desk.pids()];
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('mode: paper', 'mode: pap'));
  expect(await again()).toMatchObject({ error: { message: expect.stringContaining('mode') } });
  expect(desk.pids()).toEqual(pids);

  writeFileSync(file, text.replace('consolMinDuration: 5', 'consolMinDuration: 6'));
  givenPassword('after-the-rotation');
  expect(await again()).toMatchObject({ healthy: true, problems: [] });
  const { configHash } = loadDesk(file);
  expect(before.settings.fileConfigHash).not.toBe(configHash);
  expect(await desk.status()).toMatchObject({
    ...{ mode: 'HALTED', trading: 'paper', account: before.account },
    settings: { fileConfigHash: configHash },
  });
  // Nothing ran in between, for as long as was asked for; where nobody says how long, for 30 seconds.
  const log = readFileSync(join(desk.home, 'logs', 'fermata.log'), 'utf8').split('\n');
  const timeOf = (text: string) =>
    Date.parse(log.findLast((line) => line.includes(text))?.slice(0, 24) ?? '');
  expect(timeOf('starting desk slob') - timeOf('everything has ended')).toBeGreaterThanOrEqual(2_000);
  expect((await desk.run('help', 'restart')).stdout).toContain('(default: 30)');
  const ended = new Set(pids.values());
  expect([...desk.pids().values()].filter((pid) => ended.has(pid))).toEqual([]);
  await desk.signIn('operator', 'after-the-rotation');

  // The process that was started first hands a Ctrl-C on, and ends with it.
  expect(await desk.interrupt()).toBe(0);
  expect((await desk.run('status')).code).toBe(1);
});
