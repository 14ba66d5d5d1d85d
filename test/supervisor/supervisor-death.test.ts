import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { askSupervisor, type ProcessStatus } from '../../src/home/supervisor-protocol.js';
import { down } from '../../src/supervisor/desk-end.js';
import { ROLE_TIMES } from '../../src/supervisor/roles.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import {
  makeHome,
  processesOf,
  ROLE_DOUBLE,
  RUN_UP,
  removeHome,
  runningOf,
  runs,
  startUp,
} from './support/desk-home.js';

/** One for all tests: its database is created once. */
const home = makeHome();
let supervisor: ChildProcess;
let said: { kind: string; text?: string }[];

beforeEach(async () => {
  said = [];
  supervisor = spawn(process.execPath, [RUN_UP, home, ROLE_DOUBLE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  endChildWithThisProcess(supervisor);
  createInterface({ input: supervisor.stdout! }).on('line', (line) => said.push(JSON.parse(line)));
  await until('the desk', () => said.some(({ kind }) => kind === 'ready'));
});
afterEach(async () => {
  await down(home, { hurry: true });
  supervisor.kill('SIGKILL');
});
afterAll(() => removeHome(home));

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
const pidsOf = (all: readonly ProcessStatus[]): number[] => all.map((status) => status.pid ?? 0);

test('what a killed supervisor left is ended before anything is started again', async () => {
  const left = pidsOf(await askSupervisor(home, 'processes', {}));
  supervisor.kill('SIGKILL');
  await until('its death', () => ended(supervisor));
  expect(left.filter(runs)).toEqual(left);
  const next = await startUp(home);
  expect(left.filter(runs)).toEqual([]);
  // Roles are started side by side: which of them was the last one is chance.
  expect(next.lines[0]).toMatch(
    /^Ended what an earlier start had left: ((web|operations-worker|engine-worker), ){3}trader, (temporal|temporal-relay|postgres), /,
  );
  await down(home);
  expect(await next.outcome).toMatchObject({ kind: 'ended' });
  expect(processesOf(home)).toEqual([]);
});

test('a child that does not end when asked is killed after a while', async () => {
  const trader = await runningOf(home, 'trader');
  process.kill(trader.pid, 'SIGSTOP');
  supervisor.kill('SIGKILL');
  await until('its death', () => ended(supervisor));
  await startUp(home);
  expect(runs(trader.pid)).toBe(false);
});

test('Ctrl-C ends everything in order; the terminal reaches nobody else', async () => {
  const pids = pidsOf(await askSupervisor(home, 'processes', {}));
  supervisor.kill('SIGINT');
  await until('the end', () => ended(supervisor));
  expect(supervisor.exitCode).toBe(0);
  expect(pids.filter(runs)).toEqual([]);
  expect(processesOf(home)).toEqual([]);
  expect(existsSync(homePaths(home).sockets)).toBe(false);
  // What it has said is read after it has ended.
  await expect.poll(() => said.at(-1)).toEqual({ kind: 'ended', exitCode: 0 });
});

test('a second Ctrl-C is in a hurry: what does not end is killed', async () => {
  process.kill((await runningOf(home, 'operations-worker')).pid, 'SIGSTOP');
  supervisor.kill('SIGINT');
  await until('the order', () => said.some(({ text }) => text?.startsWith('Ending in order')));
  const begun = performance.now();
  supervisor.kill('SIGINT');
  await until('the end', () => ended(supervisor));
  // Unhurried, it has so long to end before it is killed.
  expect(performance.now() - begun).toBeLessThan(ROLE_TIMES['operations-worker'].stopMs);
  expect(processesOf(home)).toEqual([]);
});

test('Ctrl-C while it is starting ends what was started', async () => {
  await down(home);
  const env = { ...process.env, SLOW_ROLE: 'engine-worker' };
  const slow = spawn(process.execPath, [RUN_UP, home, ROLE_DOUBLE], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  endChildWithThisProcess(slow);
  let starting = false;
  createInterface({ input: slow.stdout! }).on('line', (line) => {
    starting ||= line.includes('Starting engine-worker');
  });
  await until('the start of a role', () => starting);
  slow.kill('SIGINT');
  await until('the end', () => ended(slow));
  expect(slow.exitCode).toBe(0);
  expect(processesOf(home)).toEqual([]);
});
