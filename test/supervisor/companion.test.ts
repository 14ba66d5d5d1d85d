/** The program between a desk and its venue, which a script starts as people's scripts do. */

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { startIbkrSimulator } from '../../simulators/ibkr/start.js';
import type { LoadedDesk } from '../../src/desk/load.js';
import { homeOf } from '../../src/home/installation.js';
import { homePaths } from '../../src/home/runtime.js';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { down } from '../../src/supervisor/desk-end.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { endLeftChildren, openChildrenFile } from '../../src/supervisor/process-table.js';
import type { Progress } from '../../src/supervisor/up-options.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import { until } from '../support/eventually.js';
import {
  MARKET,
  makeHome,
  processesOf,
  processOf,
  ROLE_DOUBLE,
  RUN_UP,
  removeHome,
  runningOf,
  startUp,
} from './support/desk-home.js';

const GATEWAY_DOUBLE = fileURLToPath(new URL('support/gateway-double.mjs', import.meta.url));
const SECRETS = { TELEGRAM_BOT_TOKEN: '12345678:of-the-bot', BINANCE_API_KEY: 'key-of-an-account' };
const GIVEN = ['PATH', 'HOME', 'LANG', 'DISPLAY', 'XAUTHORITY', 'JAVA_HOME', 'TZ'];

/** One for all tests: its database is created once. */
const installation = makeHome();
const home = homeOf(installation, 'slob');
const second = homeOf(installation, 'second');
let port: number;
let script: string;
beforeEach(async () => {
  port = await freePort();
  script = join(home, 'start gateway.sh');
  writeScript(
    'echo "signing in with password=hunter2hunter2"',
    `printf '\\033[31m%s\\033[0m\\n' "in $PWD"`,
    `${process.execPath} ${GATEWAY_DOUBLE} "$@" &`,
    'wait',
  );
});
afterEach(async () => {
  for (const one of [second, home]) await down(one, { hurry: true });
  const left = gateways();
  for (const line of left) process.kill(Number.parseInt(line, 10), 'SIGKILL');
  expect(left).toEqual([]);
});
afterAll(() => {
  for (const one of [second, home]) removeHome(one);
});

const writeScript = (...lines: string[]): void =>
  writeFileSync(script, ['#!/bin/sh', ...lines].join('\n'), { mode: 0o700 });
