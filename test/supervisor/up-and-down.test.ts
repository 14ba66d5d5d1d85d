import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildIdAt } from '../../src/domain/build.js';
import { keepBuild, orderSwitch, readBuildPointer } from '../../src/home/builds.js';
import { readRestoreOrder, writeRestoreOrder } from '../../src/home/restore-mark.js';
import type { Runtime } from '../../src/home/runtime.js';
import { askSupervisor } from '../../src/home/supervisor-protocol.js';
import { signInMaker } from '../../src/store/access-rows.js';
import { openPool } from '../../src/store/pool.js';
import { consumeSignInToken } from '../../src/store/sign-in-means.js';
import { down, hasEnded } from '../../src/supervisor/desk-end.js';
import { up } from '../../src/supervisor/up.js';
import { until } from '../support/eventually.js';
import { neverForged } from '../support/row-makers.js';
import {
  makeHome,
  processesOf,
  processOf,
  type RunningUp,
  removeHome,
  runningOf,
  runs,
  startUp,
  upOptions,
} from './support/desk-home.js';

describe('a desk that runs', () => {
  const home = makeHome();
  let desk: RunningUp;
  const runtime = (): Runtime => JSON.parse(readFileSync(join(home, 'run', 'runtime.json'), 'utf8'));
  beforeAll(async () => {
    desk = await startUp(home);
  });
  afterAll(async () => {
    await down(home, { hurry: true });
    removeHome(home);
  });

  test('says what it is, where it is and what comes next', () => {
    expect(desk.summary).toMatchObject({
      desk: 'crypto-bot',
      trading: 'paper',
      prices: 'simulated market, seed 7, 60x',
      simulated: true,
      mode: 'HALTED',
    });
    const { next } = desk.summary;
    expect(next).toContainEqual(
      expect.objectContaining({ routine: 'pre-market', atMs: Date.UTC(2026, 0, 6) }),
    );
    expect(next.map(({ atMs }) => atMs)).toEqual(next.map(({ atMs }) => atMs).sort((a, b) => a - b));
    expect(desk.summary.signInUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/);
    expect(desk.summary.passwordFile).toContain(home);
  });

  test('started the trader, and then the others side by side', () => {
    const started = readFileSync(join(home, 'trail'), 'utf8').trim().split('\n');
    expect(started[0]).toBe('trader started');
    expect(started.slice(1).sort()).toEqual(
      ['engine-worker', 'operations-worker', 'web'].map((name) => `${name} started`),
    );
  });

  test('keeps every secret for its owner alone', () => {
    for (const name of ['postgres-password', 'decision-key', 'operator-password', 'metrics-token']) {
      expect(statSync(join(home, 'secrets', name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(home, 'run', 'runtime.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home, 'run', 'runtime.json'), 'utf8')).not.toContain(
      readFileSync(join(home, 'secrets', 'postgres-password'), 'utf8').trim(),
    );
  });

  test('its sign-in link works once', async () => {
    const pool = openPool(runtime());
    const token = desk.summary.signInUrl.split('=')[1] ?? '';
    expect(await consumeSignInToken(pool, signInMaker(home), token, neverForged)).toBe('operator');
    expect(await consumeSignInToken(pool, signInMaker(home), token, neverForged)).toBeNull();
    const settings = await pool.query('select version from settings_version where desk = $1', ['crypto-bot']);
    expect(settings.rows).toEqual([{ version: 1 }]);
    await pool.end();
  });

  test('a second start says who runs and does no harm', async () => {
    const before = await askSupervisor(home, 'processes', {});
    let failed = 0;
    const second = await up({ ...upOptions(home), onStartFailed: () => void failed++ });
    expect(failed).toBe(1);
    expect(second).toMatchObject({ kind: 'already-running', exitCode: 1 });
    expect(second.kind === 'already-running' && second.message).toMatch(
      /crypto-bot already runs .* running\)/,
    );
    expect(await askSupervisor(home, 'processes', {})).toEqual(before);
  });

  test('is found from where sockets have another place: a login over SSH, a cron job', async () => {
    const other = mkdtempSync(join(tmpdir(), 'other-'));
    try {
      vi.stubEnv('XDG_RUNTIME_DIR', other);
      expect(await askSupervisor(home, 'who', {})).toMatchObject({ desk: 'crypto-bot' });
      const second = await up(upOptions(home));
      expect(second.kind === 'already-running' && second.message).toMatch(/crypto-bot already runs/);
      expect(readdirSync(other)).toEqual([]);
      // A copy of the home is not the desk that runs.
      const copy = join(other, 'copy');
      cpSync(join(home, 'run', 'sockets'), join(copy, 'run', 'sockets'));
      await expect(askSupervisor(copy, 'who', {})).rejects.toThrow();
      rmSync(copy, { recursive: true });
    } finally {
      vi.unstubAllEnvs();
      rmSync(other, { recursive: true, force: true });
    }
  });

  test.each(['web', 'trader', 'temporal', 'postgres'])('%s is started again after kill -9', async (name) => {
    const before = await runningOf(home, name);
    process.kill(before.pid, 'SIGKILL');
    const after = await until(`${name} again`, async () => {
      const now = await processOf(home, name);
      return now?.state === 'running' && now.pid !== before.pid ? now : null;
    });
    expect(after.restarts).toBe(before.restarts + 1);
    expect(desk.lines.join('\n')).toContain(`${name} ended unexpectedly (SIGKILL)`);
  });

  test('a role is restarted on request, an unknown one is refused', async () => {
    const before = await runningOf(home, 'web');
    const after = await askSupervisor(home, 'restart', { name: 'web' }, 20_000);
    expect(after).toMatchObject({ state: 'running', restarts: before.restarts + 1 });
    await expect(askSupervisor(home, 'restart', { name: 'nobody' })).rejects.toThrow(/no process nobody/);
  });

  test('a trader that could not start again is not ended: it still cancels and takes a stop', async () => {
    const before = await runningOf(home, 'trader');
    // A folder in its place fails the write for every user, as a full disk does.
    const tried = join(home, 'run', 'write-probe');
    mkdirSync(tried);
    try {
      await expect(askSupervisor(home, 'restart', { name: 'trader' }, 20_000)).rejects.toMatchObject({
        message: expect.stringMatching(/^trader was not ended: .* can't be written/),
        doThis: expect.stringContaining('make room on the disk'),
      });
    } finally {
      rmSync(tried, { recursive: true });
    }
    expect(await runningOf(home, 'trader')).toMatchObject({ pid: before.pid });
  });

  test('a trader is asked to end, has time to, and is started again where it was', async () => {
    const trail = () => readFileSync(join(home, 'trail'), 'utf8').trim().split('\n');
    const [before, known] = [trail().length, runtime()];
    const later = join(home, 'ends-later');
    writeFileSync(later, '');
    const again = askSupervisor(home, 'restart', { name: 'trader' }, 40_000);
    await until('its end', () => trail().length > before);
    rmSync(later);
    await again;
    // Only SIGTERM makes it say so.
    expect(trail().slice(before)).toEqual(['trader ends', 'trader stopped', 'trader started']);
    expect(runtime()).toEqual(known);
  });

  test('is not ended where it could not be started again', async () => {
    const before = await askSupervisor(home, 'processes', {});
    const asked = askSupervisor(home, 'startAgain', { pauseMs: 0 }, 20_000);
    await expect(asked).rejects.toThrow('does not start it again');
    expect(await askSupervisor(home, 'processes', {})).toEqual(before);
  });

  test('a trader that does not answer for ten seconds is killed and comes back', async () => {
    const before = await runningOf(home, 'trader');
    process.kill(before.pid, 'SIGSTOP');
    await until('another trader', async () => {
      const now = await processOf(home, 'trader');
      return now?.state === 'running' && now.pid !== before.pid;
    });
    expect(desk.lines.join('\n')).toMatch(/trader has not answered for \d\d s/);
  });

  test('says when its mode changes, and that it is ACTIVE again', async () => {
    const says = (line: string) => until(line, () => desk.lines.filter((said) => said === line).length === 1);
    const turn = (mode: string): void => writeFileSync(join(home, 'mode'), mode);
    turn('ACTIVE');
    await says('ACTIVE');
    turn('HALTED');
    await says('HALTED. Why: fermata status');
    turn('ACTIVE');
    await says('ACTIVE again');
  });

  test('the log is readable and has no secret in it', () => {
    const log = readFileSync(join(home, 'logs', 'fermata.log'), 'utf8');
    expect(log).toMatch(/^\S+Z web +info +web says hello$/m);
    const lines = readFileSync(join(home, 'logs', 'fermata.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ role: 'web', level: 'info', message: 'web says hello' }),
    );
  });

  test('down ends everything in order and leaves no process', async () => {
    const pids = (await askSupervisor(home, 'processes', {})).map((status) => status.pid ?? 0);
    expect(await down(home)).toEqual({ kind: 'ended' });
    expect(await desk.outcome).toEqual({ kind: 'ended', exitCode: 0 });
    expect(desk.lines.at(-1)).toBe('Ended: nothing of this desk runs any more');
    expect(pids.filter(runs)).toEqual([]);
    expect(processesOf(home)).toEqual([]);
    const stopped = readFileSync(join(home, 'trail'), 'utf8').trim().split('\n').slice(-4);
    expect(stopped).toEqual(
      ['web', 'operations-worker', 'engine-worker', 'trader'].map((name) => `${name} stopped`),
    );
    expect(await down(home)).toEqual({ kind: 'not-running' });
  });
});

test('a restore is ordered only where a good backup was found, and the desk is ended to be started again', async () => {
  const home = makeHome();
  const stale = { key: 'earlier', by: 'ben', backupId: 'then', passedOver: [], outcome: null };
  writeRestoreOrder(home, stale);
  const found: string[] = [];
  const chooseBackup = async () => {
    const backupId = found.shift();
    if (backupId === undefined) throw new Error('there is no good backup of crypto-bot');
    return { backupId, passedOver: [] };
  };
  const again = { check: async () => undefined, starter: process.pid, isOnTrial: false, chooseBackup };
  let free = 1e9;
  const desk = await startUp(home, { again, freeBytes: async () => free });
  // Whoever starts the desk by hand does not have that carried out later.
  expect(readRestoreOrder(home)).toMatchObject({ ...stale, outcome: { restored: false } });
  const order = () => askSupervisor(home, 'restoreDatabase', { key: 'k', by: 'anna' }, 20_000);
  await expect(order()).rejects.toThrow('there is no good backup');
  expect(await runningOf(home, 'trader')).toMatchObject({ restarts: 0 });
  found.push('2026-01-10T00-00-00-000Z');
  // With less it could not be started again.
  free = 255 * 1024 * 1024;
  await expect(order()).rejects.toThrow('only 255 MB are free');
  await expect(askSupervisor(home, 'startAgain', { pauseMs: 0 }, 20_000)).rejects.toThrow('only 255 MB are');
  expect(await runningOf(home, 'trader')).toMatchObject({ restarts: 0 });
  free = 1e9;
  expect(await order()).toEqual({ backupId: '2026-01-10T00-00-00-000Z' });
  expect(await desk.outcome).toEqual({ kind: 'ended', exitCode: 0, againAfterMs: 0 });
  expect(readRestoreOrder(home)).toEqual({
    ...{ key: 'k', by: 'anna', backupId: '2026-01-10T00-00-00-000Z', passedOver: [], outcome: null },
  });
  removeHome(home);
});

test('who asks again while a backup is chosen or a build is looked at takes back nothing of what was ordered meanwhile', async () => {
  const home = makeHome();
  const to = buildIdAt(Date.UTC(2026, 0, 10), 'b'.repeat(40));
  keepBuild(home, {
    id: to,
    commit: 'c',
    version: '1',
    from: '/x',
    updated: [],
    testedMs: 1,
    testsTookMs: 1,
  });
  const held: (() => void)[] = [];
  const hold = () => new Promise<void>((release) => held.push(release));
  const chooseBackup = async () => {
    await hold();
    return { backupId: '2026-01-10T00-00-00-000Z', passedOver: [] };
  };
  let check = async (): Promise<void> => undefined;
  const again = { check: () => check(), starter: process.pid, isOnTrial: false, chooseBackup };
  const desk = await startUp(home, { again });
  const restore = () => askSupervisor(home, 'restoreDatabase', { key: 'k', by: 'anna' }, 20_000);
  const first = restore();
  await until('the first looks for a backup', () => held.length === 1);
  const second = restore();
  await until('both look for a backup', () => held.length === 2);
  check = hold;
  const third = askSupervisor(home, 'switchBuild', { key: 's', by: 'anna', to }, 20_000);
  await until('a third wants another build', () => held.length === 3);
  for (const release of held) release();
  await first;
  await expect(second).rejects.toThrow('the desk is ending already');
  await expect(third).rejects.toThrow('the desk is ending already');
  expect(await desk.outcome).toMatchObject({ againAfterMs: 0 });
  // Not carried out yet: whoever starts the desk again does so.
  expect(readRestoreOrder(home)).toMatchObject({ key: 'k', outcome: null });
  expect(readBuildPointer(home)).toEqual({ build: null, ordered: null });
  removeHome(home);
});

test('a build is switched to only where it is there and tested, by whoever starts the desk again', async () => {
  const home = makeHome();
  const [stale, to] = ['a', 'b'].map((digit) => buildIdAt(Date.UTC(2026, 0, 10), digit.repeat(40)));
  const build = { commit: 'c', version: '1', from: '/x', updated: [], testedMs: 1, testsTookMs: 1 };
  const put = (id = ''): void => keepBuild(home, { id, ...build });
  put(stale);
  orderSwitch(home, { key: 'earlier', by: 'ben', to: stale ?? '', starter: 1 });
  const chooseBackup = () => Promise.reject(new Error('not asked'));
  const again = { check: async () => undefined, starter: process.pid, isOnTrial: false, chooseBackup };
  const desk = await startUp(home, { again });
  // Whoever starts the desk by hand does not have that carried out later.
  expect(readBuildPointer(home).ordered).toMatchObject({ key: 'earlier', outcome: { switched: false } });
  const order = () => askSupervisor(home, 'switchBuild', { key: 'k', by: 'anna', to: to ?? '' }, 20_000);
  await expect(order()).rejects.toThrow(`there is no tested build ${to}`);
  expect(await runningOf(home, 'trader')).toMatchObject({ restarts: 0 });
  put(to);
  expect(await order()).toEqual({ starter: process.pid });
  expect(await desk.outcome).toEqual({ kind: 'ended', exitCode: 0, againAfterMs: 0 });
  expect(readBuildPointer(home)).toEqual({
    ...{ build: null, ordered: { key: 'k', by: 'anna', to, starter: process.pid, outcome: null } },
  });
  // Until then nobody is told that a stop is not needed.
  expect(await hasEnded(home)).toBe(false);
  removeHome(home);
});

test('a port that another program holds is named, and nothing is started', async () => {
  const home = makeHome();
  const holder = createServer();
  const port = await new Promise<number>((resolve) => {
    holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port));
  });
  let failed = 0;
  const options = { ...upOptions(home, { port }), onStartFailed: () => void failed++ };
  await expect(up(options)).rejects.toMatchObject({
    name: 'StartFailure',
    message: `port ${port} on 127.0.0.1 is taken by another program`,
    doThis: expect.stringContaining('--port'),
  });
  // Whoever starts it by itself tries again.
  expect(failed).toBe(1);
  expect(processesOf(home)).toEqual([]);
  holder.close();
  removeHome(home);
});

test('a role that fails at its start ends everything, with its own reason', async () => {
  const home = makeHome();
  const env = { ...process.env, FAIL_ROLE: 'engine-worker' };
  await expect(startUp(home, { env })).rejects.toMatchObject({
    name: 'StartFailure',
    message: 'engine-worker did not start: engine-worker was told to fail',
  });
  expect(processesOf(home)).toEqual([]);
  removeHome(home);
});

test('a role that dies at its start is shown with its last words, without the secrets in them', async () => {
  const home = makeHome();
  const env = { ...process.env, DIE_ROLE: 'trader' };
  const failure = await startUp(home, { env }).catch((error: Error) => error);
  expect((failure as Error).message).toMatch(/exit code 3; the last it said:[\s\S]*last words/);
  const log = readFileSync(join(home, 'logs', 'fermata.log'), 'utf8');
  expect(log + (failure as Error).message).not.toContain('hunter2hunter2');
  removeHome(home);
});
