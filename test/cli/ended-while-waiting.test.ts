import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { unlessEnded } from '../../src/cli/running-desk.js';
import { validationId } from '../../src/contracts/queues.js';
import { homePaths } from '../../src/home/runtime.js';
import { supervisorSocketPath } from '../../src/home/supervisor-protocol.js';
import { openSupervisorSocket } from '../../src/supervisor/supervisor-socket.js';
import { openTemporal } from '../../src/temporal/open-temporal.js';
import { until } from '../support/eventually.js';
import { sharedTemporal } from '../support/temporal.js';
import { runCommand } from './run-command.js';
import { CRYPTO_DESK, writeRuntime } from './trader-double.js';

it('waits no longer for a desk that has ended, and says what is certain', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fermata-ended-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(homePaths(home).run);
  const runtime = { home, desk: 'crypto-bot' };
  await expect(unlessEnded(runtime, new Promise(() => {}))).rejects.toMatchObject({
    message: 'desk crypto-bot ended before it answered',
    doThis: expect.stringContaining('fermata up'),
  });
  await expect(unlessEnded(runtime, Promise.resolve('proven'))).resolves.toBe('proven');
});

it('says of a process that was started again that it does not have what was written into .env since', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-restarted-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { home, desk } = writeRuntime(join(folder, 'home'));
  const other = () => {
    throw new Error('asked for nothing else');
  };
  const startedWallMs = Date.now() - 60_000;
  const asked: string[] = [];
  const socket = await openSupervisorSocket(supervisorSocketPath(home), {
    who: () => ({ pid: process.pid, desk, startedWallMs, phase: 'running' }),
    restart: async ({ name }) => {
      asked.push(name);
      return { name, state: 'running', pid: 7, restarts: 0, startedWallMs };
    },
    ...{ processes: other, stop: other, startAgain: other, restoreDatabase: other, switchBuild: other },
  });
  onTestFinished(() => socket.close());
  const restart = () => runCommand(folder, ['restart', 'trader']);
  expect(await restart()).toEqual({ code: 0, out: '✓ trader was started again (process 7)\n', err: '' });
  expect(asked).toEqual(['trader']);
  const file = join(folder, '.env');
  writeFileSync(file, 'BINANCE_API_KEY=new\n');
  expect((await restart()).err).toMatch(
    /^! \.env was changed .* trader has what stood .*: fermata restart --all/,
  );
  utimesSync(file, 0, (startedWallMs - 1) / 1_000);
  expect((await restart()).err).toBe('');
});

it('says of a trader that ended too often that a person has to start it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-down-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { home } = writeRuntime(join(folder, 'home'));
  const trader = { name: 'trader', pid: null, restarts: 5 };
  let state: 'down' | 'restarting' = 'down';
  const socket = await openSupervisorSocket(supervisorSocketPath(home), {
    processes: () => [{ ...trader, state }],
  } as never);
  onTestFinished(() => socket.close());
  const status = () => runCommand(folder, ['status']);
  expect((await status()).err).toMatch(/stays down\)[\s\S]*once that is put right: fermata restart trader/);
  state = 'restarting';
  expect((await status()).err).toContain('wait a few seconds where it is being restarted');
});

it('waits no longer for a validation where the desk has ended: it goes on with the next start, and the command says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-validating-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { kind, address, namespace, uiAddress } = await sharedTemporal();
  const desk = `t-${randomBytes(4).toString('hex')}`;
  const file = join(folder, 'desk.yaml');
  writeFileSync(file, readFileSync(CRYPTO_DESK, 'utf8').replace(/^desk: .*$/m, `desk: ${desk}`));
  const runtime = {
    ...writeRuntime(join(folder, 'home'), file, desk),
    temporal: { kind, address, namespace, uiAddress },
  };
  const { home } = runtime;
  writeFileSync(join(homePaths(home).run, 'runtime.json'), JSON.stringify(runtime));
  const other = () => {
    throw new Error('asked for nothing else');
  };
  const socket = await openSupervisorSocket(supervisorSocketPath(home), {
    who: () => ({ pid: process.pid, desk, startedWallMs: 0, phase: 'running' }),
    ...{ processes: other, stop: other, restart: other, startAgain: other },
    ...{ restoreDatabase: other, switchBuild: other },
  });
  const temporal = openTemporal({ home, temporal: runtime.temporal });
  onTestFinished(() => temporal.close());
  const running = runCommand(folder, [
    ...['validate', '--desk', file, '--market', 'simulated', '--duration', '1h', '--id', 'v1'],
  ]);
  const run = temporal.client.workflow.getHandle(validationId(desk, 'v1'));
  await until('the run', () =>
    run.describe().then(
      () => true,
      () => false,
    ),
  );
  await socket.close();
  rmSync(homePaths(home).sockets, { recursive: true, force: true });
  const { code, err } = await running;
  expect(err).toContain(`desk ${desk} ended before validation v1 had its report`);
  expect(err).toMatch(/^ {2}do this: {3}fermata up --desk \S+; the same command with --id v1 waits/m);
  expect(code).toBe(1);
  expect((await run.describe()).status.name).toBe('RUNNING');
  await run.terminate();
});

it('runs no routine on a desk that is ending, and says so at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-ending-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { home, desk } = writeRuntime(join(folder, 'home'));
  const asked: string[] = [];
  const other = () => {
    throw new Error('asked for nothing else');
  };
  const socket = await openSupervisorSocket(supervisorSocketPath(home), {
    who: () => {
      asked.push('who');
      return { pid: process.pid, desk, startedWallMs: 0, phase: 'stopping' };
    },
    ...{ processes: other, stop: other, restart: other, startAgain: other },
    ...{ restoreDatabase: other, switchBuild: other },
  });
  onTestFinished(() => socket.close());
  const { code, err } = await runCommand(folder, ['run', 'pre-market']);
  expect(err).toContain('desk crypto-bot is ending');
  expect(err).toContain('routine pre-market was not run');
  expect(err).toMatch(/^ {2}do this: {3}once it runs again \(fermata up\): fermata schedules$/m);
  expect(code).toBe(1);
  expect(asked).toEqual(['who']);
});