const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  ...SECRETS,
  IBKR_GATEWAY: `127.0.0.1:${port}`,
  IBKR_GATEWAY_PROGRAM: script,
  IBKR_GATEWAY_ARGS: `--port "${port}"`,
});
const atGateway = () => ({
  loaded: loadDesk('desks/slob/desk.yaml'),
  market: { ...MARKET, kind: 'auto' as const },
  env: environment(),
});
function secondDesk(): LoadedDesk {
  const folder = join(home, 'desks', 'second');
  cpSync('desks/slob', folder, { recursive: true });
  const file = join(folder, 'desk.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^desk: .*$/m, 'desk: second'));
  return loadDesk(file);
}
/** Of those that run. */
const gateways = (): readonly string[] => processesOf(`${GATEWAY_DOUBLE} --port ${port}`);
const log = (of = home): string => readFileSync(join(homePaths(of).logs, 'fermata.log'), 'utf8');

test('it runs before the trader, knows no secret, and comes back alone when it is killed, until the desk ends', async () => {
  const { lines } = await startUp(home, atGateway());
  const order = (text: string): number => log().indexOf(text);
  expect(order('gateway is ready')).toBeGreaterThan(0);
  expect(order('gateway is ready')).toBeLessThan(order('trader is ready'));
  expect(lines).toContain(`gateway is signed in: version 177 of the protocol at 127.0.0.1:${port}`);
  expect(log()).toMatch(/ gateway +info +signing in with password=\[redacted]/);
  expect(log()).toMatch(/ gateway +info +the Gateway listens/);
  // In the folder of the program, which holds no .env of the desk's, and without what colours a terminal.
  expect(log()).toMatch(new RegExp(` gateway +info +in ${home}$`, 'm'));

  const first = await runningOf(home, 'gateway');
  const given = readFileSync(`/proc/${first.pid}/environ`, 'utf8').split('\0').filter(Boolean);
  expect(given.map((one) => one.split('=')[0]).filter((name) => !GIVEN.includes(name ?? ''))).toEqual([]);
  expect(given).toContain(`PATH=${process.env.PATH}`);

  const [before] = gateways();
  process.kill(first.pid, 'SIGKILL');
  await until('signed in again', () => lines.filter((line) => line.includes('is signed in')).length === 2);
  expect(lines.join('\n')).toContain('gateway ended unexpectedly (SIGKILL)\ngateway runs again\n');
  // The script alone was killed: what it had started has ended, too.
  expect(gateways()).toHaveLength(1);
  expect(gateways()).not.toEqual([before]);
  expect(await processOf(home, 'gateway')).toMatchObject({ restarts: 1, lastDeath: { how: 'SIGKILL' } });

  const again = await askSupervisor(home, 'restart', { name: 'gateway' }, 30_000);
  expect(again).toMatchObject({ state: 'running', restarts: 2 });
  // The script runs; what it starts follows.
  await until('the one in its place', () => gateways().length === 1);
  await down(home);
  expect(gateways()).toEqual([]);
  expect(lines.indexOf('Stopping gateway …')).toBeGreaterThan(lines.indexOf('Stopping trader …'));
  expect(log()).not.toContain('was killed');
});

test('desks at one Gateway have one: whoever is left has it started anew, when its desk was killed and when it ended', async () => {
  const supervisor: ChildProcess = spawn(process.execPath, [RUN_UP, home, ROLE_DOUBLE, 'slob'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment(),
  });
  endChildWithThisProcess(supervisor);
  const said: string[] = [];
  createInterface({ input: supervisor.stdout! }).on('line', (line) => said.push(line));
  await until('the desk', () => said.some((line) => line.includes('"kind":"ready"')));
  const first = gateways();
  expect(first).toHaveLength(1);

  const { lines } = await startUp(second, { ...atGateway(), loaded: secondDesk() });
  expect(gateways()).toEqual(first);
  expect(await processOf(second, 'gateway')).toBeNull();
  expect(log(second)).toContain('gateway is another desk’s and is used here');
  expect(lines.join('\n')).toContain('gateway is signed in');

  supervisor.kill('SIGKILL');
  await runningOf(second, 'gateway');
  const ofSecond = await until('the one in its place', () => (gateways().length === 1 ? gateways() : null));
  expect(ofSecond).not.toEqual(first);

  // What else was left of the first desk is ended by its next start, which leaves the Gateway alone.
  const again = await startUp(home, atGateway());
  expect(again.lines[0]).toMatch(/^Ended what an earlier start had left: (?!.*gateway).*trader/);
  expect(gateways()).toEqual(ofSecond);
  await down(second);
  await runningOf(home, 'gateway');
  await until('the one in its place', () => gateways().length === 1);
  expect(gateways()).not.toEqual(ofSecond);
});

test('a desk at the Gateway of another one waits for none that stays down there', async () => {
  writeScript('exit 3');
  const first = await startUp(home, { ...atGateway(), signInMs: 0 });
  await until('it stays down', () => first.lines.some((line) => line.includes('stays down')));
  const { lines } = await startUp(second, { ...atGateway(), loaded: secondDesk(), signInMs: 0 });
  expect(log(second)).toContain('gateway is another desk’s and is used here');
  const telling = () => lines.filter((line) => line.includes('is not signed in yet'));
  await until('the words', () => telling().length > 0);
  expect(telling()).toEqual([
    expect.stringMatching(
      /: it does not run, and the log of the desk that starts it says why\. The desk connects once it answers$/,
    ),
  ]);
  await down(second);

  // It is waited for again as soon as it is started again.
  writeScript('exec sleep 600');
  await askSupervisor(home, 'restart', { name: 'gateway' }, 30_000);
  const said: string[] = [];
  const onProgress = ({ text }: Progress): void => void said.push(text);
  const waits = startUp(second, { ...atGateway(), loaded: secondDesk(), onProgress });
  await until('its wait', () => said.includes('Waiting until gateway is signed in …'));
  expect(await askSupervisor(second, 'who', {})).toMatchObject({ phase: 'signing in' });
  const running = await runningOf(home, 'gateway');
  writeScript(`exec ${process.execPath} ${GATEWAY_DOUBLE} "$@"`);
  process.kill(running.pid, 'SIGKILL');
  await waits;
  expect(said.join('\n')).toContain('gateway is signed in');
  expect(await askSupervisor(second, 'who', {})).toMatchObject({ phase: 'running' });
});

test('the next start of a desk that was killed ends the script and what that has started', async () => {
  const list = join(home, 'left.json');
  const started = spawn(script, ['--port', String(port)], { detached: true, stdio: 'ignore' });
  endChildWithThisProcess(started);
  await openChildrenFile(list).add('gateway', started.pid ?? 0, 'whole group');
  await until('the Gateway', () => gateways().length > 0);
  expect(await endLeftChildren(list)).toEqual(['gateway']);
  expect(gateways()).toEqual([]);
});

test('one that does not end holds up no end that is in a hurry', async () => {
  writeScript('trap "" TERM', 'echo "it stays"', 'while :; do sleep 1; done');
  const { loaded, ...more } = atGateway();
  const { account: _, ...venue } = loaded.desk.venue;
  // No account of the broker's: such a desk does not wait for the sign-in.
  const paper = { ...loaded, desk: { ...loaded.desk, venue, feeds: ['ibkr'] } };
  await startUp(home, { ...more, loaded: paper, signInMs: 0 });
  await until('its trap', () => log().includes('it stays'));
  const beganMs = performance.now();
  await down(home, { hurry: true });
  // It has twenty seconds otherwise.
  expect(performance.now() - beganMs).toBeLessThan(18_000);
  expect(log()).toContain('gateway did not stop in time and was killed');
});

test('one that a person has started is used, and ours is started once that has ended', async () => {
  const theirs = await startIbkrSimulator({ port });
  const { lines } = await startUp(home, atGateway());
  expect(lines.join('\n')).toContain(
    `gateway is not started: a program that no desk here has started answers at 127.0.0.1:${port}; it is used, and not watched. To have it run from here, end it, then: fermata restart gateway`,
  );
  expect(lines.join('\n')).toContain('gateway is signed in');
  const { length } = lines;
  await expect(askSupervisor(home, 'restart', { name: 'gateway' }, 30_000)).rejects.toThrow(
    `answers at 127.0.0.1:${port}`,
  );
  expect(lines.slice(length)).toEqual([expect.stringMatching(/^gateway is not started: a program that no/)]);
  expect([gateways(), await processOf(home, 'gateway')]).toEqual([[], null]);
  await theirs.close();
  expect(await askSupervisor(home, 'restart', { name: 'gateway' }, 30_000)).toMatchObject({
    name: 'gateway',
    state: 'running',
  });
});

test('one in whose place another answers when it is started again comes back by itself once that has ended, told once', async () => {
  const { lines } = await startUp(home, atGateway());
  const { pid } = await runningOf(home, 'gateway');
  // What runs on outside the script's group, as some launchers leave it.
  writeScript('exit 3');
  process.kill(pid, 'SIGKILL');
  await until('its place to be free', () => gateways().length === 0);
  const theirs = await startIbkrSimulator({ port });
  const telling = () => lines.filter((line) => line.includes('gateway is not started'));
  await until('the refusal', () => telling().length > 0);
  writeScript(`exec ${process.execPath} ${GATEWAY_DOUBLE} "$@"`);
  await theirs.close();
  expect((await runningOf(home, 'gateway')).pid).not.toBe(pid);
  expect(telling()).toEqual([
    expect.stringContaining('Once that has ended, it is started from here again within about a minute'),
  ]);
});

test('one that nobody signs in, and one that only ends, keep no desk from its start: it says what it waits for', async () => {
  writeScript('echo no display', 'exec sleep 600');
  const { loaded, ...more } = atGateway();
  const { account: _, ...venue } = loaded.desk.venue;
  const paper = { ...loaded, desk: { ...loaded.desk, venue, feeds: ['ibkr'] } };
  const { lines } = await startUp(home, { ...more, loaded: paper, signInMs: 300 });
  const telling = () =>
    lines.filter((line) =>
      /^gateway is not signed in yet \(connect ECONNREFUSED .*\): it may wait for a person: .* The desk connects once it answers$/.test(
        line,
      ),
    );
  await until('the words', () => telling().length > 0);
  writeScript('exit 3');
  process.kill((await runningOf(home, 'gateway')).pid, 'SIGKILL');
  await until('it stays down', () => lines.some((line) => line.includes('stays down')));
  expect(lines.at(-1)).toBe(
    'gateway ended five times within two minutes and stays down. Nothing reaches the venue without it; protective stops that rest there stay. Its own words say why; once that is put right: fermata restart gateway. Look at: fermata logs',
  );
  // Told once, however long it takes.
  expect(telling()).toHaveLength(1);
  expect(log()).toMatch(/ gateway +info +no display/);
  expect(await processOf(home, 'trader')).toMatchObject({ state: 'running' });
  // What a person starts in its place is used as well as at the start.
  const theirs = await startIbkrSimulator({ port });
  await expect(askSupervisor(home, 'restart', { name: 'gateway' }, 30_000)).rejects.toThrow('it is used');
  await until('the sign-in', () => lines.some((line) => line.includes('gateway is signed in')));
  expect(await processOf(home, 'gateway')).toBeNull();
  await theirs.close();
});

test.each([
  ['a desk with real money waits for the sign-in: it needs the account', 'live', [], /gateway is signed in/],
  ['so does the first start on the broker’s paper account', 'paper', [], /gateway is signed in/],
  ['neither does once the program stays down', 'live', ['exit 3'], /gateway ended five times/],
  [
    'nor if it could not be started: nothing runs that may wait for a person',
    ...(['live', null, /^(?!.*may wait for a person).*gateway is not started: spawn .* ENOENT\. /s] as const),
  ],
] as const)('%s', async (_, mode, lines, before) => {
  if (lines === null) writeFileSync(script, '#!/no/such/interpreter\n');
  else if (lines.length > 0) writeScript(...lines);
  const { loaded, ...more } = atGateway();
  const trail = join(home, 'trail');
  rmSync(trail, { force: true });
  const said: string[] = [];
  const onProgress = ({ text }: Progress): void => void said.push(text);
  const mayTrade = async () => {
    expect(said.join('\n')).toMatch(before);
    throw new Error('the balance is too small');
  };
  const real = { ...loaded, desk: { ...loaded.desk, mode } };
  await expect(startUp(home, { ...more, loaded: real, signInMs: 0, mayTrade, onProgress })).rejects.toThrow(
    'the balance is too small',
  );
  expect(existsSync(trail)).toBe(false);
});
